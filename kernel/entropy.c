/* Random bytes, see kernel/entropy.h.
 *
 * A source gives a seed: a number of samples, each of which the health tests
 * check. SHA-256 makes the next key from the seed and the old key. ChaCha20
 * makes bytes from that key; the first 32 of them replace the key, so that the
 * kept key does not reveal earlier output. NIST SP 800-90C outlines this
 * construction. The processor's sources give a seed for every call, the slow
 * jitter for every 64 KiB. */
#include "kernel/entropy.h"

#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu.h"
#include "arch/cpuid.h"
#include "arch/spinlock.h"
#include "kernel/base/log.h"
#include "kernel/base/string.h"
#include "kernel/chacha20.h"
#include "kernel/entropy_health.h"
#include "kernel/sha256.h"

/* SDM 1 7.3.17.1 advises ten tries of RDRAND. RDSEED runs dry if it is read
 * many times in a row, so it gets more tries. */
#define RDRAND_TRIES 10
#define RDSEED_TRIES 100

/* 64-bit words in a seed: 512 bits of entropy for a 256-bit key. */
#define PROCESSOR_WORDS 8

/* Each sample is taken to have half a bit of entropy. So one seed has 512 bits,
 * twice the length of the key. */
#define JITTER_SAMPLES 1024

#define JITTER_LASTS 65536 /* bytes of output for one seed */

enum seeded {
    SEEDED,
    SEED_DRY,   /* no sample is ready now */
    SEED_FAILED /* a health test failed */
};

struct source {
    const char *name;
    bool (*present)(void);
    enum seeded (*seed)(struct source *source, struct sha256 *sha);
    size_t lasts; /* bytes of output for one seed; 0: one call */
    struct health_limits limits;

    bool failed;
    struct health health;
    uint64_t last; /* last sample of 64 bits */
};

static bool rdseed_present(void)
{
    return cpu_cpuid(0, 0).eax >= 7 &&
           (cpu_cpuid(7, 0).ebx & CPUID_7_EBX_RDSEED);
}

static bool rdrand_present(void)
{
    return cpu_cpuid(1, 0).ecx & CPUID_1_ECX_RDRAND;
}

/* Every processor that Lintel runs on has a TSC. */
static bool jitter_present(void)
{
    return true;
}

/* False: the word is not to be trusted. Broken sources have given all ones, all
 * zeros, or the same word again. */
static bool healthy_word(struct source *source, uint64_t word)
{
    bool good = word != 0 && word != UINT64_MAX && word != source->last;

    source->last = word;
    for (unsigned i = 0; i < 8; i++) {
        good = health_take(&source->health, &source->limits,
                           (uint8_t)(word >> (8 * i))) &&
               good;
    }
    return good;
}

static bool retry(bool (*read)(uint64_t *), unsigned tries, uint64_t *word)
{
    while (tries-- > 0) {
        if (read(word)) {
            return true;
        }
        cpu_pause();
    }
    return false;
}

static bool read_rdseed(uint64_t *word)
{
    return cpu_rdseed(word);
}

static bool read_rdrand(uint64_t *word)
{
    return cpu_rdrand(word);
}

static enum seeded seed_words(struct source *source, struct sha256 *sha,
                              bool (*read)(uint64_t *), unsigned tries)
{
    for (unsigned i = 0; i < PROCESSOR_WORDS; i++) {
        uint64_t word = 0;

        if (!retry(read, tries, &word)) {
            return SEED_DRY;
        }
        if (!healthy_word(source, word)) {
            return SEED_FAILED;
        }
        sha256_add(sha, &word, sizeof(word));
    }
    return SEEDED;
}

static enum seeded seed_rdseed(struct source *source, struct sha256 *sha)
{
    return seed_words(source, sha, read_rdseed, RDSEED_TRIES);
}

static enum seeded seed_rdrand(struct source *source, struct sha256 *sha)
{
    return seed_words(source, sha, read_rdrand, RDRAND_TRIES);
}

/* How many TSC ticks a walk over memory takes. Caches, the bus and the core's
 * clock make the lowest bits differ. The TSC chooses the walk's addresses, so
 * no two walks are the same. */
static uint64_t jitter_sample(void)
{
    static volatile uint8_t memory[32768];
    uint64_t start = cpu_rdtsc_ordered();
    uint32_t at = (uint32_t)start;

    for (unsigned i = 0; i < 32; i++) {
        at = at * 1664525U + 1013904223U;
        memory[at % sizeof(memory)] += (uint8_t)i;
    }
    return cpu_rdtsc_ordered() - start;
}

