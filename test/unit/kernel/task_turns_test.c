/* Whose turn it is: tasks that compute, that yield, that wake. */
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

/* Ping-pong */

static struct event ping;
static struct event pong;

static void ponger(void *argument)
{
    (void)argument;
    for (int i = 0; i < 3; i++) {
        event_wait(&ping);
        rig_note("pong ");
        event_signal(&pong);
    }
}

static void two_tasks_take_turns(void **state)
{
    (void)state;
    assert_string_equal(task_name(task_current()), "main");
    assert_non_null(task_create("ponger", ponger, NULL));
    for (int i = 0; i < 3; i++) {
        rig_note("ping ");
        event_signal(&ping);
        event_wait(&pong);
    }
    assert_string_equal(rig.trace, "ping pong ping pong ping pong ");
}

/* Turns */

static unsigned steps_left;

/* Computes a quarter of a turn at a time, as a guest between two exits. */
static void computer(void *argument)
{
    (void)argument;
    task_take_turns();
    while (steps_left > 0) {
        steps_left--;
        rig_note(task_name(task_current()));
        rig.tsc += TASK_TURN / 4;
        task_yield();
    }
}

static void turns_are_of_equal_length(void **state)
{
    (void)state;
    steps_left = 24;
    assert_non_null(task_create("a", computer, NULL));
    assert_non_null(task_create("b", computer, NULL));
    assert_non_null(task_create("c", computer, NULL));
    while (steps_left > 0) {
        task_sleep_until(time_now() + 100 * TASK_TURN);
    }
    /* They begin together, so the first one's yield lets the others begin. */
    assert_string_equal(rig.trace, "abcabc"
                                   "aaaa"
                                   "bbbb"
                                   "cccc"
                                   "aaaa"
                                   "bb");
}

static void late(void *argument)
{
    (void)argument;
    rig_note("late");
}

static void those_whose_turn_is_over_keep_nobody_out(void **state)
{
    (void)state;
    steps_left = 40;
    assert_non_null(task_create("a", computer, NULL));
    assert_non_null(task_create("b", computer, NULL));
    assert_non_null(task_create("c", computer, NULL));
    task_sleep_until(time_now() + 4 * TASK_TURN);
    assert_true(steps_left > 0);
    assert_non_null(task_create("late", late, NULL));
    steps_left = 12;
    task_yield();
    /* Not after more than two turns of those. */
    assert_non_null(strstr(rig.trace, "late"));
    assert_true(steps_left >= 4);
    while (steps_left > 0) {
        task_sleep_until(time_now() + 10 * TASK_TURN);
    }
}

/* One that has work and yields, as a queue's service does. */
static void one_that_only_yields_lets_those_run(void **state)
{
    (void)state;
    steps_left = 8;
    assert_non_null(task_create("a", computer, NULL));
    task_yield();
    for (unsigned i = 0; i < 100 && steps_left > 0; i++) {
        rig.tsc += TASK_TURN / 10;
        task_yield();
    }
    assert_int_equal(steps_left, 0);
}

static void one_that_waits_for_another_ends_its_turn(void **state)
{
    uint64_t end;

    (void)state;
    task_take_turns();
    steps_left = 4;
    assert_non_null(task_create("a", computer, NULL));
    task_end_turn();
    assert_string_equal(rig.trace, "aaaa");
    /* With nobody to wait for it has the next one at once. */
    rig.trace[0] = '\0';
    task_yield();
    end = task_turn_end();
    task_end_turn();
    assert_true(task_turn_end() >= end);
    assert_true(task_turn_end() == time_now() + TASK_TURN);
}

static struct event there;
static struct event back;

static void echo(void *argument)
{
    (void)argument;
    for (;;) {
        event_wait(&there);
        if (steps_left == 0) {
            break;
        }
        rig.tsc += TASK_TURN / 8;
        event_signal(&back);
    }
}

static void those_that_wake_do_not_starve_one_that_computes(void **state)
{
    unsigned rounds = 0;

    (void)state;
    steps_left = 40;
    assert_non_null(task_create("a", computer, NULL));
    assert_non_null(task_create("echo", echo, NULL));
    while (steps_left > 0) {
        event_signal(&there);
        event_wait(&back);
        rounds++;
    }
    event_signal(&there);
    /* Each has about half of the time: ten turns. */
    assert_in_range(rounds, 50, 110);
}

static void chime(void *argument)
{
    (void)argument;
    rig_note("timer ");
}

/* What a task that takes no turns asks between two pieces of its work. */
static void others_are_due_after_a_turn(void **state)
{
    uint64_t since = cpu_rdtsc();

    (void)state;
    assert_non_null(task_create("late", late, NULL));
    rig.tsc += TASK_TURN - 1;
    assert_false(task_yield_due(since));
    rig.tsc++;
    assert_true(task_yield_due(since));
    task_yield();
    assert_string_equal(rig.trace, "late");
    assert_false(task_yield_due(since));
}

static void a_timer_is_due_at_once(void **state)
{
    struct timer timer = {.fire = chime};
    uint64_t since = cpu_rdtsc();

    (void)state;
    timer_arm(&timer, time_now() + TASK_TURN / 4);
    assert_false(task_yield_due(since));
    rig.tsc += TASK_TURN / 2;
    assert_true(task_yield_due(since));
    task_yield();
    assert_string_equal(rig.trace, "timer ");
}

