/* A virtual processor beside other tasks: whose turn it is, and when it moves
 * to another processor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/support/vcpu_rig.h"

/* A run that did not begin has no exit to be answered. */
static void other_tasks_may_come_first(void **state)
{
    static const rig_step steps[] = {rig_interrupted_by_0x41, NULL};

    (void)state;
    rig.refusals = 3;
    rig.vcpu->exit.reason = EXIT_HLT;
    rig_send_0x41();
    rig.vcpu->log_wanted = true;
    rig.vcpu->errands = true;
    rig.logs = 0;
    rig_run(steps);
    assert_int_equal(rig.entries, 2);
    assert_int_equal(rig.vcpu->exits[EXIT_HLT], 0);
    assert_int_equal(rig.logs, 1);
}

static enum exit_reason reports(struct guest *which)
{
    rig.vm.reported = true;
    rig.vcpu->errands = true;
    return rig_goes_on(which);
}

static enum exit_reason has_waited(struct guest *which)
{
    assert_int_equal(rig.paces, 1);
    return rig_goes_on(which);
}

/* What the guest made Lintel log goes out before the guest goes on. */
static void a_guest_waits_for_its_reports(void **state)
{
    static const rig_step steps[] = {rig_goes_on, reports, has_waited, NULL};

    (void)state;
    rig.paces = 0;
    rig_run(steps);
    assert_int_equal(rig.paces, 1);
}

/* Tasks that still have work after their turn must not wait for an exit that
 * the guest makes when it likes. */
static void a_guest_has_a_slice_while_others_wait(void **state)
{
    static const rig_step steps[] = {rig_goes_on, NULL};

    (void)state;
    rig.work = true;
    rig_run(steps);
    assert_true(rig.yields > 0);
    assert_ptr_equal(rig.armed, &rig.vcpu->slice);
}

static void it_moves_where_nothing_is_to_do(void **state)
{
    static const rig_step steps[] = {rig_goes_on, rig_goes_on, NULL};

    (void)state;
    rig.work = true;
    rig.others_idle = true;
    rig_run(steps);
    assert_int_equal(rig.moves, 3);
}

static void one_that_is_pinned_stays(void **state)
{
    static const rig_step steps[] = {rig_goes_on, NULL};

    (void)state;
    rig.work = true;
    rig.others_idle = true;
    rig.config.pin_count = 1;
    rig_run(steps);
    assert_int_equal(rig.moves, 0);
    assert_ptr_equal(rig.armed, &rig.vcpu->slice);
}

static void one_that_roams_moves_each_time(void **state)
{
    static const rig_step steps[] = {rig_goes_on, rig_goes_on, NULL};

    (void)state;
    rig.config.pin_roam = true;
    rig_run(steps);
    assert_int_equal(rig.moves, 3);
}

static enum exit_reason spins(struct guest *which)
{
    (void)which;
    return EXIT_PAUSE;
}

static void one_that_spins_lets_the_others_run(void **state)
{
    static const rig_step steps[] = {spins, NULL};

    (void)state;
    rig_run(steps);
    assert_int_equal(rig.ends, 1);
    assert_int_equal(rig.guest.rip, HLT_LENGTH);
}

static void a_guest_alone_has_none(void **state)
{
    static const rig_step steps[] = {rig_goes_on, NULL};

    (void)state;
    rig_run(steps);
    assert_int_equal(rig.yields, 0);
    assert_null(rig.armed);
}

#define TEST(name) cmocka_unit_test_setup(name, rig_start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(other_tasks_may_come_first),
        TEST(a_guest_waits_for_its_reports),
        TEST(a_guest_has_a_slice_while_others_wait),
        TEST(it_moves_where_nothing_is_to_do),
        TEST(one_that_is_pinned_stays),
        TEST(one_that_roams_moves_each_time),
        TEST(one_that_spins_lets_the_others_run),
        TEST(a_guest_alone_has_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
