/* The guest's MC146818 (vmm/chip/rtc.c): the time it shows, the time it is
 * given, its three interrupts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "test/unit/support/chips_fake.h"
#include "vmm/chip/rtc.h"
#include "vmm/chip/rtc_calendar.h"

#define A 0x0aU
#define B 0x0bU
#define C 0x0cU
#define D 0x0dU

#define IRQ 8

static struct vm vm;
static struct rtc rtc;

static void put(unsigned index, unsigned value)
{
    struct access access = {
        .address = 0x70, .value = index, .size = 1, .write = true};

    rtc_access(&rtc, &access);
    access.address = 0x71;
    access.value = value;
    rtc_access(&rtc, &access);
    assert_true(rtc_valid(&rtc));
}

static unsigned get(unsigned index)
{
    struct access access = {
        .address = 0x70, .value = index, .size = 1, .write = true};

    rtc_access(&rtc, &access);
    access.address = 0x71;
    access.write = false;
    rtc_access(&rtc, &access);
    assert_true(rtc_valid(&rtc));
    return (unsigned)access.value;
}

/* The time shown as one number, YYYYMMDDhhmmss in hexadecimal digits. */
static uint64_t shown(void)
{
    static const uint8_t order[] = {0x32, 9, 8, 7, 4, 2, 0};
    uint64_t all = 0;

    for (unsigned i = 0; i < sizeof(order); i++) {
        all = all << 8 | get(order[i]);
    }
    return all;
}

static int setup(void **state)
{
    (void)state;
    fake_reset();
    fake_set_wall(1798761597); /* 2026-12-31 23:59:57, a Thursday */
    vm = (struct vm){0};
    rtc_init(&rtc, &vm);
    assert_true(rtc_valid(&rtc));
    return 0;
}

static void test_calendar_against_libc(void **state)
{
    (void)state;
    for (int64_t seconds = -62135596800; seconds < 253402300800;
         seconds += 86400 * 3 + 12345) {
        time_t libc_time = (time_t)seconds;
        struct rtc_date date;
        struct tm tm;

        gmtime_r(&libc_time, &tm);
        rtc_calendar_date(seconds, &date);
        assert_int_equal(date.year, tm.tm_year + 1900);
        assert_int_equal(date.month, tm.tm_mon + 1);
        assert_int_equal(date.day, tm.tm_mday);
        assert_int_equal(date.hour, tm.tm_hour);
        assert_int_equal(date.minute, tm.tm_min);
        assert_int_equal(date.second, tm.tm_sec);
        assert_int_equal(date.weekday, tm.tm_wday + 1);
        assert_true(rtc_calendar_seconds(&date) == seconds);
        assert_int_equal(rtc_calendar_second_of_day(seconds),
                         tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec);
    }
}

/* Every day of two leap-year cycles, where a wrong rule would show. */
static void test_every_day(void **state)
{
    struct rtc_date before = {0};

    (void)state;
    for (int64_t day = 10957; day < 10957 + 366 * 8; day++) {
        struct rtc_date date;

        rtc_calendar_date(day * 86400, &date);
        assert_true(rtc_calendar_seconds(&date) == day * 86400);
        assert_true(before.day == 0 || date.day == before.day + 1 ||
                    date.day == 1);
        before = date;
    }
}

static void test_shows_the_time(void **state)
{
    (void)state;
    assert_int_equal(get(B), 0x02);
    assert_int_equal(get(D), 0x80);
    assert_true(shown() == 0x20261231235957);
    assert_int_equal(get(6), 5);
    fake_advance(2 * TIME_SECOND + 999999999);
    assert_true(shown() == 0x20261231235959);
    fake_advance(1);
    assert_true(shown() == 0x20270101000000);
    assert_int_equal(get(6), 6);
}

