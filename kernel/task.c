/* Cooperative tasks, see kernel/task.h. Called by every room that waits.
 *
 * One run queue a processor, first in, first out. A switch happens in
 * schedule() alone; before it takes the next task it fires the timers that are
 * due, and when there is no task it halts until the timer's interrupt.
 * Interrupt handlers run only inside that halt or at a VM exit, so nothing here
 * is ever entered twice and there are no locks.
 *
 * A task's memory is one run of pages: a guard page, its stack, and struct task
 * at the top. */
#include "kernel/task.h"

#include "arch/cpu.h"
#include "arch/paging.h"
#include "arch/task_switch.h"
#include "kernel/format.h"
#include "kernel/log.h"
#include "kernel/page.h"
#include "kernel/panic.h"
#include "kernel/string.h"
#include "kernel/time.h"

#include <stddef.h>

#ifndef TASK_STACK_PAGES
#define TASK_STACK_PAGES 4
#endif
#define TASK_PAGES (1 + TASK_STACK_PAGES)

/* What an unused stack is filled with: how deep it was used can be seen, and
 * the lowest word changing is an overflow that the guard page missed. */
#define STACK_FILL 0x5aU
#define STACK_WORD 0x5a5a5a5a5a5a5a5aULL

enum task_state {
    TASK_RUNNING,
    TASK_RUNNABLE,
    TASK_WAITING,
    TASK_EXITED,
};

static const char *const state_names[] = {
    [TASK_RUNNING] = "running",
    [TASK_RUNNABLE] = "runnable",
    [TASK_WAITING] = "waiting",
    [TASK_EXITED] = "exited",
};

struct processor;

struct task {
    char name[24];
    enum task_state state;
    struct processor *processor; /* whose run queue it stands in */
    uint64_t stack_pointer;      /* while it does not run */
    struct task *next;           /* in the run queue or an event's waiters */
    struct task *next_all;       /* in the list of all */
    uint64_t runs;               /* times it was switched to */

    void *memory; /* TASK_PAGES pages, guard first; NULL: not from page_alloc */
    task_entry entry;
    void *argument;

    /* While it waits: */
    struct event *event; /* NULL: only for the timer */
    struct timer timer;
    bool timed_out;
};

struct processor {
    struct task *current;
    struct task *first; /* runnable, without the current one */
    struct task *last;
    struct task *exited; /* its stack is to be freed by the next task */
    bool firing;         /* timers fire: nothing may wait now */
    uint64_t idle_ticks;
};

static struct processor boot_processor;
static struct task boot_task;
static struct task *all_tasks;

/* The one that runs this code. */
static struct processor *processor_here(void)
{
    return &boot_processor;
}

static void append(struct task *task)
{
    struct processor *processor = task->processor;

    task->state = TASK_RUNNABLE;
    task->next = NULL;
    if (processor->first == NULL) {
        processor->first = task;
    } else {
        processor->last->next = task;
    }
    processor->last = task;
}

static struct task *take_first(struct processor *processor)
{
    struct task *task = processor->first;

    if (task != NULL) {
        processor->first = task->next;
        task->next = NULL;
    }
    return task;
}

static uint64_t *stack_bottom(const struct task *task)
{
    return (uint64_t *)((uintptr_t)task->memory + PAGE_SIZE);
}

static void check_stack(const struct task *task)
{
    if (task->memory != NULL && *stack_bottom(task) != STACK_WORD) {
        panic("stack of task %s overflowed", task->name);
    }
}

static void free_memory(void *memory)
{
    /* Never fails: the page's own table is there since it was guarded. */
    CHECK(paging_unguard(memory));
    page_free(memory, TASK_PAGES);
}

/* On the next task's stack, since a task cannot free the one it stands on. */
static void free_exited(struct processor *processor)
{
    struct task *task = processor->exited;

    if (task != NULL) {
        processor->exited = NULL;
        free_memory(task->memory);
    }
}

