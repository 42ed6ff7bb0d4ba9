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
#include "test/unit/support/smp_rooms.h"

#define WORKERS 12
#define ROUNDS  400

/* Workers of all kinds in each domain, made in it. */
static void start(unsigned workers, task_entry entry)
{
    for (unsigned i = 0; i < workers; i++) {
        struct smp_room *room = &smp_rooms[i % SMP_ROOMS];
        struct domain *before = task_join(room->domain);

        assert_non_null(
            task_create_on(i % SMP_PROCESSORS, "worker", entry, room));
        task_join(before);
    }
}

static void yielder(void *argument)
{
    struct smp_room *room = argument;

    for (unsigned i = 0; i < ROUNDS; i++) {
        smp_rooms_work(room);
        task_yield();
    }
    smp_rooms_finish(WORKERS);
}

static void one_task_of_a_domain_runs_at_a_time(void **state)
{
    (void)state;
    smp_rooms_make();
    start(WORKERS, yielder);
    smp_rooms_wait();
    for (unsigned i = 0; i < SMP_ROOMS; i++) {
        assert_int_equal(smp_rooms[i].done, WORKERS / SMP_ROOMS * ROUNDS);
    }
    smp_rooms_drop();
}

static void mover(void *argument)
{
    struct smp_room *room = argument;
    uint32_t seed = (uint32_t)(uintptr_t)&room;

    for (unsigned i = 0; i < ROUNDS; i++) {
        unsigned to = smp_random(&seed) % SMP_PROCESSORS;

        task_move(to);
        assert_int_equal(processor_here()->index, to);
        smp_rooms_work(room);
        if (i % 16 == 0) {
            task_sleep_until(time_now() + 10 * TIME_US);
        }
    }
    smp_rooms_finish(WORKERS);
}

static void tasks_move_between_processors(void **state)
{
    (void)state;
    smp_rooms_make();
    start(WORKERS, mover);
    smp_rooms_wait();
    smp_rooms_drop();
}

static void fire(void *argument)
{
    struct smp_room *room = argument;

    smp_rooms_enter(room);
    room->fired++;
    event_signal(&room->bell);
    smp_rooms_leave(room);
}

/* Arms the domain's one timer on whatever processor it is on, takes it away
 * from whatever queue it is in, and waits for it as often as not. */
static void timekeeper(void *argument)
{
    struct smp_room *room = argument;
    uint32_t seed = (uint32_t)(uintptr_t)&room;

    for (unsigned i = 0; i < ROUNDS / 4; i++) {
        uint64_t now = time_now();

        smp_rooms_enter(room);
        room->timer.fire = fire;
        room->timer.argument = room;
        if (smp_random(&seed) % 4 == 0) {
            timer_cancel(&room->timer);
        }
        timer_arm(&room->timer, now + smp_random(&seed) % 50 * TIME_US);
        smp_rooms_leave(room);
        if (smp_random(&seed) % 2 == 0) {
            event_wait_until(&room->bell, now + 100 * TIME_US);
        } else {
            task_move(smp_random(&seed) % SMP_PROCESSORS);
        }
    }
    smp_rooms_finish(WORKERS);
}

static void timers_fire_in_their_domain_wherever_armed(void **state)
{
    (void)state;
    smp_rooms_make();
    start(WORKERS, timekeeper);
    smp_rooms_wait();
    for (unsigned i = 0; i < SMP_ROOMS; i++) {
        struct domain *before = task_join(smp_rooms[i].domain);

        assert_true(smp_rooms[i].fired > 0);
        task_join(before);
    }
    smp_rooms_drop();
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
    smp_rooms_finish(WORKERS);
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
    smp_rooms_finish(WORKERS);
}

static void no_signal_between_processors_is_lost(void **state)
{
    unsigned before = smp_interrupts();

    (void)state;
    smp_rooms_make();
    for (unsigned i = 0; i < WORKERS; i++) {
        struct domain *own = task_join(smp_rooms[i % SMP_ROOMS].domain);

        if (i % 2 == 0) {
            pairs[i / 2].ball = 0;
        }
        assert_non_null(task_create_on(i % SMP_PROCESSORS, "player",
                                       i % 2 == 0 ? hits : returns,
                                       &pairs[i / 2]));
        task_join(own);
    }
    smp_rooms_wait();
    assert_true(smp_interrupts() > before);
    smp_rooms_drop();
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
    smp_rooms_finish(COMPUTERS);
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
    smp_rooms_make();
    for (unsigned i = 0; i < COMPUTERS; i++) {
        struct domain *before = task_join(smp_rooms[i % SMP_ROOMS].domain);

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
    smp_rooms_wait();
    for (unsigned i = 0; i < SMP_PROCESSORS; i++) {
        assert_int_equal(task_queues[i].computing, 0);
    }
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
        cmocka_unit_test(one_task_of_a_domain_runs_at_a_time),
        cmocka_unit_test(tasks_move_between_processors),
        cmocka_unit_test(timers_fire_in_their_domain_wherever_armed),
        cmocka_unit_test(no_signal_between_processors_is_lost),
        cmocka_unit_test(those_that_compute_spread_and_take_turns_with_it),
    };

    return cmocka_run_group_tests(tests, begin, NULL);
}
