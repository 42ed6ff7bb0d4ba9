/* kernel/task.c, domain.c, time.c and page.c on several processors at once,
 * under ThreadSanitizer: each domain's data is plain memory, written by tasks
 * and timers on all of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernel/domain.h"
#include "kernel/task.h"
#include "kernel/task_state.h"
#include "kernel/time.h"
#include "test/unit/support/smp_machine.h"

#define DOMAINS 3
#define WORKERS 12
#define ROUNDS  400

/* What a domain guards. */
struct room {
    struct domain *domain;
    unsigned inside; /* tasks or timers of it that run */
    unsigned done;
    unsigned fired;
    struct event bell;
    struct timer timer;
};

static struct room rooms[DOMAINS];
static unsigned finished; /* workers */
static struct event all_finished;
static unsigned worker_number;

static void enter(struct room *room)
{
    assert_int_equal(room->inside, 0);
    room->inside++;
}

static void leave(struct room *room)
{
    room->inside--;
}

static void finish(unsigned workers)
{
    if (__atomic_add_fetch(&finished, 1, __ATOMIC_ACQ_REL) == workers) {
        event_signal(&all_finished);
    }
}

static void wait_for_all(void)
{
    event_wait(&all_finished);
    __atomic_store_n(&finished, 0, __ATOMIC_RELAXED);
    /* Their stacks are back, whatever processor they were on. */
    while (smp_pages() != worker_number) {
        task_sleep_until(time_now() + TIME_MS);
    }
}

static void make_rooms(void)
{
    for (unsigned i = 0; i < DOMAINS; i++) {
        rooms[i] = (struct room){.domain = domain_create()};
        assert_non_null(rooms[i].domain);
    }
    worker_number = smp_pages();
}

static void drop_rooms(void)
{
    for (unsigned i = 0; i < DOMAINS; i++) {
        struct domain *before = task_join(rooms[i].domain);

        timer_cancel(&rooms[i].timer);
        assert_int_equal(rooms[i].inside, 0);
        task_join(before);
        domain_destroy(rooms[i].domain);
    }
}

/* Workers of all kinds in each domain, made in it. */
static void start(unsigned workers, task_entry entry)
{
    for (unsigned i = 0; i < workers; i++) {
        struct room *room = &rooms[i % DOMAINS];
        struct domain *before = task_join(room->domain);

        assert_non_null(
            task_create_on(i % SMP_PROCESSORS, "worker", entry, room));
        task_join(before);
    }
}

static void work(struct room *room)
{
    enter(room);
    room->done++;
    leave(room);
}

static void yielder(void *argument)
{
    struct room *room = argument;

    for (unsigned i = 0; i < ROUNDS; i++) {
        work(room);
        task_yield();
    }
    finish(WORKERS);
}

static void one_task_of_a_domain_runs_at_a_time(void **state)
{
    (void)state;
    make_rooms();
    start(WORKERS, yielder);
    wait_for_all();
    for (unsigned i = 0; i < DOMAINS; i++) {
        assert_int_equal(rooms[i].done, WORKERS / DOMAINS * ROUNDS);
    }
    drop_rooms();
}

static void mover(void *argument)
{
    struct room *room = argument;
    uint32_t seed = (uint32_t)(uintptr_t)&room;

    for (unsigned i = 0; i < ROUNDS; i++) {
        unsigned to = smp_random(&seed) % SMP_PROCESSORS;

        task_move(to);
        assert_int_equal(processor_here()->index, to);
        work(room);
        if (i % 16 == 0) {
            task_sleep_until(time_now() + 10 * TIME_US);
        }
    }
    finish(WORKERS);
}

static void tasks_move_between_processors(void **state)
{
    (void)state;
    make_rooms();
    start(WORKERS, mover);
    wait_for_all();
    drop_rooms();
}

static void fire(void *argument)
{
    struct room *room = argument;

    enter(room);
    room->fired++;
    event_signal(&room->bell);
    leave(room);
}

/* Arms the domain's one timer on whatever processor it is on, takes it away
 * from whatever queue it is in, and waits for it as often as not. */
