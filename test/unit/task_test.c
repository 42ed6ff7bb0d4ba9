/* kernel/task.c with its real switch, page allocator and timers, on a clock
 * that the test turns: halting moves it to the next deadline. Guard pages are
 * real too (mprotect). The program is itself the task "main". */
#include "kernel/task.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "arch/cpu.h"
#include "arch/idt.h"
#include "arch/lapic_host.h"
#include "arch/paging.h"
#include "arch/task_switch.h"
#include "kernel/domain.h"
#include "kernel/log.h"
#include "kernel/page.h"
#include "kernel/panic.h"
#include "kernel/rtc.h"
#include "kernel/time.h"

#define ARENA_PAGES 2048
#define TASK_PAGES  17
#define PANICKED    99 /* a child's exit status */
#define FAULTED     98

static uint64_t tsc;
static unsigned idles;
static unsigned guards;
static bool guard_fails;
static char log_text[8192];
static char trace[256];
static bool in_child;
static struct event *interrupting; /* signalled by the next interrupt */

uint64_t cpu_rdtsc(void)
{
    return tsc;
}

void cpu_pause(void)
{
}

/* Early by half, as a counter's interrupt may be. */
void cpu_idle(void)
{
    uint64_t deadline = timer_next_deadline();

    idles++;
    if (interrupting != NULL) {
        event_signal(interrupting);
        interrupting = NULL;
        return;
    }
    assert_true(deadline > tsc && deadline != UINT64_MAX);
    tsc = deadline - tsc < 4 ? deadline : tsc + (deadline - tsc) / 2;
}

void lapic_host_timer_arm_tsc(uint64_t deadline)
{
    (void)deadline;
}

void lapic_host_timer_disarm(void)
{
}

void lapic_host_eoi(void)
{
}

void idt_set_handler(uint8_t vector, idt_handler handler)
{
    (void)vector;
    (void)handler;
}

bool rtc_read(uint64_t *seconds)
{
    *seconds = 0;
    return true;
}

void lapic_host_send(uint32_t apic_id, uint8_t vector)
{
    (void)apic_id;
    (void)vector;
}

void paging_catch_up(void)
{
}

bool paging_guard(void *page)
{
    if (guard_fails) {
        return false;
    }
    guards++;
    return mprotect(page, PAGE_SIZE, PROT_NONE) == 0;
}

bool paging_unguard(void *page)
{
    guards--;
    return mprotect(page, PAGE_SIZE, PROT_READ | PROT_WRITE) == 0;
}

void log_at(enum log_level level, const char *format, ...)
{
    size_t length = strlen(log_text);
    va_list values;

    (void)level;
    va_start(values, format);
    vsnprintf(log_text + length, sizeof(log_text) - length, format, values);
    va_end(values);
    strncat(log_text, "\n", sizeof(log_text) - strlen(log_text) - 1);
}

_Noreturn void panic(const char *format, ...)
{
    va_list values;

    if (in_child) {
        _exit(PANICKED);
    }
    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    abort();
}

static void note(const char *text)
{
    strncat(trace, text, sizeof(trace) - strlen(trace) - 1);
}

static int clean(void **state)
{
    (void)state;
    trace[0] = '\0';
    log_text[0] = '\0';
    idles = 0;
    return 0;
}

static int start(void **state)
{
    uint8_t *arena =
        mmap(NULL, (ARENA_PAGES + 1) * PAGE_SIZE, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)state;
    assert_true(arena != MAP_FAILED);
    page_add_range((uint64_t)(uintptr_t)arena, ARENA_PAGES);
    time_init(1000000000);
    task_init();
    return 0;
}

/* Lets all others run until they exit; every page must be back then. */
static int all_gone(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        task_yield();
    }
    assert_false(task_work_pending());
    assert_int_equal(page_free_count(), ARENA_PAGES);
    assert_true(page_valid());
    assert_int_equal(guards, 0);
    return 0;
}

/* Ping-pong */

static struct event ping;
static struct event pong;

static void ponger(void *argument)
{
    (void)argument;
    for (int i = 0; i < 3; i++) {
        event_wait(&ping);
        note("pong ");
        event_signal(&pong);
    }
}

static void two_tasks_take_turns(void **state)
{
    (void)state;
    assert_string_equal(task_name(task_current()), "main");
    assert_non_null(task_create("ponger", ponger, NULL));
    for (int i = 0; i < 3; i++) {
        note("ping ");
        event_signal(&ping);
        event_wait(&pong);
    }
    assert_string_equal(trace, "ping pong ping pong ping pong ");
}

/* Sticky signals */

static void a_signal_before_the_wait_is_kept_once(void **state)
{
    struct event event = {0};

    (void)state;
    event_signal(&event);
    event_signal(&event);
    event_wait(&event);
    assert_false(event_wait_until(&event, tsc + 10));
    event_signal(&event);
    assert_true(event_wait_until(&event, tsc));
}

