/* kernel/rtc_host.c against a small clock chip: BCD and binary, 12 and 24
 * hours, updates in progress, no chip at all; dates against libc's timegm. */
#include "kernel/rtc_host.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <setjmp.h>

#include <cmocka.h>

#include "arch/cpu.h"

#define BINARY  0x04
#define HOURS24 0x02

static uint8_t cmos[128];
static uint8_t cmos_index;
static unsigned reads;
static unsigned updating_for;  /* reads of A that still say so */
static unsigned ticks_at_read; /* the second passes at that read */
static bool always_moving;     /* a chip that never holds still */

void cpu_out8(uint16_t port, uint8_t value)
{
    assert_int_equal(port, 0x70);
    cmos_index = value;
}

uint8_t cpu_in8(uint16_t port)
{
    assert_int_equal(port, 0x71);
    assert_in_range(++reads, 1, 1000000);
    if (cmos_index == 0x0a) {
        if (updating_for > 0) {
            updating_for--;
            return 0xa6;
        }
        return 0x26;
    }
    if (always_moving && cmos_index == 0) {
        cmos[0] ^= 1;
    }
    if (reads == ticks_at_read) {
        cmos[0] = 0;
        cmos[2] = 1;
    }
    return cmos[cmos_index];
}

static uint8_t encode(int value, uint8_t mode)
{
    return (uint8_t)(mode & BINARY ? value : value / 10 * 16 + value % 10);
}

static void set_clock(const struct tm *date, uint8_t mode)
{
    int hour = date->tm_hour;
    uint8_t pm = 0;

    if (!(mode & HOURS24)) {
        pm = hour >= 12 ? 0x80 : 0;
        hour = hour % 12 == 0 ? 12 : hour % 12;
    }
    cmos[0x00] = encode(date->tm_sec, mode);
    cmos[0x02] = encode(date->tm_min, mode);
    cmos[0x04] = (uint8_t)(encode(hour, mode) | pm);
    cmos[0x07] = encode(date->tm_mday, mode);
    cmos[0x08] = encode(date->tm_mon + 1, mode);
    cmos[0x09] = encode(date->tm_year - 100, mode);
    cmos[0x0b] = mode;
}

static int quiet_chip(void **state)
{
    (void)state;
    memset(cmos, 0, sizeof(cmos));
    reads = 0;
    updating_for = 0;
    ticks_at_read = 0;
    always_moving = false;
    return 0;
}

static void every_mode_gives_the_same_second(void **state)
{
    (void)state;
    for (uint8_t mode = 0; mode < 4; mode++) {
        for (time_t at = 946684800; at < 4102444800; at += 6 * 3600 + 9371) {
            struct tm date;
            uint64_t seconds = 0;

            reads = 0;
            gmtime_r(&at, &date);
            set_clock(&date, (uint8_t)(mode << 1));
            assert_true(rtc_host_read(&seconds));
            assert_int_equal(seconds, at);
            at += 40 * 86400;
        }
    }
}

static void midnight_and_noon_of_a_12_hour_clock(void **state)
{
    time_t day = 1800000000 / 86400 * 86400;
    uint64_t seconds = 0;

    (void)state;
    for (int hour = 0; hour < 24; hour++) {
        time_t at = day + hour * 3600;
        struct tm date;

        gmtime_r(&at, &date);
        set_clock(&date, 0);
        assert_true(rtc_host_read(&seconds));
        assert_int_equal(seconds, at);
    }
}

static void an_update_is_waited_for(void **state)
{
    time_t at = 1800000000;
    struct tm date;
    uint64_t seconds = 0;

    (void)state;
    gmtime_r(&at, &date);
    set_clock(&date, HOURS24);
    updating_for = 300;
    assert_true(rtc_host_read(&seconds));
    assert_int_equal(seconds, at);
    assert_int_equal(updating_for, 0);
}

/* 10:00:59 turns to 10:01:00 at any of the reads: never a mixture. */
static void a_second_that_passes_meanwhile_does_not_tear(void **state)
{
    struct tm date = {
        .tm_year = 126, .tm_mon = 5, .tm_mday = 7, .tm_hour = 10, .tm_sec = 59};
    uint64_t before = (uint64_t)timegm(&date);

    (void)state;
    for (unsigned at = 1; at < 25; at++) {
        uint64_t seconds = 0;

        set_clock(&date, HOURS24);
        reads = 0;
        ticks_at_read = at;
        assert_true(rtc_host_read(&seconds));
        assert_true(seconds == before || seconds == before + 1);
    }
}

static void a_chip_that_does_not_work_is_given_up(void **state)
{
    struct tm date = {.tm_year = 126, .tm_mon = 5, .tm_mday = 7};
    uint64_t seconds = 0;

    (void)state;
    memset(cmos, 0xff, sizeof(cmos));
    assert_false(rtc_host_read(&seconds)); /* nothing on the bus */
    memset(cmos, 0, sizeof(cmos));
    assert_false(rtc_host_read(&seconds)); /* month 0 */
    set_clock(&date, HOURS24);
    updating_for = 10000000;
    assert_false(rtc_host_read(&seconds));
    updating_for = 0;
    always_moving = true;
    reads = 0;
    assert_false(rtc_host_read(&seconds));
}

static void impossible_dates_are_refused(void **state)
{
    static const struct {
        uint8_t index;
        uint8_t value;
    } wrong[] = {
        {0x00, 0x60}, {0x00, 0x5a}, {0x02, 0x60}, {0x04, 0x24}, {0x07, 0x00},
        {0x07, 0x31}, {0x08, 0x13}, {0x08, 0x00}, {0x09, 0xa0},
    };
    struct tm date = {.tm_year = 126, .tm_mon = 5, .tm_mday = 7};
    uint64_t seconds = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        set_clock(&date, HOURS24);
        assert_true(rtc_host_read(&seconds));
        cmos[wrong[i].index] = wrong[i].value;
        assert_false(rtc_host_read(&seconds));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_mode_gives_the_same_second, quiet_chip),
        cmocka_unit_test_setup(midnight_and_noon_of_a_12_hour_clock,
                               quiet_chip),
        cmocka_unit_test_setup(an_update_is_waited_for, quiet_chip),
        cmocka_unit_test_setup(a_second_that_passes_meanwhile_does_not_tear,
                               quiet_chip),
        cmocka_unit_test_setup(a_chip_that_does_not_work_is_given_up,
                               quiet_chip),
        cmocka_unit_test_setup(impossible_dates_are_refused, quiet_chip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
