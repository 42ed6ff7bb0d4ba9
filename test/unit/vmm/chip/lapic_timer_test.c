/* The local APIC's timer that counts down: when it fires, what its count shows
 * on the way, and what a guest can not make of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/support/lapic_timer_rig.h"
#include "vmm/chip/apic_bus.h"

static void test_one_shot(void **state)
{
    (void)state;
    rig_lvt(VECTOR);
    rig_initial(1000);
    assert_int_equal(rig_get(INITIAL_COUNT), 1000);
    assert_int_equal(rig_current(), 1000);
    fake_advance(1);
    assert_int_equal(rig_current(), 999);
    fake_advance(998);
    assert_int_equal(rig_current(), 1);
    assert_false(rig_interrupted());
    fake_advance(1);
    assert_int_equal(rig_current(), 0);
    assert_true(rig_interrupted());
    fake_advance(1000000);
    assert_int_equal(rig_current(), 0);
    assert_false(rig_interrupted());
    assert_int_equal(fake_armed(), 0);
}

static void test_dividers(void **state)
{
    static const struct {
        uint32_t value;
        unsigned divide;
    } table[] = {{0x0, 2},  {0x1, 4},  {0x2, 8},   {0x3, 16},
                 {0x8, 32}, {0x9, 64}, {0xa, 128}, {0xb, 1}};

    (void)state;
    rig_lvt(VECTOR);
    for (unsigned i = 0; i < 8; i++) {
        rig_put(DIVIDE, table[i].value | 0xfffffff4);
        assert_int_equal(rig_get(0x3e0), table[i].value);
        rig_initial(100);
        fake_advance(table[i].divide * 40 + table[i].divide - 1);
        assert_int_equal(rig_current(), 60);
        fake_advance(table[i].divide * 59);
        assert_false(rig_interrupted());
        fake_advance(1);
        assert_true(rig_interrupted());
    }
}

static void test_divider_changes_on_the_way(void **state)
{
    (void)state;
    rig_lvt(VECTOR);
    rig_initial(1000);
    fake_advance(600);
    rig_put(DIVIDE, 0x0);
    assert_int_equal(rig_current(), 400);
    fake_advance(799);
    assert_int_equal(rig_current(), 1);
    assert_false(rig_interrupted());
    fake_advance(1);
    assert_true(rig_interrupted());
}

static void test_stop(void **state)
{
    (void)state;
    rig_lvt(VECTOR);
    rig_initial(1000);
    fake_advance(500);
    rig_initial(0);
    assert_int_equal(rig_current(), 0);
    fake_advance(TIME_SECOND);
    assert_false(rig_interrupted());
    assert_int_equal(fake_callbacks(), 0);
}

static void test_periodic(void **state)
{
    (void)state;
    rig_lvt(PERIODIC | VECTOR);
    rig_initial(1000000);
    for (unsigned i = 0; i < 50; i++) {
        fake_advance(999999);
        assert_int_equal(rig_current(), 1);
        assert_false(rig_interrupted());
        fake_advance(1);
        assert_int_equal(rig_current(), 1000000);
        assert_true(rig_interrupted());
    }
}

/* However late the scheduler is, the phase stays that of the start. */
static void test_periodic_does_not_drift(void **state)
{
    uint64_t start = time_now();
    unsigned count = 0;

    (void)state;
    rig_lvt(PERIODIC | VECTOR);
    rig_initial(1000003);
    for (unsigned i = 0; i < 1000; i++) {
        fake_advance_late(1300000 + i * 37 % 1000);
        count += rig_interrupted();
    }
    assert_int_equal(rig_current(), 1000003 - (time_now() - start) % 1000003);
    assert_in_range(count, 900, 1000);
    fake_advance(rig_current() - 1);
    rig_interrupted();
    assert_false(rig_interrupted());
    fake_advance(1);
    assert_true(rig_interrupted());
}

static void test_missed_ticks_are_one(void **state)
{
    (void)state;
    rig_lvt(PERIODIC | VECTOR);
    rig_initial(1000000);
    fake_advance_late(10500000);
    assert_true(rig_interrupted());
    assert_false(rig_interrupted());
    assert_int_equal(fake_callbacks(), 1);
    fake_advance(500000);
    assert_true(rig_interrupted());
}

static void test_no_storm(void **state)
{
    (void)state;
    rig_lvt(PERIODIC | VECTOR);
    for (uint32_t period = 1; period < 30000; period = period * 3 + 1) {
        unsigned long before = fake_callbacks();

        rig_initial(period);
        fake_advance(100 * TIME_MS);
        assert_in_range(fake_callbacks() - before, 3000, 10001);
        assert_in_range(rig_current(), 1, period);
    }
}

/* Sixty-four of them must not be a storm where one is none. */
static void test_no_storm_of_many(void **state)
{
    (void)state;
    for (unsigned i = 0; i < APIC_BUS_LAPICS; i++) {
        lapic.bus->lapics[i] = &lapic;
    }
    lapic.bus->count = APIC_BUS_LAPICS;
    rig_lvt(PERIODIC | VECTOR);
    for (uint32_t period = 1; period < 500000; period = period * 3 + 1) {
        unsigned long before = fake_callbacks();

        rig_initial(period);
        fake_advance(1000 * TIME_MS);
        assert_in_range(fake_callbacks() - before, 600, 1564);
        assert_in_range(rig_current(), 1, period);
    }
    /* A tick as kernels have it comes each time. */
    rig_initial(1000000);
    rig_interrupted();
    for (unsigned i = 0; i < 50; i++) {
        fake_advance(1000000);
        assert_true(rig_interrupted());
    }
}