static void waiter(void *argument)
{
    event_wait(argument);
    note(task_name(task_current()));
}

static void one_signal_wakes_all_in_order(void **state)
{
    struct event event = {0};

    (void)state;
    assert_non_null(task_create("a", waiter, &event));
    assert_non_null(task_create("b", waiter, &event));
    assert_non_null(task_create("c", waiter, &event));
    task_yield();
    assert_string_equal(trace, "");
    event_signal(&event);
    assert_false(event.signalled);
    task_yield();
    assert_string_equal(trace, "abc");
}

static void counter(void *argument)
{
    struct event *event = argument;

    for (int i = 0; i < 2; i++) {
        event_wait(event);
        note("+");
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
    assert_string_equal(trace, "++");
}

/* Time */

static void sleeper(void *argument)
{
    task_sleep_until((uint64_t)(uintptr_t)argument);
    assert_true(time_now() >= (uint64_t)(uintptr_t)argument);
    note(task_name(task_current()));
}

static void sleepers_wake_in_the_order_of_their_deadlines(void **state)
{
    uint64_t now = time_now();

    (void)state;
    assert_non_null(task_create("3", sleeper, (void *)(uintptr_t)(now + 3000)));
    assert_non_null(task_create("1", sleeper, (void *)(uintptr_t)(now + 1000)));
    assert_non_null(task_create("2", sleeper, (void *)(uintptr_t)(now + 2000)));
    task_sleep_until(now + 2500);
    assert_string_equal(trace, "12");
    task_sleep_until(now + 3000);
    task_yield();
    assert_string_equal(trace, "123");
    assert_true(idles > 0);
    assert_true(task_idle_time() >= 3000);
}

static void a_deadline_in_the_past_lets_others_run(void **state)
{
    struct event event = {0};

    (void)state;
    event_signal(&event);
    assert_non_null(task_create("a", waiter, &event));
    task_sleep_until(0);
    assert_string_equal(trace, "a");
    assert_int_equal(idles, 0);
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
    assert_int_equal(timer_next_deadline(), UINT64_MAX);
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
    assert_int_equal(timer_next_deadline(), UINT64_MAX);
    interrupting = &event;
    event_wait(&event);
    assert_int_equal(idles, 1);
}

static void timed_waiter(void *argument)
{
    note(event_wait_until(argument, time_now() + 100) ? "event " : "late ");
}

/* The one in the middle of the list leaves it; the others still wake. */
static void a_time_out_leaves_the_other_waiters(void **state)
{
    struct event event = {0};

    (void)state;
    assert_non_null(task_create("a", waiter, &event));
    assert_non_null(task_create("timed", timed_waiter, &event));
    assert_non_null(task_create("b", waiter, &event));
    task_sleep_until(time_now() + 200);
    assert_string_equal(trace, "late ");
    event_signal(&event);
    task_yield();
    assert_string_equal(trace, "late ab");
}

static void due_timers_are_work(void **state)
{
    (void)state;
    assert_non_null(
        task_create("1", sleeper, (void *)(uintptr_t)(time_now() + 10)));
    assert_true(task_work_pending());
    task_yield();
    assert_false(task_work_pending());
    tsc += 10;
    assert_true(task_work_pending());
    task_yield();
    assert_false(task_work_pending());
    assert_string_equal(trace, "1");
}

/* Many */

static unsigned finished;

static void yielder(void *argument)
{
    int times = (int)(uintptr_t)argument;

    while (times-- > 0) {
        task_yield();
    }
    finished++;
}

static void memory_runs_out_and_comes_back(void **state)
{
    unsigned created = 0;

    (void)state;
    finished = 0;
    while (task_create("many", yielder, (void *)(uintptr_t)(created % 7)) !=
           NULL) {
        created++;
    }
    assert_int_equal(created, ARENA_PAGES / TASK_PAGES);
    for (int i = 0; i < 10; i++) {
        task_yield();
    }
    assert_int_equal(finished, created);
}

static void a_guard_page_that_cannot_be_had_is_no_task(void **state)
{
    (void)state;
    guard_fails = true;
    assert_null(task_create("none", yielder, NULL));
    guard_fails = false;
}

static void exiter(void *argument)
{
    (void)argument;
    note("out");
    task_exit();
}

static void exit_in_the_middle(void **state)
{
    (void)state;
    assert_non_null(task_create("exiter", exiter, NULL));
    task_yield();
    assert_string_equal(trace, "out");
}

/* A new task, and one that comes back, each free the one that left. */
static void a_stack_is_freed_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++) {
        assert_non_null(task_create("exiter", exiter, NULL));
        assert_non_null(task_create("yielder", yielder, NULL));
        task_yield();
        assert_int_equal(page_free_count(), ARENA_PAGES);
    }
}

