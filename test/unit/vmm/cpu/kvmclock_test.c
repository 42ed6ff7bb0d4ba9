/* KVM's clock: what a kernel reads from its pages, addresses that are none,
 * TSCs that move, and a reader on another processor. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/base/log.h"
#include "test/unit/support/chips_fake.h"
#include "vmm/cpu/kvmclock.h"

#define CPUS      3
#define SLOT_SIZE 0x4000
#define HIGH_BASE 0x100000000ULL
#define WALL      1700000000ULL

static _Alignas(4096) uint8_t low[SLOT_SIZE];
static _Alignas(4096) uint8_t high[SLOT_SIZE];
static struct guest_memory memory = {
    .slots = {{0, SLOT_SIZE, low}, {HIGH_BASE, SLOT_SIZE, high}},
    .slot_count = 2,
};
static struct kvmclock chip;
static unsigned log_lines;

void log_at(enum log_level level, const char *format, ...)
{
    (void)level;
    (void)format;
    log_lines++;
}

static int setup(void **state)
{
    (void)state;
    fake_reset();
    fake_set_wall(WALL);
    fake_advance(12 * TIME_SECOND + 345);
    memset(low, 0xa5, sizeof(low));
    memset(high, 0xa5, sizeof(high));
    log_lines = 0;
    memset(&chip, 0x5a, sizeof(chip));
    kvmclock_init(&chip, &memory, CPUS);
    assert_true(kvmclock_valid(&chip));
    return 0;
}

/* ---- a kernel's side ---- */

struct snapshot {
    uint32_t version;
    uint64_t tsc;
    uint64_t ns;
    uint32_t multiplier;
    int8_t shift;
    uint8_t flags;
};

/* One consistent state of the page. */
static struct snapshot read_page(const uint8_t *page)
{
    const uint32_t *from = (const uint32_t *)(const void *)page;
    uint32_t words[8];
    struct snapshot got;

    do {
        for (size_t i = 0; i < 8; i++) {
            words[i] = __atomic_load_n(&from[i], __ATOMIC_ACQUIRE);
        }
    } while ((words[0] & 1) != 0 ||
             __atomic_load_n(&from[0], __ATOMIC_ACQUIRE) != words[0]);
    got.version = words[0];
    memcpy(&got.tsc, &words[2], 8);
    memcpy(&got.ns, &words[4], 8);
    got.multiplier = words[6];
    got.shift = (int8_t)(uint8_t)words[7];
    got.flags = (uint8_t)(words[7] >> 8);
    return got;
}

/* Nanoseconds at the guest's TSC `tsc`. */
static uint64_t to_ns(const struct snapshot *page, uint64_t tsc)
{
    uint64_t delta = tsc - page->tsc;

    delta = page->shift < 0 ? delta >> -page->shift : delta << page->shift;
    return page->ns +
           (uint64_t)((unsigned __int128)delta * page->multiplier >> 32);
}

static void write_time(unsigned cpu, uint64_t value)
{
    kvmclock_msr_write(&chip, cpu, KVMCLOCK_MSR_TIME, value);
    assert_true(kvmclock_valid(&chip));
}

static bool untouched(void)
{
    for (size_t i = 0; i < SLOT_SIZE; i++) {
        if (low[i] != 0xa5 || high[i] != 0xa5) {
            return false;
        }
    }
    return true;
}

/* ---- tests ---- */

static void a_page_tells_the_time(void **state)
{
    struct snapshot page;
    uint64_t last = 0;

    (void)state;
    write_time(0, 0x1000 | KVMCLOCK_ENABLE);
    page = read_page(low + 0x1000);
    assert_int_equal(page.flags, 1);
    assert_int_equal(to_ns(&page, time_tsc()), 0);
    for (unsigned i = 0; i < 2000; i++) {
        uint64_t passed = (uint64_t)i * i * i * 7919;
        uint64_t ns;

        setup(NULL);
        fake_advance(passed);
        ns = to_ns(&page, time_tsc());
        /* At most one part in 2^31 slow, and a tick. */
        assert_true(ns <= passed + 1);
        assert_true(ns + passed / (1U << 31) + 2 >= passed);
        assert_true(ns >= last);
        last = ns;
    }
}

