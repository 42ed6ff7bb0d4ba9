/* The local APIC's timer: when it fires, what its count shows on the way, and
 * what a guest can not make of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/support/chips_fake.h"
#include "vmm/chip/apic_bus.h"
#include "vmm/chip/lapic.h"

#define VECTOR   0xecU
#define PERIODIC (1U << 17)
#define DEADLINE (2U << 17)
#define MASKED   LAPIC_LVT_MASKED

static struct apic_bus bus;
static struct lapic lapic;
static struct vcpu vcpu;

static void put(unsigned offset, uint32_t value)
{
    struct access access = {
        .address = offset, .value = value, .size = 4, .write = true};

    assert_int_equal(lapic_access(&lapic, &access), ACCESS_HANDLED);
    assert_true(lapic_valid(&lapic));
}

static uint32_t get(unsigned offset)
{
    struct access access = {.address = offset, .size = 4};

    assert_int_equal(lapic_access(&lapic, &access), ACCESS_HANDLED);
    return (uint32_t)access.value;
}

static void lvt(uint32_t value)
{
    put(0x320, value);
}

static void initial(uint32_t value)
{
    put(0x380, value);
}

static uint32_t current(void)
{
    return get(0x390);
}

/* Takes the timer's interrupt to its end; false: there was none. */
static bool interrupted(void)
{
    assert_true(lapic_valid(&lapic));
    if (lapic_pending(&lapic) < 0) {
        return false;
    }
    assert_int_equal(lapic_pending(&lapic), VECTOR);
    lapic_accept(&lapic, (int)VECTOR);
    lapic_eoi(&lapic);
    return true;
}

static int setup(void **state)
{
    (void)state;
    fake_reset();
    bus = (struct apic_bus){.lapics = {&lapic}, .count = 1};
    lapic_init(&lapic, &bus, &vcpu, 0, true);
    lapic_firmware_state(&lapic);
    fake_advance(12345);
    put(0x3e0, 0xb); /* divide by 1 */
    return 0;
}

static void test_one_shot(void **state)
{
    (void)state;
    lvt(VECTOR);
    initial(1000);
    assert_int_equal(get(0x380), 1000);
    assert_int_equal(current(), 1000);
    fake_advance(1);
    assert_int_equal(current(), 999);
    fake_advance(998);
    assert_int_equal(current(), 1);
    assert_false(interrupted());
    fake_advance(1);
    assert_int_equal(current(), 0);
    assert_true(interrupted());
    fake_advance(1000000);
    assert_int_equal(current(), 0);
    assert_false(interrupted());
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
    lvt(VECTOR);
    for (unsigned i = 0; i < 8; i++) {
        put(0x3e0, table[i].value | 0xfffffff4);
        assert_int_equal(get(0x3e0), table[i].value);
        initial(100);
        fake_advance(table[i].divide * 40 + table[i].divide - 1);
        assert_int_equal(current(), 60);
        fake_advance(table[i].divide * 59);
        assert_false(interrupted());
        fake_advance(1);
        assert_true(interrupted());
    }
}

static void test_divider_changes_on_the_way(void **state)
{
    (void)state;
    lvt(VECTOR);
    initial(1000);
    fake_advance(600);
    put(0x3e0, 0x0);
    assert_int_equal(current(), 400);
    fake_advance(799);
    assert_int_equal(current(), 1);
    assert_false(interrupted());
    fake_advance(1);
    assert_true(interrupted());
}

static void test_stop(void **state)
{
    (void)state;
    lvt(VECTOR);
    initial(1000);
    fake_advance(500);
    initial(0);
    assert_int_equal(current(), 0);
    fake_advance(TIME_SECOND);
    assert_false(interrupted());
    assert_int_equal(fake_callbacks(), 0);
}

static void test_periodic(void **state)
{
    (void)state;
    lvt(PERIODIC | VECTOR);
    initial(1000000);
    for (unsigned i = 0; i < 50; i++) {
        fake_advance(999999);
        assert_int_equal(current(), 1);
        assert_false(interrupted());
        fake_advance(1);
        assert_int_equal(current(), 1000000);
        assert_true(interrupted());
    }
}