static void switch_to(struct processor *processor, struct task *next)
{
    struct task *previous = processor->current;

    next->state = TASK_RUNNING;
    if (next == previous) {
        return;
    }
    check_stack(previous);
    processor->current = next;
    next->runs++;
    task_switch(&previous->stack_pointer, next->stack_pointer);
    /* Perhaps much later, and `previous` runs again. */
    free_exited(processor_here());
}

static void fire_timers(struct processor *processor)
{
    if (timer_due()) {
        processor->firing = true;
        timer_run_due();
        processor->firing = false;
    }
}

/* Halts until the next interrupt: the timer's, or a device's. Perhaps none ever
 * comes: a guest may halt for good, and then so does the machine. */
static void idle(struct processor *processor)
{
    uint64_t start = cpu_rdtsc();

    cpu_idle();
    processor->idle_ticks += cpu_rdtsc() - start;
}

/* Gives the processor to the next runnable task; the caller has put the
 * current one where it belongs. */
static void schedule(void)
{
    struct processor *processor = processor_here();
    struct task *next;

    CHECK(!processor->firing);
    for (;;) {
        fire_timers(processor);
        next = take_first(processor);
        if (next != NULL) {
            break;
        }
        idle(processor);
    }
    switch_to(processor, next);
}

static void remember(struct task *task)
{
    task->next_all = all_tasks;
    all_tasks = task;
}

static void forget(const struct task *task)
{
    struct task **link = &all_tasks;

    while (*link != task) {
        CHECK(*link != NULL);
        link = &(*link)->next_all;
    }
    *link = task->next_all;
}

static void set_name(struct task *task, const char *name)
{
    size_t length = strnlen(name, sizeof(task->name) - 1);

    memcpy(task->name, name, length);
    task->name[length] = '\0';
}

void task_init(void)
{
    struct processor *processor = processor_here();

    CHECK(processor->current == NULL);
    set_name(&boot_task, "main");
    boot_task.state = TASK_RUNNING;
    boot_task.processor = processor;
    boot_task.runs = 1;
    processor->current = &boot_task;
    remember(&boot_task);
}

static void run_task(void *argument)
{
    struct task *task = argument;

    free_exited(processor_here());
    task->entry(task->argument);
    task_exit();
}

/* A stack that task_switch() can go on with: at task_switch_start, which calls
 * run_task(task). `top` is 16-byte aligned. */
static uint64_t first_frame(struct task *task, uintptr_t top)
{
    struct task_switch_frame *frame =
        (struct task_switch_frame *)(top - sizeof(*frame));

    *frame = (struct task_switch_frame){
        .rbx = (uintptr_t)run_task,
        .r12 = (uintptr_t)task,
        .rip = (uintptr_t)task_switch_start,
    };
    return (uintptr_t)frame;
}

struct task *task_create(const char *name, task_entry entry, void *argument)
{
    uint8_t *memory = page_alloc_dirty(TASK_PAGES, PAGE_SIZE);
    uintptr_t top;
    struct task *task;

    if (memory == NULL) {
        return NULL;
    }
    if (!paging_guard(memory)) {
        page_free(memory, TASK_PAGES);
        return NULL;
    }
    top = ((uintptr_t)memory + TASK_PAGES * PAGE_SIZE - sizeof(*task)) &
          ~(uintptr_t)15;
    task = (struct task *)top;
    memset(memory + PAGE_SIZE, STACK_FILL, TASK_STACK_PAGES * PAGE_SIZE);
    *task = (struct task){
        .processor = processor_here(),
        .memory = memory,
        .entry = entry,
        .argument = argument,
    };
    set_name(task, name);
    task->stack_pointer = first_frame(task, top);
    remember(task);
    append(task);
    return task;
}

_Noreturn void task_exit(void)
{
    struct processor *processor = processor_here();
    struct task *task = processor->current;

    CHECK(task->memory != NULL); /* "main" stays */
    CHECK(processor->exited == NULL);
    task->state = TASK_EXITED;
    forget(task);
    processor->exited = task;
    schedule();
    panic("task %s ran after its exit", task->name);
}

