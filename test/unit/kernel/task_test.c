/* Tasks: their life, their stacks, and our own bugs. */
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
#define TASK_PAGES 17
#define FAULTED    98

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
    rig.guard_fails = true;
    assert_null(task_create("none", yielder, NULL));
    rig.guard_fails = false;
}

static void exiter(void *argument)
{
    (void)argument;
    rig_note("out");
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
                                rig_timed_waiter, &event));
    assert_non_null(task_create("waits", rig_waiter, &event));
    task_yield();
    assert_non_null(task_create("fresh", yielder, NULL));
    task_dump();
    assert_non_null(strstr(rig.log_text, "a-name-that-is-much-too "));
    assert_non_null(strstr(rig.log_text, ", waits for event 0x"));
    assert_non_null(strstr(rig.log_text, ", wakes in 0 ms"));
    assert_non_null(strstr(rig.log_text, "running"));
    assert_non_null(strstr(rig.log_text, "was halted for 0 ms"));
    assert_non_null(strstr(rig.log_text, "runnable"));
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
        rig.in_child = true;
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

static void our_own_bugs_end_it(void **state)
{
    (void)state;
    assert_int_equal(run_child(no_overflow), 0);
    assert_int_equal(run_child(overflow_into_guard), FAULTED);
    assert_int_equal(run_child(overflow_to_the_last_word), PANICKED);
    assert_int_equal(run_child(wait_in_a_timer), PANICKED);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, rig_clean, rig_all_gone)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(memory_runs_out_and_comes_back),
        TEST(a_guard_page_that_cannot_be_had_is_no_task),
        TEST(a_stack_is_freed_at_once),
        TEST(names_are_cut_and_dumped),
        TEST(our_own_bugs_end_it),
    };

    return cmocka_run_group_tests(tests, rig_start, NULL);
}