/* The pair is of the moment of the write. */
static void a_page_is_current(void **state)
{
    const uint64_t passed = 7 * TIME_SECOND + 123456789;
    struct snapshot page;

    (void)state;
    fake_advance(passed);
    write_time(0, 0x1000 | KVMCLOCK_ENABLE);
    page = read_page(low + 0x1000);
    assert_int_equal(page.tsc, time_tsc());
    assert_in_range(page.ns, passed - 8, passed);
    kvmclock_tsc_offset_set(&chip, 0, 5000);
    page = read_page(low + 0x1000);
    assert_int_equal(page.tsc, time_tsc() + 5000);
    assert_in_range(page.ns, passed - 8, passed);
}

/* Whenever each was written: kernels with several processors compare them. */
static void pages_of_all_vcpus_agree(void **state)
{
    static const uint64_t later[] = {0, 1, 99, 12345678901, 1ULL << 52};
    const uint64_t day = 86400 * TIME_SECOND;

    (void)state;
    write_time(0, 0x1000 | KVMCLOCK_ENABLE);
    fake_advance(3 * day + 1);
    write_time(1, 0x2000 | KVMCLOCK_ENABLE);
    fake_advance(40 * day + 333);
    write_time(2, 0x3000 | KVMCLOCK_ENABLE);
    for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
        struct snapshot first = read_page(low + 0x1000);
        uint64_t tsc = time_tsc() + later[i];
        uint64_t expected = to_ns(&first, tsc);

        for (unsigned cpu = 1; cpu < CPUS; cpu++) {
            struct snapshot page = read_page(low + ((cpu + 1) << 12));

            assert_in_range(to_ns(&page, tsc), expected - 2, expected + 2);
        }
    }
}

/* A kernel may write the MSR as often as it likes. */
static void writes_do_not_turn_time_back(void **state)
{
    uint64_t last = 0;

    (void)state;
    for (unsigned i = 0; i < 5000; i++) {
        struct snapshot page;
        uint64_t ns;

        write_time(0, 0x1000 | KVMCLOCK_ENABLE);
        page = read_page(low + 0x1000);
        ns = to_ns(&page, time_tsc());
        assert_true(ns >= last);
        fake_advance(i % 7 * 1001);
        last = to_ns(&page, time_tsc());
        assert_true(last >= ns);
        fake_advance(10); /* the write takes a while */
    }
}

static void nothing_beside_the_page(void **state)
{
    (void)state;
    write_time(0, 0x1000 | KVMCLOCK_ENABLE);
    for (size_t i = 0; i < SLOT_SIZE; i++) {
        assert_true((i >= 0x1000 && i < 0x1020) || low[i] == 0xa5);
    }
    kvmclock_msr_write(&chip, 0, KVMCLOCK_MSR_WALL, 0x2000);
    for (size_t i = 0x1020; i < SLOT_SIZE; i++) {
        assert_true((i >= 0x2000 && i < 0x200c) || low[i] == 0xa5);
    }
    assert_int_equal(log_lines, 0);
}

static void msrs_by_both_numbers(void **state)
{
    (void)state;
    write_time(1, 0x1001);
    assert_int_equal(kvmclock_msr_read(&chip, 1, KVMCLOCK_MSR_TIME), 0x1001);
    assert_int_equal(kvmclock_msr_read(&chip, 1, KVMCLOCK_MSR_TIME_OLD),
                     0x1001);
    assert_int_equal(kvmclock_msr_read(&chip, 0, KVMCLOCK_MSR_TIME), 0);
    kvmclock_msr_write(&chip, 2, KVMCLOCK_MSR_TIME_OLD, 0x2041);
    assert_int_equal(kvmclock_msr_read(&chip, 2, KVMCLOCK_MSR_TIME), 0x2041);
    assert_int_equal(read_page(low + 0x2040).flags, 1);
    kvmclock_msr_write(&chip, 0, KVMCLOCK_MSR_WALL_OLD, 0x3000);
    assert_int_equal(kvmclock_msr_read(&chip, 1, KVMCLOCK_MSR_WALL), 0x3000);
    assert_int_equal(kvmclock_msr_read(&chip, 2, KVMCLOCK_MSR_WALL_OLD),
                     0x3000);
}