/* However late the scheduler is, the phase stays that of the start. */
static void test_periodic_does_not_drift(void **state)
{
    uint64_t start = time_now();
    unsigned count = 0;

    (void)state;
    lvt(PERIODIC | VECTOR);
    initial(1000003);
    for (unsigned i = 0; i < 1000; i++) {
        fake_advance_late(1300000 + i * 37 % 1000);
        count += interrupted();
    }
    assert_int_equal(current(), 1000003 - (time_now() - start) % 1000003);
    assert_in_range(count, 900, 1000);
    fake_advance(current() - 1);
    interrupted();
    assert_false(interrupted());
    fake_advance(1);
    assert_true(interrupted());
}

static void test_missed_ticks_are_one(void **state)
{
    (void)state;
    lvt(PERIODIC | VECTOR);
    initial(1000000);
    fake_advance_late(10500000);
    assert_true(interrupted());
    assert_false(interrupted());
    assert_int_equal(fake_callbacks(), 1);
    fake_advance(500000);
    assert_true(interrupted());
}

static void test_no_storm(void **state)
{
    (void)state;
    lvt(PERIODIC | VECTOR);
    for (uint32_t period = 1; period < 30000; period = period * 3 + 1) {
        unsigned long before = fake_callbacks();

        initial(period);
        fake_advance(100 * TIME_MS);
        assert_in_range(fake_callbacks() - before, 3000, 10001);
        assert_in_range(current(), 1, period);
    }
}

/* Sixty-four of them must not be a storm where one is none. */
static void test_no_storm_of_many(void **state)
{
    (void)state;
    for (unsigned i = 0; i < APIC_BUS_LAPICS; i++) {
        bus.lapics[i] = &lapic;
    }
    bus.count = APIC_BUS_LAPICS;
    lvt(PERIODIC | VECTOR);
    for (uint32_t period = 1; period < 500000; period = period * 3 + 1) {
        unsigned long before = fake_callbacks();

        initial(period);
        fake_advance(1000 * TIME_MS);
        assert_in_range(fake_callbacks() - before, 600, 1564);
        assert_in_range(current(), 1, period);
    }
    /* A tick as kernels have it comes each time. */
    initial(1000000);
    interrupted();
    for (unsigned i = 0; i < 50; i++) {
        fake_advance(1000000);
        assert_true(interrupted());
    }
}

static void test_masked(void **state)
{
    (void)state;
    lvt(MASKED | VECTOR);
    initial(1000);
    assert_int_equal(fake_armed(), 0);
    fake_advance(600);
    assert_int_equal(current(), 400);
    lvt(VECTOR);
    fake_advance(400);
    assert_true(interrupted());
    /* Unmasked after it has expired: that interrupt is lost. */
    lvt(MASKED | VECTOR);
    initial(1000);
    fake_advance(1000);
    lvt(VECTOR);
    fake_advance(10000);
    assert_false(interrupted());
    /* A periodic one goes on in its phase. */
    lvt(MASKED | PERIODIC | VECTOR);
    initial(100000);
    fake_advance(250000);
    lvt(PERIODIC | VECTOR);
    fake_advance(49999);
    assert_false(interrupted());
    fake_advance(1);
    assert_true(interrupted());
}

/* The guest reprograms after the time, but before the scheduler came. */
static void test_late_is_not_lost(void **state)
{
    (void)state;
    lvt(VECTOR);
    initial(1000);
    fake_pass(5000);
    initial(2000);
    assert_true(interrupted());
    fake_advance(2000);
    assert_true(interrupted());
}

static void test_one_shot_to_periodic(void **state)
{
    (void)state;
    lvt(VECTOR);
    initial(100000);
    fake_advance(40000);
    lvt(PERIODIC | VECTOR);
    assert_int_equal(current(), 60000);
    fake_advance(60000);
    assert_true(interrupted());
    fake_advance(100000);
    assert_true(interrupted());
    lvt(VECTOR);
    fake_advance(100000);
    assert_true(interrupted());
    fake_advance(1000000);
    assert_false(interrupted());
}