/* In an emulator that counts instructions all walks take the same time. Then
 * the health tests fail, and no seed is given. */
static enum seeded seed_jitter(struct source *source, struct sha256 *sha)
{
    bool good = true;

    for (unsigned i = 0; i < JITTER_SAMPLES; i++) {
        uint64_t sample = jitter_sample();

        good = health_take(&source->health, &source->limits, (uint8_t)sample) &&
               good;
        sha256_add(sha, &sample, sizeof(sample));
    }
    return good ? SEEDED : SEED_FAILED;
}

/* The best source is first. The limits follow from NIST SP 800-90B 4.4 with a
 * false alarm rate of 2^-30. They assume 4 bits of entropy in a byte of the
 * processor's, and half a bit in a jitter sample. */
static struct source sources[] = {
    {.name = "RDSEED",
     .present = rdseed_present,
     .seed = seed_rdseed,
     .limits = {.repeats = 9, .proportion = 71}},
    {.name = "RDRAND",
     .present = rdrand_present,
     .seed = seed_rdrand,
     .limits = {.repeats = 9, .proportion = 71}},
    {.name = "TSC jitter",
     .present = jitter_present,
     .seed = seed_jitter,
     .lasts = JITTER_LASTS,
     .limits = {.repeats = 61, .proportion = 422}},
};

static struct {
    struct spinlock lock; /* guards this structure and `sources` */
    uint8_t key[CHACHA20_KEY];
    size_t left; /* bytes of output that the last seed still allows */
} generator;

/* Mixes a new seed into the key, from the best source that has one. False: no
 * source has. */
static bool reseed(void)
{
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        struct source *source = &sources[i];
        struct sha256 sha;
        uint64_t now = cpu_rdtsc();
        enum seeded seeded;

        if (source->failed || !source->present()) {
            continue;
        }
        sha256_start(&sha);
        sha256_add(&sha, generator.key, sizeof(generator.key));
        sha256_add(&sha, &now, sizeof(now));
        seeded = source->seed(source, &sha);
        if (seeded == SEEDED) {
            sha256_finish(&sha, generator.key);
            generator.left = source->lasts;
            return true;
        }
        if (seeded == SEED_FAILED) {
            source->failed = true;
            log_warn("%s failed its health test and is not used any more",
                     source->name);
        }
    }
    return false;
}

/* Clears secrets on the stack. The writes are volatile, because the compiler
 * would drop a memset of memory that is not read again. */
static void wipe(uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        *(volatile uint8_t *)&bytes[i] = 0;
    }
}

static void generate(uint8_t *bytes, size_t length)
{
    uint8_t block[CHACHA20_BLOCK];
    uint8_t next_key[CHACHA20_KEY];
    uint32_t counter = 0;

    chacha20_block(generator.key, counter++, block);
    memcpy(next_key, block, sizeof(next_key));
    while (length > 0) {
        size_t part = length < sizeof(block) ? length : sizeof(block);

        chacha20_block(generator.key, counter++, block);
        memcpy(bytes, block, part);
        bytes += part;
        length -= part;
    }
    memcpy(generator.key, next_key, sizeof(next_key));
    wipe(block, sizeof(block));
    wipe(next_key, sizeof(next_key));
}

/* Fills one part of a caller's buffer with the lock held. Other callers wait
 * meanwhile, so a part is at most JITTER_LASTS bytes. False: no seed. */
static bool fill_part(uint8_t *bytes, size_t length)
{
    bool seeded;

    spinlock_take(&generator.lock);
    seeded = generator.left >= length || reseed();
    if (seeded) {
        generate(bytes, length);
        generator.left -= generator.left < length ? generator.left : length;
    }
    spinlock_give(&generator.lock);
    return seeded;
}

size_t entropy_fill(void *buffer, size_t length)
{
    uint8_t *bytes = buffer;
    size_t done = 0;

    while (done < length) {
        size_t part = length - done;

        part = part < JITTER_LASTS ? part : JITTER_LASTS;
        if (!fill_part(bytes + done, part)) {
            break;
        }
        done += part;
    }
    return done;
}

const char *entropy_source(void)
{
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        if (!sources[i].failed && sources[i].present()) {
            return sources[i].name;
        }
    }
    return "none";
}