static void test_masked(void **state)
{
    (void)state;
    rig_lvt(MASKED | VECTOR);
    rig_initial(1000);
    assert_int_equal(fake_armed(), 0);
    fake_advance(600);
    assert_int_equal(rig_current(), 400);
    rig_lvt(VECTOR);
    fake_advance(400);
    assert_true(rig_interrupted());
    /* Unmasked after it has expired: that interrupt is lost. */
    rig_lvt(MASKED | VECTOR);
    rig_initial(1000);
    fake_advance(1000);
    rig_lvt(VECTOR);
    fake_advance(10000);
    assert_false(rig_interrupted());
    /* A periodic one goes on in its phase. */
    rig_lvt(MASKED | PERIODIC | VECTOR);
    rig_initial(100000);
    fake_advance(250000);
    rig_lvt(PERIODIC | VECTOR);
    fake_advance(49999);
    assert_false(rig_interrupted());
    fake_advance(1);
    assert_true(rig_interrupted());
}

/* The guest reprograms after the time, but before the scheduler came. */
static void test_late_is_not_lost(void **state)
{
    (void)state;
    rig_lvt(VECTOR);
    rig_initial(1000);
    fake_pass(5000);
    rig_initial(2000);
    assert_true(rig_interrupted());
    fake_advance(2000);
    assert_true(rig_interrupted());
}

static void test_one_shot_to_periodic(void **state)
{
    (void)state;
    rig_lvt(VECTOR);
    rig_initial(100000);
    fake_advance(40000);
    rig_lvt(PERIODIC | VECTOR);
    assert_int_equal(rig_current(), 60000);
    fake_advance(60000);
    assert_true(rig_interrupted());
    fake_advance(100000);
    assert_true(rig_interrupted());
    rig_lvt(VECTOR);
    fake_advance(100000);
    assert_true(rig_interrupted());
    fake_advance(1000000);
    assert_false(rig_interrupted());
}

static void test_software_disable_masks(void **state)
{
    (void)state;
    rig_lvt(PERIODIC | VECTOR);
    rig_initial(100000);
    rig_put(0xf0, 0xff);
    assert_int_equal(fake_armed(), 0);
    fake_advance(TIME_MS);
    assert_false(rig_interrupted());
    rig_put(0xf0, 0x1ff);
    rig_lvt(PERIODIC | VECTOR);
    fake_advance(100000);
    assert_true(rig_interrupted());
}

static void test_reserved_mode(void **state)
{
    (void)state;
    rig_lvt(VECTOR);
    rig_initial(1000);
    rig_lvt(3U << 17 | VECTOR);
    rig_initial(1000);
    lapic_deadline_write(&lapic, 1);
    assert_int_equal(rig_current(), 0);
    assert_int_equal(fake_armed(), 0);
    fake_advance(TIME_SECOND);
    assert_false(rig_interrupted());
}

static void test_init_stops(void **state)
{
    (void)state;
    rig_lvt(PERIODIC | VECTOR);
    rig_initial(1000);
    lapic_receive(&lapic, APIC_INIT, 0, false);
    assert_true(lapic_take_init(&lapic));
    assert_true(lapic_valid(&lapic));
    assert_int_equal(fake_armed(), 0);
    assert_int_equal(rig_current(), 0);
}

static void test_late_and_reconfigured(void **state)
{
    (void)state;
    rig_lvt(VECTOR);
    rig_initial(1000);
    fake_pass(1000); /* exactly */
    rig_lvt(MASKED | VECTOR);
    assert_true(rig_interrupted());
    rig_lvt(VECTOR);
    rig_initial(1000);
    fake_pass(1000);
    rig_put(DIVIDE, 0x0);
    assert_true(rig_interrupted());
}

/* The timer's interrupt is an edge, whatever its vector was before. */
static void test_timer_is_an_edge(void **state)
{
    (void)state;
    lapic_receive(&lapic, APIC_FIXED, VECTOR, true);
    assert_true(rig_interrupted());
    assert_int_equal(rig_get(0x1f0), 1U << (VECTOR & 31));
    rig_lvt(VECTOR);
    rig_initial(1000);
    fake_advance(1000);
    assert_int_equal(rig_get(0x1f0), 0);
}

static void test_stopped_for_good(void **state)
{
    (void)state;
    rig_lvt(PERIODIC | VECTOR);
    rig_initial(1000);
    assert_int_equal(fake_armed(), 1);
    lapic_stop(&lapic);
    assert_int_equal(fake_armed(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_one_shot, rig_setup),
        cmocka_unit_test_setup(test_dividers, rig_setup),
        cmocka_unit_test_setup(test_divider_changes_on_the_way, rig_setup),
        cmocka_unit_test_setup(test_stop, rig_setup),
        cmocka_unit_test_setup(test_periodic, rig_setup),
        cmocka_unit_test_setup(test_periodic_does_not_drift, rig_setup),
        cmocka_unit_test_setup(test_missed_ticks_are_one, rig_setup),
        cmocka_unit_test_setup(test_no_storm, rig_setup),
        cmocka_unit_test_setup(test_no_storm_of_many, rig_setup),
        cmocka_unit_test_setup(test_masked, rig_setup),
        cmocka_unit_test_setup(test_late_is_not_lost, rig_setup),
        cmocka_unit_test_setup(test_one_shot_to_periodic, rig_setup),
        cmocka_unit_test_setup(test_software_disable_masks, rig_setup),
        cmocka_unit_test_setup(test_reserved_mode, rig_setup),
        cmocka_unit_test_setup(test_init_stops, rig_setup),
        cmocka_unit_test_setup(test_late_and_reconfigured, rig_setup),
        cmocka_unit_test_setup(test_timer_is_an_edge, rig_setup),
        cmocka_unit_test_setup(test_stopped_for_good, rig_setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