static void test_software_disable_masks(void **state)
{
    (void)state;
    lvt(PERIODIC | VECTOR);
    initial(100000);
    put(0xf0, 0xff);
    assert_int_equal(fake_armed(), 0);
    fake_advance(TIME_MS);
    assert_false(interrupted());
    put(0xf0, 0x1ff);
    lvt(PERIODIC | VECTOR);
    fake_advance(100000);
    assert_true(interrupted());
}

static void test_reserved_mode(void **state)
{
    (void)state;
    lvt(VECTOR);
    initial(1000);
    lvt(3U << 17 | VECTOR);
    initial(1000);
    lapic_deadline_write(&lapic, 1);
    assert_int_equal(current(), 0);
    assert_int_equal(fake_armed(), 0);
    fake_advance(TIME_SECOND);
    assert_false(interrupted());
}

static uint64_t guest_tsc(void)
{
    return time_tsc_at(time_now()) + lapic.tsc_offset;
}

static void test_deadline(void **state)
{
    uint64_t deadline = 0;

    (void)state;
    lapic_tsc_offset_set(&lapic, -time_tsc_at(time_now()));
    assert_int_equal(guest_tsc(), 0);
    lvt(DEADLINE | VECTOR);
    deadline = guest_tsc() + 10001;
    lapic_deadline_write(&lapic, deadline);
    assert_int_equal(lapic_deadline_read(&lapic), deadline);
    assert_int_equal(current(), 0);
    initial(5); /* ignored in this mode */
    fake_advance(4000);
    assert_false(interrupted());
    assert_true(guest_tsc() < deadline);
    fake_advance(2);
    assert_true(guest_tsc() >= deadline);
    assert_int_equal(lapic_deadline_read(&lapic), 0);
    assert_true(interrupted());
    assert_int_equal(fake_armed(), 0);
}

static void test_deadline_in_the_past(void **state)
{
    (void)state;
    lvt(DEADLINE | VECTOR);
    lapic_deadline_write(&lapic, guest_tsc());
    assert_true(interrupted());
    lapic_deadline_write(&lapic, 1);
    assert_true(interrupted());
    assert_int_equal(lapic_deadline_read(&lapic), 0);
}

static void test_deadline_disarmed(void **state)
{
    (void)state;
    lvt(DEADLINE | VECTOR);
    lapic_deadline_write(&lapic, guest_tsc() + 1000000);
    lapic_deadline_write(&lapic, 0);
    assert_int_equal(fake_armed(), 0);
    /* A change of mode disarms both ways. */
    lapic_deadline_write(&lapic, guest_tsc() + 1000000);
    lvt(VECTOR);
    lvt(DEADLINE | VECTOR);
    assert_int_equal(lapic_deadline_read(&lapic), 0);
    lvt(VECTOR);
    initial(1000);
    lvt(DEADLINE | VECTOR);
    lvt(VECTOR);
    assert_int_equal(current(), 0);
    /* Outside the mode the MSR does nothing. */
    lapic_deadline_write(&lapic, 1);
    assert_int_equal(lapic_deadline_read(&lapic), 0);
    fake_advance(TIME_SECOND);
    assert_false(interrupted());
    assert_int_equal(fake_armed(), 0);
}

static void test_deadline_never(void **state)
{
    (void)state;
    lvt(DEADLINE | VECTOR);
    lapic_deadline_write(&lapic, UINT64_MAX);
    for (unsigned i = 0; i < 100; i++) {
        fake_advance(300ULL * 24 * 3600 * TIME_SECOND);
        assert_false(interrupted());
        assert_int_equal(lapic_deadline_read(&lapic), UINT64_MAX);
    }
    assert_in_range(fake_callbacks(), 50, 300);
}

static void test_deadline_and_offset(void **state)
{
    (void)state;
    lvt(DEADLINE | VECTOR);
    lapic_deadline_write(&lapic, guest_tsc() + 2500000);
    /* The guest's clock is set forward half the way. */
    lapic_tsc_offset_set(&lapic, lapic.tsc_offset + 1250000);
    fake_advance(499999);
    assert_false(interrupted());
    fake_advance(2);
    assert_true(interrupted());
    lapic_deadline_write(&lapic, guest_tsc() + 2500000);
    lapic_tsc_offset_set(&lapic, lapic.tsc_offset + 2500000);
    assert_true(interrupted());
    assert_int_equal(lapic_deadline_read(&lapic), 0);
}