static void timekeeper(void *argument)
{
    struct room *room = argument;
    uint32_t seed = (uint32_t)(uintptr_t)&room;

    for (unsigned i = 0; i < ROUNDS / 4; i++) {
        uint64_t now = time_now();

        enter(room);
        room->timer.fire = fire;
        room->timer.argument = room;
        if (smp_random(&seed) % 4 == 0) {
            timer_cancel(&room->timer);
        }
        timer_arm(&room->timer, now + smp_random(&seed) % 50 * TIME_US);
        leave(room);
        if (smp_random(&seed) % 2 == 0) {
            event_wait_until(&room->bell, now + 100 * TIME_US);
        } else {
            task_move(smp_random(&seed) % SMP_PROCESSORS);
        }
    }
    finish(WORKERS);
}

static void timers_fire_in_their_domain_wherever_armed(void **state)
{
    (void)state;
    make_rooms();
    start(WORKERS, timekeeper);
    wait_for_all();
    for (unsigned i = 0; i < DOMAINS; i++) {
        struct domain *before = task_join(rooms[i].domain);

        assert_true(rooms[i].fired > 0);
        task_join(before);
    }
    drop_rooms();
}

/* ---- events from one domain to another ---- */

static struct pair {
    struct event there;
    struct event back;
    unsigned ball; /* handed over with the signals */
} pairs[WORKERS / 2];

static void hits(void *argument)
{
    struct pair *pair = argument;

    for (unsigned i = 0; i < ROUNDS; i++) {
        pair->ball++;
        event_signal(&pair->there);
        event_wait(&pair->back);
    }
    finish(WORKERS);
}

/* Half of its waits may end by the clock, just when the signal comes. */
static void returns(void *argument)
{
    struct pair *pair = argument;

    for (unsigned i = 0; i < ROUNDS; i++) {
        while (i % 2 == 0 &&
               !event_wait_until(&pair->there, time_now() + 5 * TIME_US)) {
        }
        if (i % 2 != 0) {
            event_wait(&pair->there);
        }
        assert_int_equal(pair->ball, i + 1);
        event_signal(&pair->back);
    }
    finish(WORKERS);
}

static void no_signal_between_processors_is_lost(void **state)
{
    unsigned before = smp_interrupts();

    (void)state;
    make_rooms();
    for (unsigned i = 0; i < WORKERS; i++) {
        struct domain *own = task_join(rooms[i % DOMAINS].domain);

        if (i % 2 == 0) {
            pairs[i / 2].ball = 0;
        }
        assert_non_null(task_create_on(i % SMP_PROCESSORS, "player",
                                       i % 2 == 0 ? hits : returns,
                                       &pairs[i / 2]));
        task_join(own);
    }
    wait_for_all();
    assert_true(smp_interrupts() > before);
    drop_rooms();
}

/* ---- those that compute ---- */

/* Two for each processor, and one more. */
#define COMPUTERS (2 * SMP_PROCESSORS + 1)

static struct computer {
    unsigned on;   /* the processor it is on */
    unsigned been; /* a bit for each processor */
} computers[COMPUTERS];

static bool all_stop;

static void computes(void *argument)
{
    struct computer *me = argument;
    uint64_t turn = 0;

    task_take_turns();
    while (!__atomic_load_n(&all_stop, __ATOMIC_RELAXED)) {
        unsigned to = processor_here()->index;

        task_yield();
        if (task_turn_end() != turn) {
            turn = task_turn_end();
            if (task_find_lighter(&to)) {
                task_move(to);
            }
        }
        __atomic_store_n(&me->on, processor_here()->index, __ATOMIC_RELAXED);
        __atomic_or_fetch(&me->been, 1U << processor_here()->index,
                          __ATOMIC_RELAXED);
    }
    finish(COMPUTERS);
}

static bool spread(void)
{
    unsigned count[SMP_PROCESSORS] = {0};
    bool good = true;

    for (unsigned i = 0; i < COMPUTERS; i++) {
        count[__atomic_load_n(&computers[i].on, __ATOMIC_RELAXED)]++;
    }
    for (unsigned i = 0; i < SMP_PROCESSORS; i++) {
        good = good && (count[i] == 2 || count[i] == 3);
    }
    return good;
}