static void test_formats(void **state)
{
    (void)state;
    put(B, 0x06);
    assert_int_equal(get(4), 23);
    assert_int_equal(get(0), 57);
    assert_int_equal(get(0x32), 20);
    put(B, 0x04);
    assert_int_equal(get(4), 0x80 | 11);
    put(B, 0x00);
    assert_int_equal(get(4), 0x80 | 0x11);
    fake_advance(3 * TIME_SECOND);
    assert_int_equal(get(4), 0x12); /* midnight */
    fake_advance(12 * 3600 * TIME_SECOND);
    assert_int_equal(get(4), 0x92); /* noon */
}

static void test_update_in_progress(void **state)
{
    (void)state;
    assert_int_equal(get(A), 0x26);
    fake_advance(TIME_SECOND - 2228001);
    assert_int_equal(get(A), 0x26);
    fake_advance(1);
    assert_int_equal(get(A), 0xa6);
    fake_advance(2227999);
    assert_int_equal(get(A), 0xa6);
    assert_int_equal(get(0), 0x57);
    fake_advance(1);
    assert_int_equal(get(A), 0x26);
    assert_int_equal(get(0), 0x58);
    put(B, 0x82);
    fake_advance(TIME_SECOND - 1);
    assert_int_equal(get(A), 0x26); /* SET: no updates */
}

static void test_set_under_the_set_bit(void **state)
{
    (void)state;
    fake_advance(300 * TIME_MS);
    put(B, 0x82);
    assert_int_equal(get(0), 0x57);
    put(0x32, 0x19);
    put(9, 0x99);
    put(8, 0x02);
    put(7, 0x28);
    put(4, 0x23);
    put(2, 0x59);
    put(0, 0x58);
    fake_advance(100 * TIME_SECOND);
    assert_true(shown() == 0x19990228235958);
    put(B, 0x02);
    assert_true(shown() == 0x19990228235958);
    fake_advance(1700 * TIME_MS);
    assert_true(shown() == 0x19990301000000);
}

/* As Linux sets it: SET, divider in reset, and out of it again last. The first
 * update is half a second later. */
static void test_set_with_divider_reset(void **state)
{
    (void)state;
    fake_advance(123 * TIME_MS);
    put(B, 0x82);
    put(A, 0x76);
    put(0, 0x10);
    put(2, 0x30);
    put(4, 0x12);
    put(B, 0x02);
    fake_advance(10 * TIME_SECOND);
    assert_int_equal(get(0), 0x10);
    put(A, 0x26);
    fake_advance(499999999);
    assert_true(shown() == 0x20261231123010);
    fake_advance(1);
    assert_true(shown() == 0x20261231123011);
    fake_advance(TIME_SECOND);
    assert_int_equal(get(0), 0x12);
}

static void test_set_while_running(void **state)
{
    (void)state;
    put(4, 0x03);
    assert_true(shown() == 0x20261231035957);
    fake_advance(3 * TIME_SECOND);
    assert_true(shown() == 0x20261231040000);
}

static void test_nonsense_time(void **state)
{
    (void)state;
    for (unsigned value = 0; value < 256; value++) {
        put(B, value % 2 == 0 ? 0x82 : 0x86);
        for (unsigned index = 0; index < 10; index++) {
            put(index, value);
        }
        put(0x32, 255 - value);
        put(B, value % 3 == 0 ? 0x02 : 0x04);
        fake_advance(TIME_SECOND);
        shown();
    }
}

static void test_update_interrupt(void **state)
{
    (void)state;
    put(B, 0x12);
    fake_advance(TIME_SECOND - 1);
    assert_false(vm.level[IRQ]);
    fake_advance(1);
    assert_true(vm.level[IRQ]);
    /* Not read: the line stays, and nothing ticks on. */
    fake_advance(10 * TIME_SECOND);
    assert_int_equal(vm.rises[IRQ], 1);
    assert_int_equal(fake_callbacks(), 1);
    /* Midnight was the alarm's time, too. */
    assert_int_equal(get(C), 0xf0);
    assert_false(vm.level[IRQ]);
    assert_int_equal(get(C), 0);
    fake_advance(TIME_SECOND);
    assert_int_equal(vm.rises[IRQ], 2);
}

