/* Events and time-outs, for which tasks wait: implements a part of
 * kernel/task.h. */
#include "kernel/base/panic.h"
#include "kernel/domain.h"
#include "kernel/task.h"
#include "kernel/task_state.h"
#include "kernel/time.h"

#include <stddef.h>

void event_signal(struct event *event)
{
    struct task *task;

    spinlock_take(&event->lock);
    task = event->waiters;
    event->signalled = task == NULL;
    event->waiters = NULL;
    while (task != NULL) {
        struct task *next = task->next;

        __atomic_store_n(&task->event, NULL, __ATOMIC_RELAXED);
        task_append(task);
        task = next;
    }
    spinlock_give(&event->lock);
}

/* Appends the task to the event's waiters, so that they wake in the order in
 * which they came. The caller holds the event's lock. */
static void wait_for(struct event *event, struct task *task)
{
    struct task **link = &event->waiters;

    while (*link != NULL) {
        link = &(*link)->next;
    }
    task->next = NULL;
    __atomic_store_n(&task->event, event, __ATOMIC_RELAXED);
    *link = task;
}

static void wait_no_more(struct event *event, struct task *task)
{
    struct task **link = &event->waiters;

    while (*link != task) {
        CHECK(*link != NULL);
        link = &(*link)->next;
    }
    *link = task->next;
    __atomic_store_n(&task->event, NULL, __ATOMIC_RELAXED);
}

/* True: the task now counts as waiting, and the caller calls task_schedule().
 * False: the event was signalled already, and the signal is taken. */
static bool begin_to_wait(struct event *event, struct task *task)
{
    bool waits;

    spinlock_take(&event->lock);
    waits = !event->signalled;
    event->signalled = false;
    if (waits) {
        task->state = TASK_WAITING;
        task_count_computing(task, -1);
        wait_for(event, task);
    }
    spinlock_give(&event->lock);
    return waits;
}

void event_wait(struct event *event)
{
    if (begin_to_wait(event, task_current())) {
        task_schedule();
    }
}

/* The function of a waiting task's timer. It runs in the task's domain, so the
 * task cannot run or begin another wait meanwhile. But a signal from another
 * domain may end the wait first. */
static void time_out(void *argument)
{
    struct task *task = argument;
    struct event *event = __atomic_load_n(&task->event, __ATOMIC_RELAXED);
    bool late = task->sleeping;

    if (event != NULL) {
        spinlock_take(&event->lock);
        if (task->event == event) {
            wait_no_more(event, task);
            late = true;
        }
        spinlock_give(&event->lock);
    }
    if (late) {
        task->sleeping = false;
        task->timed_out = true;
        task_append(task);
    }
}

static void arm_time_out(struct task *task, uint64_t deadline)
{
    task->timed_out = false;
    task->timer.fire = time_out;
    task->timer.argument = task;
    task->timer.domain = task->domain;
    timer_arm(&task->timer, deadline);
}

bool event_wait_until(struct event *event, uint64_t deadline)
{
    struct task *task = task_current();

    if (!begin_to_wait(event, task)) {
        return true;
    }
    /* The timer fires in this task's domain, so it cannot fire before
     * task_schedule() leaves that domain. */
    arm_time_out(task, deadline);
    task_schedule();
    timer_cancel(&task->timer);
    return !task->timed_out;
}

void task_sleep_until(uint64_t deadline)
{
    struct task *task = task_current();

    task->state = TASK_WAITING;
    task_count_computing(task, -1);
    task->sleeping = true;
    arm_time_out(task, deadline);
    task_schedule();
}