/* How many have been on every processor. */
static unsigned travellers(void)
{
    unsigned count = 0;

    for (unsigned i = 0; i < COMPUTERS; i++) {
        count += __atomic_load_n(&computers[i].been, __ATOMIC_RELAXED) ==
                 (1U << SMP_PROCESSORS) - 1;
    }
    return count;
}

/* All begin on one processor; then they are spread, and then the one that is
 * too many for its processor is another one from time to time. (A test that
 * waits in vain is ended.) */
static void those_that_compute_spread_and_take_turns_with_it(void **state)
{
    (void)state;
    make_rooms();
    for (unsigned i = 0; i < COMPUTERS; i++) {
        struct domain *before = task_join(rooms[i % DOMAINS].domain);

        assert_non_null(task_create_on(1, "computer", computes, &computers[i]));
        task_join(before);
    }
    while (!spread()) {
        task_sleep_until(time_now() + TIME_MS);
    }
    while (travellers() < COMPUTERS) {
        task_sleep_until(time_now() + TIME_MS);
    }
    __atomic_store_n(&all_stop, true, __ATOMIC_RELAXED);
    wait_for_all();
    for (unsigned i = 0; i < SMP_PROCESSORS; i++) {
        assert_int_equal(task_queues[i].computing, 0);
    }
    drop_rooms();
}

/* ---- what vCPUs do ---- */

static struct guest_like {
    struct room *room;
    struct task *task;
    bool outside;
    unsigned wanted; /* interrupts for it, under the domain */
    unsigned taken;
} likes[WORKERS];

/* Every interrupt that is wanted of it ends its run: it waits for nothing
 * else. */
static void runs_guest(void *argument)
{
    struct guest_like *like = argument;

    like->task = task_current();
    while (like->taken < ROUNDS) {
        if (like->wanted > like->taken) {
            like->taken++;
            work(like->room);
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
    finish(WORKERS + 1);
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
    finish(WORKERS + 1);
}

static void a_wake_up_ends_a_run_that_has_just_begun(void **state)
{
    struct guest_like *like = &likes[0];
    struct domain *before = NULL;

    (void)state;
    make_rooms();
    *like = (struct guest_like){.room = &rooms[0]};
    before = task_join(rooms[0].domain);
    assert_non_null(task_create_on(1, "vcpu", runs_guest, like));
    assert_non_null(task_create_on(2, "other", interrupts_guests, like));
    __atomic_add_fetch(&finished, WORKERS - 1, __ATOMIC_RELAXED);
    task_join(before);
    wait_for_all();
    assert_int_equal(rooms[0].done, ROUNDS);
    drop_rooms();
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
    make_rooms();
    holder = (struct holder){0};
    other = (struct other){0};
    task_take_turns();
    assert_true(task_run_end() > time_now() + TASK_TURN / 2);
    before = task_join(rooms[0].domain);
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
    while (smp_pages() != worker_number) {
        task_yield();
    }
    drop_rooms();
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
    make_rooms();
    holder = (struct holder){0};
    other = (struct other){0};
    before = task_join(rooms[0].domain);
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
    while (smp_pages() != worker_number) {
        task_yield();
    }
    drop_rooms();
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
        cmocka_unit_test(one_task_of_a_domain_runs_at_a_time),
        cmocka_unit_test(tasks_move_between_processors),
        cmocka_unit_test(timers_fire_in_their_domain_wherever_armed),
        cmocka_unit_test(no_signal_between_processors_is_lost),
        cmocka_unit_test(those_that_compute_spread_and_take_turns_with_it),
        cmocka_unit_test(a_wake_up_ends_a_run_that_has_just_begun),
        cmocka_unit_test(one_that_has_just_woken_does_not_wait_with_the_others),
        cmocka_unit_test(one_whose_domain_is_taken_is_tried_again_soon),
        cmocka_unit_test(one_whose_domain_is_never_free_is_waited_for),
    };

    return cmocka_run_group_tests(tests, begin, NULL);
}