static void names_are_cut_and_dumped(void **state)
{
    struct event event = {0};

    (void)state;
    assert_non_null(task_create("a-name-that-is-much-too-long-to-keep",
                                timed_waiter, &event));
    assert_non_null(task_create("waits", waiter, &event));
    task_yield();
    assert_non_null(task_create("fresh", yielder, NULL));
    task_dump();
    assert_non_null(strstr(log_text, "a-name-that-is-much-too "));
    assert_non_null(strstr(log_text, ", for event 0x"));
    assert_non_null(strstr(log_text, ", for 0 ms more"));
    assert_non_null(strstr(log_text, "running"));
    assert_non_null(strstr(log_text, "was halted for 0 ms"));
    assert_non_null(strstr(log_text, "runnable"));
    event_signal(&event);
}

/* What must end the program, tried in a child. */

static void segv(int number)
{
    (void)number;
    _exit(FAULTED);
}

static int run_child(void (*act)(void))
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        in_child = true;
        signal(SIGSEGV, segv);
        act();
        _exit(0);
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static void scribbler(void *argument)
{
    uintptr_t stack = (uintptr_t)__builtin_frame_address(0) & ~(PAGE_SIZE - 1);
    volatile uint8_t *below;

    /* Its struct task is at the top of 16 pages, and this frame in the 16th
     * from below. */
    below = (volatile uint8_t *)(stack - 15 * PAGE_SIZE + (uintptr_t)argument);
    *below = 1;
    task_yield();
}

static void overflow_into_guard(void)
{
    task_create("scribbler", scribbler, (void *)(uintptr_t)-8);
    task_yield();
}

static void overflow_to_the_last_word(void)
{
    task_create("scribbler", scribbler, NULL);
    task_yield();
}

static void no_overflow(void)
{
    task_create("scribbler", scribbler, (void *)(uintptr_t)8);
    task_yield();
}

static void fire_and_wait(void *argument)
{
    event_wait(argument);
}

static void wait_in_a_timer(void)
{
    struct event event = {0};
    struct timer timer = {.fire = fire_and_wait, .argument = &event};

    timer_arm(&timer, 0);
    task_yield();
}

static void main_exits(void)
{
    task_exit();
}

static void our_own_bugs_end_it(void **state)
{
    (void)state;
    assert_int_equal(run_child(no_overflow), 0);
    assert_int_equal(run_child(overflow_into_guard), FAULTED);
    assert_int_equal(run_child(overflow_to_the_last_word), PANICKED);
    assert_int_equal(run_child(wait_in_a_timer), PANICKED);
    assert_int_equal(run_child(main_exits), PANICKED);
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
        note(task_name(task_current()));
        tsc += TASK_TURN / 4;
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
    assert_string_equal(trace, "abcabc"
                               "aaaa"
                               "bbbb"
                               "cccc"
                               "aaaa"
                               "bb");
}

static void late(void *argument)
{
    (void)argument;
    note("late");
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
    assert_non_null(strstr(trace, "late"));
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
        tsc += TASK_TURN / 10;
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
    assert_string_equal(trace, "aaaa");
    /* With nobody to wait for it has the next one at once. */
    trace[0] = '\0';
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
        tsc += TASK_TURN / 8;
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, clean, all_gone)

/* What arch/guest_switch.c asks: has this processor worked for anybody but the
 * machine whose guest it runs? */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(two_tasks_take_turns),
        TEST(a_signal_before_the_wait_is_kept_once),
        TEST(one_signal_wakes_all_in_order),
        TEST(a_signal_to_a_woken_task_is_not_lost),
        TEST(sleepers_wake_in_the_order_of_their_deadlines),
        TEST(a_deadline_in_the_past_lets_others_run),
        TEST(an_event_comes_before_the_deadline_or_after),
        TEST(without_a_timer_an_interrupt_wakes),
        TEST(a_time_out_leaves_the_other_waiters),
        TEST(due_timers_are_work),
        TEST(memory_runs_out_and_comes_back),
        TEST(a_guard_page_that_cannot_be_had_is_no_task),
        TEST(exit_in_the_middle),
        TEST(a_stack_is_freed_at_once),
        TEST(names_are_cut_and_dumped),
        TEST(turns_are_of_equal_length),
        TEST(those_whose_turn_is_over_keep_nobody_out),
        TEST(one_that_only_yields_lets_those_run),
        TEST(one_that_waits_for_another_ends_its_turn),
        TEST(those_that_wake_do_not_starve_one_that_computes),
        TEST(work_for_others_is_marked),
        TEST(our_own_bugs_end_it),
    };

    return cmocka_run_group_tests(tests, start, NULL);
}