static void test_flags_without_interrupts(void **state)
{
    (void)state;
    fake_advance(100 * TIME_US);
    assert_int_equal(get(C), 0);
    fake_advance(TIME_MS);
    assert_int_equal(get(C), 0x40);
    fake_advance(TIME_SECOND);
    assert_int_equal(get(C), 0x50);
    assert_int_equal(fake_callbacks(), 0);
    assert_int_equal(vm.rises[IRQ], 0);
    /* Enabled when the flag is there already. */
    fake_advance(TIME_SECOND);
    put(B, 0x12);
    assert_true(vm.level[IRQ]);
    /* The same with the write that stops the clock. */
    setup(NULL);
    fake_advance(TIME_SECOND);
    put(B, 0xd2);
    assert_int_equal(get(B), 0xc2); /* SET clears UIE */
    assert_true(vm.level[IRQ]);
    assert_int_equal(get(C), 0xd0);
}

static void test_periodic_rates(void **state)
{
    static const unsigned hz[16] = {0,   256, 128, 8192, 4096, 2048, 1024, 512,
                                    256, 128, 64,  32,   16,   8,    4,    2};

    (void)state;
    for (unsigned rate = 0; rate < 16; rate++) {
        unsigned count = 0;

        setup(NULL);
        put(A, 0x20 | rate);
        put(B, 0x42);
        for (unsigned i = 0; i < 20000; i++) {
            fake_advance(50 * TIME_US);
            if (vm.level[IRQ]) {
                assert_int_equal(get(C) & 0xc0, 0xc0);
                count++;
            }
        }
        assert_int_equal(count, hz[rate]);
    }
}

static unsigned seconds_to_alarm(unsigned hours, unsigned minutes,
                                 unsigned seconds)
{
    setup(NULL);
    put(5, hours);
    put(3, minutes);
    put(1, seconds);
    put(B, 0x22);
    for (unsigned i = 1; i <= 2 * 86400; i++) {
        fake_advance(TIME_SECOND);
        if (vm.level[IRQ]) {
            assert_int_equal(get(C) & 0xa0, 0xa0);
            return i;
        }
    }
    return 0;
}

static void test_alarm(void **state)
{
    (void)state;
    assert_int_equal(seconds_to_alarm(0x23, 0x59, 0x59), 2);
    assert_int_equal(seconds_to_alarm(0x23, 0x59, 0x57), 86400);
    assert_int_equal(seconds_to_alarm(0x00, 0x10, 0x00), 603);
    assert_int_equal(seconds_to_alarm(0xff, 0xff, 0xff), 1);
    assert_int_equal(seconds_to_alarm(0xc0, 0xc0, 0x30), 33);
    assert_int_equal(seconds_to_alarm(0xff, 0x58, 0x00), 3 + 58 * 60);
    assert_int_equal(seconds_to_alarm(0x01, 0xff, 0xff), 3603);
    assert_int_equal(seconds_to_alarm(0x23, 0xff, 0x56), 23 * 3600 + 59);
    assert_int_equal(seconds_to_alarm(0x25, 0xff, 0xff), 0);
    assert_int_equal(seconds_to_alarm(0x12, 0x0a, 0x00), 0);
}

static void test_alarm_again(void **state)
{
    (void)state;
    assert_int_equal(seconds_to_alarm(0xff, 0xff, 0x00), 3);
    fake_advance(59 * TIME_SECOND);
    assert_false(vm.level[IRQ]);
    fake_advance(TIME_SECOND);
    assert_true(vm.level[IRQ]);
}

