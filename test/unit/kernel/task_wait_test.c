/* Tasks that wait: for events, for a time, for either. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "test/unit/support/task_rig.h"

/* Sticky signals */

static void a_signal_before_the_wait_is_kept_once(void **state)
{
    struct event event = {0};

    (void)state;
    event_signal(&event);
    event_signal(&event);
    event_wait(&event);
    assert_false(event_wait_until(&event, rig.tsc + 10));
    event_signal(&event);
    assert_true(event_wait_until(&event, rig.tsc));
}

static void one_signal_wakes_all_in_order(void **state)
{
    struct event event = {0};

    (void)state;
    assert_non_null(task_create("a", rig_waiter, &event));
    assert_non_null(task_create("b", rig_waiter, &event));
    assert_non_null(task_create("c", rig_waiter, &event));
    task_yield();
    assert_string_equal(rig.trace, "");
    event_signal(&event);
    assert_false(event.signalled);
    task_yield();
    assert_string_equal(rig.trace, "abc");
}

static void counter(void *argument)
{
    struct event *event = argument;

    for (int i = 0; i < 2; i++) {
        event_wait(event);
        rig_note("+");
    }
}

static void a_signal_to_a_woken_task_is_not_lost(void **state)
{
    struct event event = {0};

    (void)state;
    assert_non_null(task_create("counter", counter, &event));
    task_yield();
    event_signal(&event); /* wakes it, */
    event_signal(&event); /* and this comes before it runs */
    task_yield();
    assert_string_equal(rig.trace, "++");
}

/* Time */

static void sleeper(void *argument)
{
    task_sleep_until((uint64_t)(uintptr_t)argument);
    assert_true(time_now() >= (uint64_t)(uintptr_t)argument);
    rig_note(task_name(task_current()));
}

static void sleepers_wake_in_the_order_of_their_deadlines(void **state)
{
    uint64_t now = time_now();

    (void)state;
    assert_non_null(task_create("3", sleeper, (void *)(uintptr_t)(now + 3000)));
    assert_non_null(task_create("1", sleeper, (void *)(uintptr_t)(now + 1000)));
    assert_non_null(task_create("2", sleeper, (void *)(uintptr_t)(now + 2000)));
    task_sleep_until(now + 2500);
    assert_string_equal(rig.trace, "12");
    task_sleep_until(now + 3000);
    task_yield();
    assert_string_equal(rig.trace, "123");
    assert_true(rig.idles > 0);
}

static void a_deadline_in_the_past_lets_others_run(void **state)
{
    struct event event = {0};

    (void)state;
    event_signal(&event);
    assert_non_null(task_create("a", rig_waiter, &event));
    task_sleep_until(0);
    assert_string_equal(rig.trace, "a");
    assert_int_equal(rig.idles, 0);
}

static void signaller(void *argument)
{
    task_sleep_until(time_now() + 50);
    event_signal(argument);
}

static void an_event_comes_before_the_deadline_or_after(void **state)
{
    struct event event = {0};

    (void)state;
    assert_non_null(task_create("signaller", signaller, &event));
    assert_true(event_wait_until(&event, time_now() + 1000));
    assert_int_equal(processor_here()->next_timer, UINT64_MAX);
    assert_non_null(task_create("signaller", signaller, &event));
    assert_false(event_wait_until(&event, time_now() + 20));
    assert_null(event.waiters);
    /* The late signal stays. */
    assert_true(event_wait_until(&event, time_now() + 1000));
}

/* All wait, and no timer is armed: a guest may halt for good, and a device's
 * interrupt may end it all the same. */
static void without_a_timer_an_interrupt_wakes(void **state)
{
    struct event event = {0};

    (void)state;
    assert_int_equal(processor_here()->next_timer, UINT64_MAX);
    rig.interrupting = &event;
    event_wait(&event);
    assert_int_equal(rig.idles, 1);
}

/* The one in the middle of the list leaves it; the others still wake. */
static void a_time_out_leaves_the_other_waiters(void **state)
{
    struct event event = {0};

    (void)state;
    assert_non_null(task_create("a", rig_waiter, &event));
    assert_non_null(task_create("timed", rig_timed_waiter, &event));
    assert_non_null(task_create("b", rig_waiter, &event));
    task_sleep_until(time_now() + 200);
    assert_string_equal(rig.trace, "late ");
    event_signal(&event);
    task_yield();
    assert_string_equal(rig.trace, "late ab");
}

static void due_timers_are_work(void **state)
{
    (void)state;
    assert_non_null(
        task_create("1", sleeper, (void *)(uintptr_t)(time_now() + 10)));
    assert_true(task_work_pending());
    task_yield();
    assert_false(task_work_pending());
    rig.tsc += 10;
    assert_true(task_work_pending());
    task_yield();
    assert_false(task_work_pending());
    assert_string_equal(rig.trace, "1");
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, rig_clean, rig_all_gone)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_signal_before_the_wait_is_kept_once),
        TEST(one_signal_wakes_all_in_order),
        TEST(a_signal_to_a_woken_task_is_not_lost),
        TEST(sleepers_wake_in_the_order_of_their_deadlines),
        TEST(a_deadline_in_the_past_lets_others_run),
        TEST(an_event_comes_before_the_deadline_or_after),
        TEST(without_a_timer_an_interrupt_wakes),
        TEST(a_time_out_leaves_the_other_waiters),
        TEST(due_timers_are_work),
    };

    return cmocka_run_group_tests(tests, rig_start, NULL);
}