void task_yield(void)
{
    struct processor *processor = processor_here();

    CHECK(!processor->firing);
    fire_timers(processor);
    if (processor->first != NULL) {
        append(processor->current);
        schedule();
    }
}

bool task_work_pending(void)
{
    return processor_here()->first != NULL || timer_due();
}

void event_signal(struct event *event)
{
    struct task *task = event->waiters;

    if (task == NULL) {
        event->signalled = true;
        return;
    }
    event->waiters = NULL;
    while (task != NULL) {
        struct task *next = task->next;

        task->event = NULL;
        timer_cancel(&task->timer);
        append(task);
        task = next;
    }
}

/* Behind those that wait already, so that they wake in that order. */
static void wait_for(struct event *event, struct task *task)
{
    struct task **link = &event->waiters;

    while (*link != NULL) {
        link = &(*link)->next;
    }
    task->next = NULL;
    task->event = event;
    *link = task;
}

static void wait_no_more(struct task *task)
{
    struct task **link = &task->event->waiters;

    while (*link != task) {
        CHECK(*link != NULL);
        link = &(*link)->next;
    }
    *link = task->next;
    task->event = NULL;
}

void event_wait(struct event *event)
{
    struct task *task = task_current();

    if (event->signalled) {
        event->signalled = false;
        return;
    }
    task->state = TASK_WAITING;
    wait_for(event, task);
    schedule();
}

static void time_out(void *argument)
{
    struct task *task = argument;

    if (task->event != NULL) {
        wait_no_more(task);
    }
    task->timed_out = true;
    append(task);
}

/* Waits for the timer and, unless it is NULL, the event. */
static bool wait_until(struct event *event, uint64_t deadline)
{
    struct task *task = task_current();

    task->state = TASK_WAITING;
    task->timed_out = false;
    if (event != NULL) {
        wait_for(event, task);
    }
    task->timer.fire = time_out;
    task->timer.argument = task;
    timer_arm(&task->timer, deadline);
    schedule();
    return !task->timed_out;
}

bool event_wait_until(struct event *event, uint64_t deadline)
{
    if (event->signalled) {
        event->signalled = false;
        return true;
    }
    return wait_until(event, deadline);
}

void task_sleep_until(uint64_t deadline)
{
    wait_until(NULL, deadline);
}

struct task *task_current(void)
{
    return processor_here()->current;
}

const char *task_name(const struct task *task)
{
    return task->name;
}

uint64_t task_idle_time(void)
{
    return time_from_tsc(processor_here()->idle_ticks);
}

/* Bytes of its stack that were ever used. */
static size_t stack_used(const struct task *task)
{
    const uint64_t *word = stack_bottom(task);
    const uint64_t *top = (const uint64_t *)task;

    while (word < top && *word == STACK_WORD) {
        word++;
    }
    return (size_t)(top - word) * sizeof(*word);
}

static void dump_one(const struct task *task)
{
    size_t used = task->memory == NULL ? 0 : stack_used(task);
    uint64_t now = time_now();
    char timer[32] = "";
    char event[32] = "";

    if (task->timer.armed) {
        format_sn(timer, sizeof(timer), ", for %llu ms more",
                  task->timer.deadline > now
                      ? (task->timer.deadline - now) / TIME_MS
                      : 0);
    }
    if (task->event != NULL) {
        format_sn(event, sizeof(event), ", for event %p", (void *)task->event);
    }
    log_info("task %-23s %-8s runs %lu, stack %zu%s%s", task->name,
             state_names[task->state], task->runs, used, event, timer);
}

void task_dump(void)
{
    for (const struct task *task = all_tasks; task != NULL;
         task = task->next_all) {
        dump_one(task);
    }
    log_info("the processor was halted for %llu ms",
             task_idle_time() / TIME_MS);
}