static void the_wall_clock(void **state)
{
    uint32_t words[3];

    (void)state;
    fake_advance(99 * TIME_SECOND); /* when it is asked does not matter */
    kvmclock_msr_write(&chip, 0, KVMCLOCK_MSR_WALL, HIGH_BASE + 0x10);
    memcpy(words, high + 0x10, sizeof(words));
    assert_int_equal(words[0] % 2, 0);
    assert_int_equal(words[1], WALL + 12);
    assert_int_equal(words[2], 345);
    /* With the page's time it gives the time of day. */
    write_time(0, 0x1000 | KVMCLOCK_ENABLE);
    struct snapshot page = read_page(low + 0x1000);
    uint64_t day = words[1] * TIME_SECOND + words[2] + to_ns(&page, time_tsc());

    assert_in_range(day, (WALL + 111) * TIME_SECOND + 345 - 100,
                    (WALL + 111) * TIME_SECOND + 345);
    /* 0 asks for nothing. */
    memset(low, 0xa5, 16);
    kvmclock_msr_write(&chip, 0, KVMCLOCK_MSR_WALL, 0);
    assert_int_equal(low[0], 0xa5);
}

static void versions_are_even_and_new(void **state)
{
    static const uint32_t before[] = {
        0, 1, 2, 0xa5a5a5a5, UINT32_MAX - 1, UINT32_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
        uint32_t after;

        memcpy(low, &before[i], sizeof(before[i]));
        write_time(0, KVMCLOCK_ENABLE);
        memcpy(&after, low, sizeof(after));
        assert_int_equal(after % 2, 0);
        assert_true(after != before[i] && after != (before[i] & ~1U));
    }
}

static void a_disabled_clock_writes_nothing(void **state)
{
    (void)state;
    write_time(0, 0x1000);
    kvmclock_tsc_offset_set(&chip, 0, 5);
    assert_true(untouched());
    assert_int_equal(kvmclock_msr_read(&chip, 0, KVMCLOCK_MSR_TIME), 0x1000);
    assert_int_equal(log_lines, 0);
}

static void addresses_that_are_none(void **state)
{
    static const uint64_t wrong[] = {
        SLOT_SIZE,
        SLOT_SIZE - 4,
        SLOT_SIZE - 8, /* less than either structure */
        0x1002,
        0xd0000000,
        HIGH_BASE - 4,
        HIGH_BASE + SLOT_SIZE - 4,
        0xfffffffffffffff0,
        0x8000000000000000,
        0xfffffffffffffffc,
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        write_time(0, wrong[i] | KVMCLOCK_ENABLE);
        kvmclock_tsc_offset_set(&chip, 0, i + 1);
        kvmclock_msr_write(&chip, 0, KVMCLOCK_MSR_WALL, wrong[i]);
    }
    kvmclock_msr_write(&chip, 0, KVMCLOCK_MSR_WALL, 0x1001);
    assert_true(untouched());
    assert_int_equal(log_lines, 1);
    /* The last that fits, and one across two pages. */
    write_time(0, (SLOT_SIZE - 32) | KVMCLOCK_ENABLE);
    assert_int_equal(read_page(low + SLOT_SIZE - 32).multiplier,
                     chip.rate.multiplier);
    write_time(0, (0x2000 - 12) | KVMCLOCK_ENABLE);
    assert_int_equal(read_page(low + 0x2000 - 12).multiplier,
                     chip.rate.multiplier);
}

static void a_page_that_moved_is_left_alone(void **state)
{
    (void)state;
    write_time(0, 0x1000 | KVMCLOCK_ENABLE);
    write_time(0, 0x2000 | KVMCLOCK_ENABLE);
    memset(low + 0x1000, 0xa5, 32);
    kvmclock_tsc_offset_set(&chip, 0, 1000);
    assert_int_equal(low[0x1000], 0xa5);
    assert_int_equal(low[0x101f], 0xa5);
    assert_int_equal(read_page(low + 0x2000).tsc, chip.tsc + 1000);
}