static void test_cmos_bytes(void **state)
{
    (void)state;
    rtc_set_memory(&rtc, 3ULL << 30, 5ULL << 30);
    assert_int_equal(get(0x15) | get(0x16) << 8, 640);
    assert_int_equal(get(0x17) | get(0x18) << 8, 0xffff);
    assert_int_equal(get(0x30) | get(0x31) << 8, 0xffff);
    assert_int_equal(get(0x34) | get(0x35) << 8, 0xbf00);
    assert_int_equal(get(0x5b) | get(0x5c) << 8 | get(0x5d) << 16, 0x14000);
    rtc_set_memory(&rtc, 8ULL << 20, 0);
    assert_int_equal(get(0x17) | get(0x18) << 8, 7 * 1024);
    assert_int_equal(get(0x34) | get(0x35) << 8, 0);
    assert_int_equal(get(0x10), 0);
    put(0x0f, 0x0a);
    assert_int_equal(get(0x0f), 0x0a);
    put(0x40, 0x5a);
    assert_int_equal(get(0x40), 0x5a);
    assert_int_equal(get(0xc0), 0x5a); /* bit 7 is the NMI's */
    assert_true(rtc.nmi_off);
    put(D, 0);
    put(C, 0xff);
    assert_int_equal(get(D), 0x80);
}

static void test_set_in_12_hours(void **state)
{
    static const struct {
        uint8_t byte;
        uint8_t hour;
    } table[] = {{0x12, 0x00}, {0x01, 0x01}, {0x11, 0x11},
                 {0x92, 0x12}, {0x81, 0x13}, {0x91, 0x23}};

    (void)state;
    for (unsigned i = 0; i < sizeof(table) / sizeof(*table); i++) {
        put(B, 0x00);
        put(4, table[i].byte);
        assert_int_equal(get(4), table[i].byte);
        put(B, 0x02);
        assert_int_equal(get(4), table[i].hour);
    }
}

/* The alarm may be enabled first and set afterwards. */
static void test_alarm_set_late(void **state)
{
    (void)state;
    put(B, 0x22);
    put(5, 0xff);
    put(3, 0xff);
    put(1, 0x59);
    fake_advance(2 * TIME_SECOND);
    assert_true(vm.level[IRQ]);
}

static void test_index_and_data_at_once(void **state)
{
    struct access access = {
        .address = 0x70, .value = 0x5a40, .size = 2, .write = true};

    (void)state;
    rtc_access(&rtc, &access);
    assert_int_equal(rtc.cmos[0x40], 0x5a);
    access = (struct access){.address = 0x70, .size = 2};
    rtc_access(&rtc, &access);
    assert_int_equal(access.value, 0x5aff);
}

static void test_weekday_follows(void **state)
{
    (void)state;
    put(6, 2);
    assert_int_equal(get(6), 5);
    put(B, 0x82);
    put(6, 2);
    assert_int_equal(get(6), 2);
    put(B, 0x02);
    assert_int_equal(get(6), 5);
}

static void test_stop(void **state)
{
    (void)state;
    put(A, 0x26);
    put(B, 0x42);
    assert_int_equal(fake_armed(), 1);
    rtc_stop(&rtc);
    assert_int_equal(fake_armed(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calendar_against_libc),
        cmocka_unit_test(test_every_day),
        cmocka_unit_test_setup(test_shows_the_time, setup),
        cmocka_unit_test_setup(test_formats, setup),
        cmocka_unit_test_setup(test_update_in_progress, setup),
        cmocka_unit_test_setup(test_set_under_the_set_bit, setup),
        cmocka_unit_test_setup(test_set_with_divider_reset, setup),
        cmocka_unit_test_setup(test_set_while_running, setup),
        cmocka_unit_test_setup(test_nonsense_time, setup),
        cmocka_unit_test_setup(test_update_interrupt, setup),
        cmocka_unit_test_setup(test_flags_without_interrupts, setup),
        cmocka_unit_test_setup(test_periodic_rates, setup),
        cmocka_unit_test_setup(test_alarm, setup),
        cmocka_unit_test_setup(test_alarm_again, setup),
        cmocka_unit_test_setup(test_cmos_bytes, setup),
        cmocka_unit_test_setup(test_set_in_12_hours, setup),
        cmocka_unit_test_setup(test_alarm_set_late, setup),
        cmocka_unit_test_setup(test_index_and_data_at_once, setup),
        cmocka_unit_test_setup(test_weekday_follows, setup),
        cmocka_unit_test_setup(test_stop, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