static void test_deadline_masked(void **state)
{
    (void)state;
    lvt(DEADLINE | MASKED | VECTOR);
    lapic_deadline_write(&lapic, guest_tsc() + 2500);
    assert_int_equal(fake_armed(), 0);
    fake_advance(1000);
    assert_int_equal(lapic_deadline_read(&lapic), 0);
    lvt(DEADLINE | VECTOR);
    fake_advance(1000);
    assert_false(interrupted());
}

static void test_init_stops(void **state)
{
    (void)state;
    lvt(PERIODIC | VECTOR);
    initial(1000);
    lapic_receive(&lapic, APIC_INIT, 0, false);
    assert_true(lapic_take_init(&lapic));
    assert_true(lapic_valid(&lapic));
    assert_int_equal(fake_armed(), 0);
    assert_int_equal(current(), 0);
}

static void test_late_and_reconfigured(void **state)
{
    (void)state;
    lvt(VECTOR);
    initial(1000);
    fake_pass(1000); /* exactly */
    lvt(MASKED | VECTOR);
    assert_true(interrupted());
    lvt(VECTOR);
    initial(1000);
    fake_pass(1000);
    put(0x3e0, 0x0);
    assert_true(interrupted());
    lvt(DEADLINE | VECTOR);
    lapic_deadline_write(&lapic, guest_tsc() + 100);
    fake_pass(40);
    lapic_deadline_write(&lapic, guest_tsc() + 100000);
    assert_true(interrupted());
    assert_int_not_equal(lapic_deadline_read(&lapic), 0);
}

/* The timer's interrupt is an edge, whatever its vector was before. */
static void test_timer_is_an_edge(void **state)
{
    (void)state;
    lapic_receive(&lapic, APIC_FIXED, VECTOR, true);
    assert_true(interrupted());
    assert_int_equal(get(0x1f0), 1U << (VECTOR & 31));
    lvt(VECTOR);
    initial(1000);
    fake_advance(1000);
    assert_int_equal(get(0x1f0), 0);
}

static void test_stopped_for_good(void **state)
{
    (void)state;
    lvt(PERIODIC | VECTOR);
    initial(1000);
    assert_int_equal(fake_armed(), 1);
    lapic_stop(&lapic);
    assert_int_equal(fake_armed(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_one_shot, setup),
        cmocka_unit_test_setup(test_dividers, setup),
        cmocka_unit_test_setup(test_divider_changes_on_the_way, setup),
        cmocka_unit_test_setup(test_stop, setup),
        cmocka_unit_test_setup(test_periodic, setup),
        cmocka_unit_test_setup(test_periodic_does_not_drift, setup),
        cmocka_unit_test_setup(test_missed_ticks_are_one, setup),
        cmocka_unit_test_setup(test_no_storm, setup),
        cmocka_unit_test_setup(test_no_storm_of_many, setup),
        cmocka_unit_test_setup(test_masked, setup),
        cmocka_unit_test_setup(test_late_is_not_lost, setup),
        cmocka_unit_test_setup(test_one_shot_to_periodic, setup),
        cmocka_unit_test_setup(test_software_disable_masks, setup),
        cmocka_unit_test_setup(test_reserved_mode, setup),
        cmocka_unit_test_setup(test_deadline, setup),
        cmocka_unit_test_setup(test_deadline_in_the_past, setup),
        cmocka_unit_test_setup(test_deadline_disarmed, setup),
        cmocka_unit_test_setup(test_deadline_never, setup),
        cmocka_unit_test_setup(test_deadline_and_offset, setup),
        cmocka_unit_test_setup(test_deadline_masked, setup),
        cmocka_unit_test_setup(test_init_stops, setup),
        cmocka_unit_test_setup(test_late_and_reconfigured, setup),
        cmocka_unit_test_setup(test_timer_is_an_edge, setup),
        cmocka_unit_test_setup(test_stopped_for_good, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
