/* The 8254: counts and outputs at any moment, interrupts without drift. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/support/chips_fake.h"
#include "vmm/chip/chip_clock.h"
#include "vmm/chip/pit.h"

static struct vm vm;
static struct pit pit;

static void out(unsigned port, unsigned value)
{
    struct access access = {
        .address = port, .value = value, .size = 1, .write = true};

    assert_int_equal(pit_access(&pit, &access), ACCESS_HANDLED);
    assert_true(pit_valid(&pit));
}

static unsigned in(unsigned port)
{
    struct access access = {.address = port, .size = 1};

    assert_int_equal(pit_access(&pit, &access), ACCESS_HANDLED);
    return (unsigned)access.value;
}

/* Where until_tick() counts from. */
static uint64_t started;

static void start(void)
{
    started = time_now();
}

static void until_tick(uint64_t tick)
{
    fake_advance(started + chip_clock_ns(tick, PIT_HZ) - time_now());
}

static void program(unsigned channel, unsigned mode, unsigned count)
{
    out(0x43, channel << 6 | 0x30 | mode << 1);
    out(0x40 + channel, count & 0xff);
    out(0x40 + channel, count >> 8);
    start();
}

static unsigned count(unsigned channel)
{
    unsigned low = 0;

    out(0x43, channel << 6);
    low = in(0x40 + channel);
    return low | in(0x40 + channel) << 8;
}

static unsigned status(unsigned channel)
{
    out(0x43, 0xe0 | 2U << channel);
    return in(0x40 + channel);
}

static bool output(unsigned channel)
{
    return (status(channel) & 0x80) != 0;
}

static int setup(void **state)
{
    (void)state;
    fake_reset();
    vm = (struct vm){0};
    fake_advance(777777);
    pit_init(&pit, &vm);
    start();
    return 0;
}

static void test_bios_state(void **state)
{
    (void)state;
    assert_true(pit_valid(&pit));
    assert_int_equal(status(0) & 0x3f, 0x36);
    assert_int_equal(status(1) & 0x3f, 0x14);
    fake_advance(TIME_SECOND);
    assert_int_equal(vm.rises[0], 18);
    assert_false(vm.level[0]);
}

/* What Linux does to find the TSC's rate: channel 2, mode 0, by its gate. */
static void test_calibration(void **state)
{
    (void)state;
    out(0x61, 0x01);
    program(2, 0, 11932);
    assert_int_equal(in(0x61) & 0x20, 0);
    fake_advance(9999000);
    assert_int_equal(in(0x61) & 0x20, 0);
    fake_advance(2000);
    assert_int_equal(in(0x61) & 0x20, 0x20);
    assert_int_equal(in(0x61) & 0x0f, 0x01);
}

/* The other way it does it: the high byte falls at 256-tick steps. */
static void test_reading_while_it_counts(void **state)
{
    (void)state;
    out(0x61, 0x01);
    program(2, 0, 0xffff);
    for (unsigned tick = 0; tick < 0xffff; tick += 251) {
        until_tick(tick);
        assert_int_equal(in(0x42), (0xffff - tick) & 0xff);
        assert_int_equal(in(0x42), (0xffff - tick) >> 8);
    }
}

static void test_mode_0(void **state)
{
    (void)state;
    program(0, 0, 1000);
    assert_false(output(0));
    until_tick(999);
    assert_int_equal(count(0), 1);
    assert_false(output(0));
    assert_int_equal(vm.rises[0], 0);
    until_tick(1000);
    assert_int_equal(count(0), 0);
    assert_true(output(0));
    assert_int_equal(vm.rises[0], 1);
    /* It counts on below zero and interrupts no more. */
    until_tick(1001);
    assert_int_equal(count(0), 0xffff);
    until_tick(200000);
    assert_int_equal(vm.rises[0], 1);
    assert_int_equal(fake_armed(), 0);
}

static void test_mode_0_gate_pauses(void **state)
{
    (void)state;
    out(0x61, 0x01);
    program(2, 0, 1000);
    until_tick(300);
    out(0x61, 0x00);
    assert_int_equal(count(2), 700);
    fake_advance(TIME_SECOND);
    assert_int_equal(count(2), 700);
    out(0x61, 0x01);
    start();
    until_tick(699);
    assert_int_equal(in(0x61) & 0x20, 0);
    until_tick(700);
    assert_int_equal(in(0x61) & 0x20, 0x20);
}

static void test_mode_0_first_byte_stops(void **state)
{
    (void)state;
    program(0, 0, 1000);
    until_tick(100);
    out(0x40, 0x10);
    assert_int_equal(status(0) & 0x40, 0x40);
    fake_advance(TIME_SECOND);
    assert_int_equal(vm.rises[0], 0);
    out(0x40, 0x00);
    assert_int_equal(status(0) & 0x40, 0);
    start();
    until_tick(16);
    assert_int_equal(vm.rises[0], 1);
}