static void init_turns_it_off(void **state)
{
    (void)state;
    write_time(0, 0x1000 | KVMCLOCK_ENABLE);
    write_time(1, 0x2000 | KVMCLOCK_ENABLE);
    kvmclock_cpu_reset(&chip, 1);
    assert_int_equal(kvmclock_msr_read(&chip, 1, KVMCLOCK_MSR_TIME), 0);
    memset(low + 0x2000, 0xa5, 32);
    kvmclock_tsc_offset_set(&chip, 1, 1000); /* clears the first's flag */
    assert_int_equal(low[0x2000], 0xa5);
    assert_int_equal(read_page(low + 0x1000).flags, 0);
}

/* Time goes on across it, and one vCPU's page is not for the others' TSCs. */
static void a_tsc_that_moves(void **state)
{
    struct snapshot page;
    uint64_t offset = 0 - time_tsc(); /* the guest writes 0 */
    uint32_t version;

    (void)state;
    for (unsigned cpu = 0; cpu < CPUS; cpu++) {
        write_time(cpu, (uint64_t)(cpu + 1) << 12 | KVMCLOCK_ENABLE);
    }
    version = read_page(low + 0x1000).version;
    fake_advance(5 * TIME_SECOND);
    kvmclock_tsc_offset_set(&chip, 1, offset);
    assert_true(kvmclock_valid(&chip));
    for (unsigned cpu = 0; cpu < CPUS; cpu++) {
        page = read_page(low + ((cpu + 1) << 12));
        assert_int_equal(page.flags, 0);
        assert_int_equal(to_ns(&page, time_tsc() + chip.cpus[cpu].tsc_offset) /
                             100,
                         5 * TIME_SECOND / 100 - 1);
    }
    assert_true(read_page(low + 0x1000).version != version);
    version = read_page(low + 0x3000).version;
    kvmclock_tsc_offset_set(&chip, 0, offset);
    /* Nothing new for the third. */
    assert_int_equal(read_page(low + 0x3000).version, version);
    kvmclock_tsc_offset_set(&chip, 2, offset);
    for (unsigned cpu = 0; cpu < CPUS; cpu++) {
        page = read_page(low + ((cpu + 1) << 12));
        assert_int_equal(page.flags, 1);
        assert_int_equal(page.tsc, time_tsc() + offset);
    }
}

/* ---- a reader elsewhere ---- */

#define ROUNDS 200000

static bool reading;

/* Both states of the page have the flag and the time stamp that belong
 * together; a mixture is none. */
static void *reader(void *argument)
{
    static const char mixed[] = "a mixture";
    const uint8_t *page = argument;

    while (__atomic_load_n(&reading, __ATOMIC_ACQUIRE)) {
        struct snapshot got = read_page(page);
        bool moved = got.tsc != chip.tsc;

        if (got.multiplier != chip.rate.multiplier ||
            got.flags != (moved ? 0 : 1) ||
            (moved && got.tsc != chip.tsc + 0x1234567812345678)) {
            return (void *)(uintptr_t)mixed;
        }
    }
    return NULL;
}

static void a_racing_reader(void **state)
{
    pthread_t thread;
    void *mixed = NULL;

    (void)state;
    write_time(0, 0xffc | KVMCLOCK_ENABLE);
    reading = true;
    assert_int_equal(pthread_create(&thread, NULL, reader, low + 0xffc), 0);
    for (unsigned i = 0; i < ROUNDS; i++) {
        kvmclock_tsc_offset_set(&chip, 0, i % 2 ? 0 : 0x1234567812345678);
    }
    __atomic_store_n(&reading, false, __ATOMIC_RELEASE);
    assert_int_equal(pthread_join(thread, &mixed), 0);
    assert_null(mixed);
}

#define TEST(function) cmocka_unit_test_setup(function, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_page_tells_the_time),
        TEST(a_page_is_current),
        TEST(pages_of_all_vcpus_agree),
        TEST(writes_do_not_turn_time_back),
        TEST(nothing_beside_the_page),
        TEST(msrs_by_both_numbers),
        TEST(the_wall_clock),
        TEST(versions_are_even_and_new),
        TEST(a_disabled_clock_writes_nothing),
        TEST(addresses_that_are_none),
        TEST(a_page_that_moved_is_left_alone),
        TEST(init_turns_it_off),
        TEST(a_tsc_that_moves),
        TEST(a_racing_reader),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
