/* What kernel/task.c promises vCPUs on several processors: an interrupt that
 * ends a guest's run, and a domain that another processor has, under
 * ThreadSanitizer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernel/domain.h"
#include "kernel/task.h"
#include "kernel/time.h"
#include "test/unit/support/smp_machine.h"
#include "test/unit/support/smp_rooms.h"

#define ROUNDS 400

static struct guest_like {
    struct smp_room *room;
    struct task *task;
    bool outside;
    unsigned wanted; /* interrupts for it, under the domain */
    unsigned taken;
} vcpu_like;

/* Every interrupt that is wanted of it ends its run: it waits for nothing
 * else. */
static void runs_guest(void *argument)
{
    struct guest_like *like = argument;

    like->task = task_current();
    while (like->taken < ROUNDS) {
        if (like->wanted > like->taken) {
            like->taken++;
            smp_rooms_work(like->room);
            continue;
        }
        like->outside = true;
        if (task_outside_begin(false)) {
            smp_run_guest(0);
            task_outside_end();
        }
        like->outside = false;
        if (task_work_pending()) {
            task_yield();
        }
    }
    like->task = NULL;
    smp_rooms_finish(2);
}

static void interrupts_guests(void *argument)
{
    struct guest_like *like = argument;

    for (unsigned i = 0; i < ROUNDS; i++) {
        like->wanted++;
        if (like->outside) {
            task_interrupt(like->task);
        }
        task_yield();
        if (i % 8 == 0) {
            task_sleep_until(time_now() + TIME_US);
        }
    }
    smp_rooms_finish(2);
}

static void a_wake_up_ends_a_run_that_has_just_begun(void **state)
{
    struct guest_like *like = &vcpu_like;
    struct domain *before = NULL;

    (void)state;
    smp_rooms_make();
    *like = (struct guest_like){.room = &smp_rooms[0]};
    before = task_join(smp_rooms[0].domain);
    assert_non_null(task_create_on(1, "vcpu", runs_guest, like));
    assert_non_null(task_create_on(2, "other", interrupts_guests, like));
    task_join(before);
    smp_rooms_wait();
    assert_int_equal(smp_rooms[0].done, ROUNDS);
    smp_rooms_drop();
}

static struct other {
    unsigned turns;
    bool enough;
} other;

static void waits_for_its_turn(void *argument)
{
    struct other *which = argument;

    while (!__atomic_load_n(&which->enough, __ATOMIC_RELAXED)) {
        __atomic_add_fetch(&which->turns, 1, __ATOMIC_RELAXED);
        task_yield();
    }
}

/* It may have come just before the guest was to run, by somebody who found
 * that nobody was outside, while there were others that had had their turn. */
static void one_that_has_just_woken_does_not_wait_with_the_others(void **state)
{
    (void)state;
    other = (struct other){0};
    assert_non_null(task_create("other", waits_for_its_turn, &other));
    assert_false(task_outside_begin(true));
    task_yield();
    assert_int_equal(other.turns, 1);
    /* It waits again, but has had its turn. */
    assert_true(task_outside_begin(true));
    smp_run_guest(1);
    task_outside_end();
    assert_false(task_outside_begin(false));
    other.enough = true;
    task_yield();
}

static struct holder {
    bool holds;
    bool enough;
    struct event gone;
} holder;

static void holds_its_domain(void *argument)
{
    struct holder *which = argument;

    __atomic_store_n(&which->holds, true, __ATOMIC_RELEASE);
    while (!__atomic_load_n(&which->enough, __ATOMIC_ACQUIRE)) {
    }
    event_signal(&which->gone);
}

/* Whoever wakes a task of another domain is in that domain for a moment more:
 * the task is not to wait for the end of a whole turn then. */
static void one_whose_domain_is_taken_is_tried_again_soon(void **state)
{
    struct domain *before = NULL;

    (void)state;
    smp_rooms_make();
    holder = (struct holder){0};
    other = (struct other){0};
    task_take_turns();
    assert_true(task_run_end() > time_now() + TASK_TURN / 2);
    before = task_join(smp_rooms[0].domain);
    assert_non_null(task_create_on(1, "holder", holds_its_domain, &holder));
    assert_non_null(task_create("other", waits_for_its_turn, &other));
    task_join(before);
    while (!__atomic_load_n(&holder.holds, __ATOMIC_ACQUIRE)) {
    }
    task_yield();
    assert_int_equal(other.turns, 0);
    assert_true(task_run_end() <= time_now() + TASK_AGAIN);

    other.enough = true;
    __atomic_store_n(&holder.enough, true, __ATOMIC_RELEASE);
    event_wait(&holder.gone);
    smp_rooms_wait_for_stacks();
    smp_rooms_drop();
}

/* Always one of them is in the domain while the other one waits for it. */
static void keeps_its_domain(void *argument)
{
    struct holder *which = argument;

    while (!__atomic_load_n(&which->enough, __ATOMIC_ACQUIRE)) {
        uint64_t end = time_now() + 20 * TIME_US;

        while (time_now() < end) {
        }
        task_yield();
    }
}

static void one_whose_domain_is_never_free_is_waited_for(void **state)
{
    struct domain *before = NULL;
    uint64_t end = 0;

    (void)state;
    smp_rooms_make();
    holder = (struct holder){0};
    other = (struct other){0};
    before = task_join(smp_rooms[0].domain);
    assert_non_null(task_create_on(1, "one", keeps_its_domain, &holder));
    assert_non_null(task_create_on(2, "two", keeps_its_domain, &holder));
    assert_non_null(task_create("other", waits_for_its_turn, &other));
    task_join(before);
    end = time_now() + 2 * TIME_SECOND;
    while (time_now() < end &&
           __atomic_load_n(&other.turns, __ATOMIC_RELAXED) < 8) {
        task_yield();
    }
    assert_true(__atomic_load_n(&other.turns, __ATOMIC_RELAXED) >= 8);
    __atomic_store_n(&other.enough, true, __ATOMIC_RELAXED);
    __atomic_store_n(&holder.enough, true, __ATOMIC_RELEASE);
    smp_rooms_wait_for_stacks();
    smp_rooms_drop();
}

static int begin(void **state)
{
    (void)state;
    smp_start();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wake_up_ends_a_run_that_has_just_begun),
        cmocka_unit_test(one_that_has_just_woken_does_not_wait_with_the_others),
        cmocka_unit_test(one_whose_domain_is_taken_is_tried_again_soon),
        cmocka_unit_test(one_whose_domain_is_never_free_is_waited_for),
    };

    return cmocka_run_group_tests(tests, begin, NULL);
}
