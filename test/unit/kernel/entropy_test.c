/* kernel/entropy.c with sources that the test breaks in every way known, and
 * its parts against the vectors of FIPS 180-4's examples and RFC 8439 A.1.
 * Failures of a source last, so each scenario runs in a child process. */
#include "kernel/entropy.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "arch/cpu.h"
#include "kernel/base/log.h"
#include "kernel/chacha20.h"
#include "kernel/entropy_health.h"
#include "kernel/sha256.h"

enum behaviour {
    ABSENT,
    GOOD,
    DRY,  /* never has anything */
    SLOW, /* has something every fifth time */
    ZEROS,
    ONES,
    STUCK,      /* the same word again and again */
    STUCK_BYTE, /* one byte of each word never changes, the rest does */
};

static enum behaviour rdseed;
static enum behaviour rdrand;
static bool clock_jitters;
static unsigned warnings;
static unsigned rdseed_calls;
static uint64_t tsc;

static uint64_t random_state = 88172645463325252ULL;

static uint64_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static bool behave(enum behaviour behaviour, unsigned call, uint64_t *value)
{
    *value = random_next();
    switch (behaviour) {
    case GOOD:
        return true;
    case SLOW:
        return call % 5 == 4;
    case ZEROS:
        *value = 0;
        return true;
    case ONES:
        *value = UINT64_MAX;
        return true;
    case STUCK:
        *value = 0x1234567890abcdef;
        return true;
    case STUCK_BYTE:
        *value = (*value & ~0xffULL) | 0x42;
        return true;
    default:
        return false;
    }
}

bool cpu_rdseed(uint64_t *value)
{
    return behave(rdseed, rdseed_calls++, value);
}

bool cpu_rdrand(uint64_t *value)
{
    static unsigned calls;

    return behave(rdrand, calls++, value);
}

struct cpuid cpu_cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid result = {0};

    (void)subleaf;
    if (leaf == 0) {
        result.eax = 7;
    } else if (leaf == 1) {
        result.ecx = rdrand == ABSENT ? 0 : 1U << 30;
    } else if (leaf == 7) {
        result.ebx = rdseed == ABSENT ? 0 : 1U << 18;
    }
    return result;
}

uint64_t cpu_rdtsc(void)
{
    tsc += clock_jitters ? 100 + random_next() % 16 : 100;
    return tsc;
}

uint64_t cpu_rdtsc_ordered(void)
{
    return cpu_rdtsc();
}

void cpu_pause(void)
{
}

void log_at(enum log_level level, const char *format, ...)
{
    (void)format;
    warnings += level == LOG_WARN;
}

/* 0: all went as `check` wants it. */
static int in_child(bool (*check)(void))
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        _exit(check() ? 0 : 1);
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static bool source_is(const char *name)
{
    return strcmp(entropy_source(), name) == 0;
}

/* `count` bytes come, and they are not of one kind. */
static bool fills(size_t count)
{
    uint8_t *bytes = calloc(count, 1);
    unsigned seen[256] = {0};
    unsigned kinds = 0;

    if (entropy_fill(bytes, count) != count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        kinds += seen[bytes[i]]++ == 0;
    }
    free(bytes);
    return kinds > (count < 100 ? count / 2 : 40);
}

static bool uses_rdseed(void)
{
    rdseed = GOOD;
    rdrand = GOOD;
    return source_is("RDSEED") && fills(64) && fills(200000) &&
           source_is("RDSEED") && warnings == 0;
}

static bool waits_for_slow_rdseed(void)
{
    rdseed = SLOW;
    rdrand = ABSENT;
    return fills(4096) && source_is("RDSEED") && warnings == 0;
}

static bool dry_is_not_broken(void)
{
    rdseed = DRY;
    rdrand = GOOD;
    if (!fills(64) || !source_is("RDSEED") || warnings != 0) {
        return false;
    }
    rdseed = GOOD;
    rdseed_calls = 0;
    return fills(64) && rdseed_calls == 8;
}

static bool broken_goes_to_rdrand(enum behaviour behaviour)
{
    rdseed = behaviour;
    rdrand = GOOD;
    for (int i = 0; i < 10; i++) {
        if (!fills(64)) {
            return false;
        }
    }
    rdseed = GOOD; /* too late */
    return source_is("RDRAND") && warnings == 1;
}

static bool zeros(void)
{
    return broken_goes_to_rdrand(ZEROS);
}

static bool ones(void)
{
    return broken_goes_to_rdrand(ONES);
}

static bool stuck(void)
{
    return broken_goes_to_rdrand(STUCK);
}

/* One byte in eight: a window of 512 has 64 and the odd one, too few for an
 * alarm at 71 when the others are spread; it shows as the window's first. */
static bool stuck_byte_passes_or_fails_but_never_shows(void)
{
    rdseed = STUCK_BYTE;
    rdrand = GOOD;
    for (int i = 0; i < 2000; i++) {
        if (!fills(64)) {
            return false;
        }
    }
    return true;
}

static bool jitter_alone(void)
{
    rdseed = ABSENT;
    rdrand = ABSENT;
    clock_jitters = true;
    return source_is("TSC jitter") && fills(64) && fills(200000) &&
           warnings == 0;
}