static void test_mode_1(void **state)
{
    (void)state;
    program(2, 1, 100);
    assert_true(output(2));
    out(0x61, 0x01);
    start();
    assert_false(output(2));
    until_tick(60);
    assert_int_equal(count(2), 40);
    /* Triggered again before its end. */
    out(0x61, 0x00);
    out(0x61, 0x01);
    start();
    until_tick(99);
    assert_false(output(2));
    until_tick(100);
    assert_true(output(2));
}

static void test_mode_2(void **state)
{
    (void)state;
    program(0, 2, 100);
    assert_int_equal(count(0), 100);
    until_tick(99);
    assert_int_equal(count(0), 1);
    assert_false(output(0));
    assert_int_equal(vm.rises[0], 0);
    until_tick(100);
    assert_int_equal(count(0), 100);
    assert_true(output(0));
    assert_int_equal(vm.rises[0], 1);
    until_tick(10000);
    assert_int_equal(vm.rises[0], 100);
}

static void test_mode_3(void **state)
{
    (void)state;
    program(0, 3, 100);
    assert_true(output(0));
    until_tick(25);
    assert_int_equal(count(0), 50);
    until_tick(49);
    assert_true(output(0));
    until_tick(50);
    assert_false(output(0));
    assert_int_equal(count(0), 100);
    until_tick(100);
    assert_true(output(0));
    assert_int_equal(vm.rises[0], 1);
    program(0, 3, 5);
    until_tick(2);
    assert_true(output(0));
    until_tick(3);
    assert_false(output(0));
}

static void test_modes_4_and_5(void **state)
{
    (void)state;
    program(0, 4, 100);
    until_tick(99);
    assert_true(output(0));
    until_tick(100);
    assert_false(output(0));
    assert_int_equal(vm.rises[0], 0);
    until_tick(101);
    assert_true(output(0));
    assert_int_equal(vm.rises[0], 1);
    until_tick(200000);
    assert_int_equal(vm.rises[0], 1);
    /* Channel 0's gate never rises: mode 5 waits for ever. */
    program(0, 5, 100);
    until_tick(100000);
    assert_int_equal(vm.rises[0], 1);
    program(2, 5, 100);
    out(0x61, 0x01);
    start();
    until_tick(100);
    assert_false(output(2));
    until_tick(101);
    assert_true(output(2));
}

static void test_modes_6_and_7(void **state)
{
    (void)state;
    out(0x43, 0x3c);
    assert_int_equal(status(0) & 0x0e, 0x04);
    out(0x43, 0x3e);
    assert_int_equal(status(0) & 0x0e, 0x06);
}

static void test_rate_gate(void **state)
{
    (void)state;
    out(0x61, 0x01);
    program(2, 3, 100);
    until_tick(70);
    assert_int_equal(in(0x61) & 0x20, 0);
    out(0x61, 0x00);
    assert_int_equal(in(0x61) & 0x20, 0x20);
    out(0x61, 0x01);
    start();
    assert_int_equal(count(2), 100);
    until_tick(50);
    assert_int_equal(in(0x61) & 0x20, 0);
}

static void test_count_of_zero(void **state)
{
    (void)state;
    program(0, 2, 0);
    assert_int_equal(count(0), 0);
    until_tick(1);
    assert_int_equal(count(0), 0xffff);
    until_tick(65536);
    assert_int_equal(vm.rises[0], 1);
}

static void test_bcd(void **state)
{
    (void)state;
    out(0x43, 0x35);
    out(0x40, 0x00);
    out(0x40, 0x10);
    start();
    assert_int_equal(count(0), 0x1000);
    until_tick(1);
    assert_int_equal(count(0), 0x0999);
    until_tick(1000);
    assert_int_equal(vm.rises[0], 1);
    out(0x40, 0x00);
    out(0x40, 0x00);
    start();
    vm.rises[0] = 0;
    until_tick(9999);
    assert_int_equal(vm.rises[0], 0);
    until_tick(10000);
    assert_int_equal(vm.rises[0], 1);
    out(0x40, 0xff); /* not BCD, and harmless */
    out(0x40, 0xff);
    assert_true(pit_valid(&pit));
}

static void test_access_formats(void **state)
{
    (void)state;
    out(0x61, 0x01);
    out(0x43, 0x90); /* channel 2, low byte, mode 0 */
    out(0x42, 200);
    start();
    until_tick(50);
    assert_int_equal(in(0x42), 150);
    assert_int_equal(in(0x42), 150);
    out(0x43, 0xa0); /* high byte */
    out(0x42, 0x12);
    start();
    until_tick(0x100);
    assert_int_equal(in(0x42), 0x11);
}

