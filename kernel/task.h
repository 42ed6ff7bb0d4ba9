/* Cooperative tasks: whatever waits is one (each vCPU, each virtqueue's
 * service, console input). No task is preempted by another; a switch happens
 * only inside the calls below. One run queue a processor. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct task;

/* Something to wait for. Sticky: a signal that comes before the wait is kept,
 * so no wake-up is lost; several signals before one wait are one. One or more
 * tasks may wait; a signal wakes all of them. Zero-initialised is ready. */
struct event {
    bool signalled;
    struct task *waiters;
};

typedef void (*task_entry)(void *argument);

/* A new runnable task with a guarded stack of its own; `name` is copied (up to
 * 23 bytes). NULL: out of memory. A task that returns from `entry` exits. */
struct task *task_create(const char *name, task_entry entry, void *argument);

/* Lets the other runnable tasks and due timers run; comes back. */
void task_yield(void);

/* True while a task other than the caller is runnable or a timer is due: what
 * a vCPU asks before it enters its guest again. */
bool task_work_pending(void);

void event_signal(struct event *event);

/* Waits until `event` is signalled, and takes the signal. */
void event_wait(struct event *event);

/* The same, but no later than `deadline` (time_now() nanoseconds). True: the
 * event came; false: the deadline did. */
bool event_wait_until(struct event *event, uint64_t deadline);

void task_sleep_until(uint64_t deadline);

_Noreturn void task_exit(void);

struct task *task_current(void);
const char *task_name(const struct task *task);

/* Nanoseconds that this processor was halted for want of work. */
uint64_t task_idle_time(void);

/* Logs every task with name, state and what it waits for. */
void task_dump(void);

/* Turns the caller into the first task and starts scheduling. */
void task_init(void);