static bool exact_clock_gives_nothing(void)
{
    uint8_t bytes[64] = {0};

    rdseed = ONES;
    rdrand = STUCK;
    return entropy_fill(bytes, sizeof(bytes)) == 0 && source_is("none") &&
           warnings == 3 && entropy_fill(bytes, sizeof(bytes)) == 0;
}

/* A source that gives what it gave before a restart must not repeat output. */
static bool same_seed_gives_other_bytes(void)
{
    uint8_t first[64];
    uint8_t second[64];

    rdseed = GOOD;
    entropy_fill(first, sizeof(first));
    random_state = 1;
    entropy_fill(first, sizeof(first));
    random_state = 1;
    entropy_fill(second, sizeof(second));
    return memcmp(first, second, sizeof(first)) != 0;
}

static void scenarios(void **state)
{
    (void)state;
    assert_int_equal(in_child(uses_rdseed), 0);
    assert_int_equal(in_child(waits_for_slow_rdseed), 0);
    assert_int_equal(in_child(dry_is_not_broken), 0);
    assert_int_equal(in_child(zeros), 0);
    assert_int_equal(in_child(ones), 0);
    assert_int_equal(in_child(stuck), 0);
    assert_int_equal(in_child(stuck_byte_passes_or_fails_but_never_shows), 0);
    assert_int_equal(in_child(jitter_alone), 0);
    assert_int_equal(in_child(exact_clock_gives_nothing), 0);
    assert_int_equal(in_child(same_seed_gives_other_bytes), 0);
}

static void health_tests_fail_at_their_limits(void **state)
{
    const struct health_limits limits = {.repeats = 9, .proportion = 71};
    struct health health = {0};

    (void)state;
    for (int i = 0; i < 8; i++) {
        assert_true(health_take(&health, &limits, 7));
    }
    assert_false(health_take(&health, &limits, 7));
    /* Every sixth sample equals the window's first: 86 in 512. */
    health = (struct health){0};
    for (int i = 0; i < 6 * 70; i++) {
        assert_true(
            health_take(&health, &limits, (uint8_t)(i % 6 ? i % 251 + 1 : 0)));
    }
    assert_false(health_take(&health, &limits, 0));
    /* Honest samples never fail. */
    health = (struct health){0};
    for (int i = 0; i < 5000000; i++) {
        assert_true(
            health_take(&health, &limits, (uint8_t)(random_next() >> 20)));
    }
    /* A new window starts after 512. */
    health = (struct health){0};
    for (int i = 0; i < 512; i++) {
        assert_true(health_take(&health, &limits, (uint8_t)(i % 8 ? i : 0)) ||
                    i > 300);
    }
    assert_int_equal(health.seen, 0);
}

static void digest_is(const char *text, size_t repeat, const char *expected)
{
    struct sha256 sha;
    uint8_t digest[SHA256_BYTES];
    char hex[2 * SHA256_BYTES + 1];

    sha256_start(&sha);
    for (size_t i = 0; i < repeat; i++) {
        sha256_add(&sha, text, strlen(text));
    }
    sha256_finish(&sha, digest);
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    }
    assert_string_equal(hex, expected);
}

static void sha256_gives_the_standards_examples(void **state)
{
    (void)state;
    digest_is("", 1,
              "e3b0c44298fc1c149afbf4c8996fb924"
              "27ae41e4649b934ca495991b7852b855");
    digest_is("abc", 1,
              "ba7816bf8f01cfea414140de5dae2223"
              "b00361a396177a9cb410ff61f20015ad");
    digest_is("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
              "248d6a61d20638b8e5c026930c3e6039"
              "a33ce45964ff2167f6ecedd419db06c1");
    digest_is("a", 1000000,
              "cdc76e5c9914fb9281a1c7e284d73e67"
              "f1809a48a497200e046d39ccc7112cd0");
}

static void chacha20_gives_the_rfcs_vectors(void **state)
{
    static const uint8_t block0[8] = {0x76, 0xb8, 0xe0, 0xad,
                                      0xa0, 0xf1, 0x3d, 0x90};
    static const uint8_t block0_end[8] = {0xc3, 0x87, 0xb6, 0x69,
                                          0xb2, 0xee, 0x65, 0x86};
    static const uint8_t block1[8] = {0x9f, 0x07, 0xe7, 0xbe,
                                      0x55, 0x51, 0x38, 0x7a};
    /* A.1, vector 3: the last byte of the key is 1. */
    static const uint8_t vector3[8] = {0x3a, 0xeb, 0x52, 0x24,
                                       0xec, 0xf8, 0x49, 0x92};
    uint8_t key[CHACHA20_KEY] = {0};
    uint8_t block[CHACHA20_BLOCK];

    (void)state;
    chacha20_block(key, 0, block);
    assert_memory_equal(block, block0, 8);
    assert_memory_equal(block + 56, block0_end, 8);
    chacha20_block(key, 1, block);
    assert_memory_equal(block, block1, 8);
    key[31] = 1;
    chacha20_block(key, 1, block);
    assert_memory_equal(block, vector3, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_standards_examples),
        cmocka_unit_test(chacha20_gives_the_rfcs_vectors),
        cmocka_unit_test(health_tests_fail_at_their_limits),
        cmocka_unit_test(scenarios),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
