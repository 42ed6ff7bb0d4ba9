/* The local APIC's timer in TSC-deadline mode (SDM 3A 11.5.4.1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/support/lapic_timer_rig.h"

static void test_deadline(void **state)
{
    uint64_t deadline = 0;

    (void)state;
    lapic_tsc_offset_set(&lapic, -time_tsc_at(time_now()));
    assert_int_equal(rig_guest_tsc(), 0);
    rig_lvt(DEADLINE | VECTOR);
    deadline = rig_guest_tsc() + 10001;
    lapic_deadline_write(&lapic, deadline);
    assert_int_equal(lapic_deadline_read(&lapic), deadline);
    assert_int_equal(rig_current(), 0);
    rig_initial(5); /* ignored in this mode */
    fake_advance(4000);
    assert_false(rig_interrupted());
    assert_true(rig_guest_tsc() < deadline);
    fake_advance(2);
    assert_true(rig_guest_tsc() >= deadline);
    assert_int_equal(lapic_deadline_read(&lapic), 0);
    assert_true(rig_interrupted());
    assert_int_equal(fake_armed(), 0);
}

static void test_deadline_in_the_past(void **state)
{
    (void)state;
    rig_lvt(DEADLINE | VECTOR);
    lapic_deadline_write(&lapic, rig_guest_tsc());
    assert_true(rig_interrupted());
    lapic_deadline_write(&lapic, 1);
    assert_true(rig_interrupted());
    assert_int_equal(lapic_deadline_read(&lapic), 0);
}

static void test_deadline_disarmed(void **state)
{
    (void)state;
    rig_lvt(DEADLINE | VECTOR);
    lapic_deadline_write(&lapic, rig_guest_tsc() + 1000000);
    lapic_deadline_write(&lapic, 0);
    assert_int_equal(fake_armed(), 0);
    /* A change of mode disarms both ways. */
    lapic_deadline_write(&lapic, rig_guest_tsc() + 1000000);
    rig_lvt(VECTOR);
    rig_lvt(DEADLINE | VECTOR);
    assert_int_equal(lapic_deadline_read(&lapic), 0);
    rig_lvt(VECTOR);
    rig_initial(1000);
    rig_lvt(DEADLINE | VECTOR);
    rig_lvt(VECTOR);
    assert_int_equal(rig_current(), 0);
    /* Outside the mode the MSR does nothing. */
    lapic_deadline_write(&lapic, 1);
    assert_int_equal(lapic_deadline_read(&lapic), 0);
    fake_advance(TIME_SECOND);
    assert_false(rig_interrupted());
    assert_int_equal(fake_armed(), 0);
}

static void test_deadline_never(void **state)
{
    (void)state;
    rig_lvt(DEADLINE | VECTOR);
    lapic_deadline_write(&lapic, UINT64_MAX);
    for (unsigned i = 0; i < 100; i++) {
        fake_advance(300ULL * 24 * 3600 * TIME_SECOND);
        assert_false(rig_interrupted());
        assert_int_equal(lapic_deadline_read(&lapic), UINT64_MAX);
    }
    assert_in_range(fake_callbacks(), 50, 300);
}

static void test_deadline_and_offset(void **state)
{
    (void)state;
    rig_lvt(DEADLINE | VECTOR);
    lapic_deadline_write(&lapic, rig_guest_tsc() + 2500000);
    /* The guest's clock is set forward half the way. */
    lapic_tsc_offset_set(&lapic, lapic.tsc_offset + 1250000);
    fake_advance(499999);
    assert_false(rig_interrupted());
    fake_advance(2);
    assert_true(rig_interrupted());
    lapic_deadline_write(&lapic, rig_guest_tsc() + 2500000);
    lapic_tsc_offset_set(&lapic, lapic.tsc_offset + 2500000);
    assert_true(rig_interrupted());
    assert_int_equal(lapic_deadline_read(&lapic), 0);
}

static void test_deadline_masked(void **state)
{
    (void)state;
    rig_lvt(DEADLINE | MASKED | VECTOR);
    lapic_deadline_write(&lapic, rig_guest_tsc() + 2500);
    assert_int_equal(fake_armed(), 0);
    fake_advance(1000);
    assert_int_equal(lapic_deadline_read(&lapic), 0);
    rig_lvt(DEADLINE | VECTOR);
    fake_advance(1000);
    assert_false(rig_interrupted());
}

static void test_deadline_late_and_changed(void **state)
{
    (void)state;
    rig_lvt(DEADLINE | VECTOR);
    lapic_deadline_write(&lapic, rig_guest_tsc() + 100);
    fake_pass(40);
    lapic_deadline_write(&lapic, rig_guest_tsc() + 100000);
    assert_true(rig_interrupted());
    assert_int_not_equal(lapic_deadline_read(&lapic), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_deadline, rig_setup),
        cmocka_unit_test_setup(test_deadline_in_the_past, rig_setup),
        cmocka_unit_test_setup(test_deadline_disarmed, rig_setup),
        cmocka_unit_test_setup(test_deadline_never, rig_setup),
        cmocka_unit_test_setup(test_deadline_and_offset, rig_setup),
        cmocka_unit_test_setup(test_deadline_masked, rig_setup),
        cmocka_unit_test_setup(test_deadline_late_and_changed, rig_setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