static void test_latches(void **state)
{
    (void)state;
    program(0, 2, 1000);
    until_tick(100);
    out(0x43, 0x00);
    until_tick(300);
    out(0x43, 0x00); /* latched already: no effect */
    assert_int_equal(in(0x40), 900 & 0xff);
    until_tick(400);
    assert_int_equal(in(0x40), 900 >> 8);
    assert_int_equal(in(0x40), 600 & 0xff);
    assert_int_equal(in(0x40), 600 >> 8);
    /* Read-back of both: the status comes first. */
    out(0x43, 0xc2);
    until_tick(500);
    assert_int_equal(in(0x40), 0xb4);
    assert_int_equal(in(0x40), 600 & 0xff);
    assert_int_equal(in(0x40), 600 >> 8);
    /* A count latch of channels 1 and 2 does not touch channel 0. */
    out(0x43, 0xdc);
    assert_int_equal(in(0x40), 500 & 0xff);
    assert_int_equal(in(0x40), 500 >> 8);
}

static void test_no_drift(void **state)
{
    (void)state;
    program(0, 2, 1193); /* 1000.15 Hz */
    vm.rises[0] = 0;
    for (unsigned i = 0; i < 100000; i++) {
        fake_advance(100 * TIME_US - 3);
    }
    assert_int_equal(vm.rises[0], 100000ULL * 99997 / 10000 * PIT_HZ / 1193 /
                                      (TIME_SECOND / 10000));
}

static void test_late_ticks_are_one(void **state)
{
    (void)state;
    program(0, 2, 11932);
    fake_advance_late(105 * TIME_MS);
    assert_int_equal(vm.rises[0], 1);
    fake_advance(6 * TIME_MS);
    assert_int_equal(vm.rises[0], 2);
}

static void test_no_storm(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 20; n++) {
        unsigned long before = fake_callbacks();

        program(0, n % 2 == 0 ? 2 : 3, n);
        fake_advance(100 * TIME_MS);
        assert_in_range(fake_callbacks() - before, 1, 10000);
    }
}

static void test_refresh_toggles(void **state)
{
    unsigned first = in(0x61) & 0x10;

    (void)state;
    fake_advance(15085);
    assert_int_equal(in(0x61) & 0x10, first ^ 0x10);
    fake_advance(15085);
    assert_int_equal(in(0x61) & 0x10, first);
    out(0x61, 0xff);
    assert_int_equal(in(0x61) & 0xcf, 0x0f);
}

static void test_control_reads_nothing(void **state)
{
    struct access access = {.address = 0x43, .size = 4};

    (void)state;
    assert_int_equal(in(0x43), 0xff);
    pit_access(&pit, &access);
    assert_int_equal(access.value, 0xffffffff);
}

static void test_mode_1_waits_for_its_trigger(void **state)
{
    (void)state;
    program(2, 1, 100);
    out(0x61, 0x01);
    assert_false(output(2));
    out(0x42, 50);
    out(0x42, 0);
    assert_true(output(2));
    fake_advance(TIME_MS);
    assert_int_equal(count(2), 50);
    out(0x61, 0x00);
    out(0x61, 0x01);
    start();
    until_tick(49);
    assert_false(output(2));
    until_tick(50);
    assert_true(output(2));
}

static void test_bcd_digits(void **state)
{
    (void)state;
    out(0x43, 0x35);
    out(0x40, 0x34);
    out(0x40, 0x12);
    assert_int_equal(count(0), 0x1234);
    start();
    until_tick(1233);
    assert_int_equal(count(0), 1);
    until_tick(1234);
    assert_int_equal(count(0), 0x1234);
}

static void test_stopped_for_good(void **state)
{
    (void)state;
    assert_int_equal(fake_armed(), 1);
    pit_stop(&pit);
    assert_int_equal(fake_armed(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_bios_state, setup),
        cmocka_unit_test_setup(test_calibration, setup),
        cmocka_unit_test_setup(test_reading_while_it_counts, setup),
        cmocka_unit_test_setup(test_mode_0, setup),
        cmocka_unit_test_setup(test_mode_0_gate_pauses, setup),
        cmocka_unit_test_setup(test_mode_0_first_byte_stops, setup),
        cmocka_unit_test_setup(test_mode_1, setup),
        cmocka_unit_test_setup(test_mode_2, setup),
        cmocka_unit_test_setup(test_mode_3, setup),
        cmocka_unit_test_setup(test_modes_4_and_5, setup),
        cmocka_unit_test_setup(test_modes_6_and_7, setup),
        cmocka_unit_test_setup(test_rate_gate, setup),
        cmocka_unit_test_setup(test_count_of_zero, setup),
        cmocka_unit_test_setup(test_bcd, setup),
        cmocka_unit_test_setup(test_access_formats, setup),
        cmocka_unit_test_setup(test_latches, setup),
        cmocka_unit_test_setup(test_no_drift, setup),
        cmocka_unit_test_setup(test_late_ticks_are_one, setup),
        cmocka_unit_test_setup(test_no_storm, setup),
        cmocka_unit_test_setup(test_refresh_toggles, setup),
        cmocka_unit_test_setup(test_control_reads_nothing, setup),
        cmocka_unit_test_setup(test_mode_1_waits_for_its_trigger, setup),
        cmocka_unit_test_setup(test_bcd_digits, setup),
        cmocka_unit_test_setup(test_stopped_for_good, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