/* What arch/vmx/guest_switch.c asks: has this processor worked for anybody but
 * the machine whose guest it runs? */
static void work_for_others_is_marked(void **state)
{
    struct vmx_processor *vmx = &processor_here()->vmx;
    struct domain *one = domain_create();
    struct domain *other = domain_create();
    struct domain *before = task_join(one);

    (void)state;
    assert_true(vmx->mixed);
    vmx->mixed = false;
    domain_switch(NULL); /* the guest runs */
    domain_switch(one);
    assert_false(vmx->mixed);
    assert_true(domain_try_switch(other)); /* another's task or timer */
    domain_switch(one);
    assert_true(vmx->mixed);
    task_join(before);
    domain_destroy(one);
    domain_destroy(other);
}

/* Shares of domains: each has as much of the processor as its share says,
 * however many of its tasks want it. */

#define MANY 64

/* How often a domain's tasks ran, and the longest time between two runs. */
struct ran {
    struct domain *domain;
    unsigned share;  /* 0: the default */
    uint64_t begins; /* ns after the others */
    bool kicks;      /* each step wakes the domain's service */
    struct event kick;
    unsigned steps;
    uint64_t last; /* time_now() at the end of the last step */
    uint64_t gap;
};

static uint64_t shares_end;

static void take_step(struct ran *ran, uint64_t length)
{
    uint64_t now = time_now();

    if (ran->steps++ > 0 && now - ran->last > ran->gap) {
        ran->gap = now - ran->last;
    }
    rig.tsc += length;
    ran->last = time_now();
}

/* A vCPU that exits eight times in a turn. */
static void sharer(void *argument)
{
    struct ran *ran = argument;

    if (ran->begins != 0) {
        task_sleep_until(time_now() + ran->begins);
    }
    task_take_turns();
    while (time_now() < shares_end) {
        take_step(ran, TASK_TURN / 8);
        if (ran->kicks) {
            event_signal(&ran->kick);
        }
        task_yield();
    }
}

static void kicked(void *argument)
{
    struct ran *ran = argument;

    while (event_wait_until(&ran->kick, shares_end)) {
        take_step(ran, TASK_TURN / 8);
    }
}

static void start_sharers(struct ran *ran, unsigned count)
{
    struct domain *before = NULL;

    ran->domain = domain_create();
    assert_non_null(ran->domain);
    assert_int_equal(ran->domain->share, DOMAIN_SHARE);
    ran->domain->share = ran->share == 0 ? DOMAIN_SHARE : ran->share;
    before = task_join(ran->domain);
    for (unsigned i = 0; i < count; i++) {
        assert_non_null(task_create("sharer", sharer, ran));
    }
    if (ran->kicks) {
        assert_non_null(task_create("kicked", kicked, ran));
    }
    task_join(before);
}

static void share_for(struct ran *many, struct ran *one)
{
    shares_end = time_now() + 2 * TIME_SECOND;
    start_sharers(many, MANY);
    start_sharers(one, 1);
    task_sleep_until(shares_end + TIME_SECOND);
    domain_destroy(many->domain);
    domain_destroy(one->domain);
    print_message("steps %u and %u, longest gap %llu us\n", many->steps,
                  one->steps, (unsigned long long)(one->gap / TIME_US));
}

static void one_task_has_as_much_as_64_of_another_domain(void **state)
{
    struct ran many = {0};
    struct ran one = {0};

    (void)state;
    share_for(&many, &one);
    assert_in_range(one.steps, many.steps * 9 / 10, many.steps * 11 / 10);
    assert_in_range(one.gap, 0, 4 * TASK_TURN);
}

static void services_count_to_their_domain(void **state)
{
    struct ran many = {.kicks = true};
    struct ran one = {0};

    (void)state;
    share_for(&many, &one);
    assert_in_range(one.steps, many.steps * 9 / 10, many.steps * 11 / 10);
    assert_in_range(one.gap, 0, 4 * TASK_TURN);
}

/* A share of 300 beside one of 100 is three quarters of the processor. */
static void time_goes_by_share(void **state)
{
    struct ran many = {.share = 100};
    struct ran one = {.share = 300};

    (void)state;
    share_for(&many, &one);
    assert_in_range(one.steps, many.steps * 27 / 10, many.steps * 33 / 10);
}

/* One that slept has saved no time that it could take from others at once. */
static void sleep_saves_no_time(void **state)
{
    struct ran many = {0};
    struct ran one = {.begins = TIME_SECOND};

    (void)state;
    share_for(&many, &one);
    assert_in_range(one.steps, 3900, 4100);
    assert_in_range(many.gap, 0, 4 * TASK_TURN);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, rig_clean, rig_all_gone)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(two_tasks_take_turns),
        TEST(turns_are_of_equal_length),
        TEST(those_whose_turn_is_over_keep_nobody_out),
        TEST(one_that_only_yields_lets_those_run),
        TEST(one_that_waits_for_another_ends_its_turn),
        TEST(those_that_wake_do_not_starve_one_that_computes),
        TEST(others_are_due_after_a_turn),
        TEST(a_timer_is_due_at_once),
        TEST(work_for_others_is_marked),
        TEST(one_task_has_as_much_as_64_of_another_domain),
        TEST(services_count_to_their_domain),
        TEST(time_goes_by_share),
        TEST(sleep_saves_no_time),
    };

    return cmocka_run_group_tests(tests, rig_start, NULL);
}
