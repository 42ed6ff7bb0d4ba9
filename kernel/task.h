/* Cooperative tasks: whatever waits is one (each vCPU, each virtqueue's
 * service, console input). No task is preempted by another; a switch happens
 * only inside the calls below. One run queue a processor: a task stays on the
 * one it was made for until it moves itself.
 *
 * A task belongs to a domain (kernel/domain.h), and runs only while its
 * processor is in it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/spinlock.h"

struct domain;
struct task;

/* Something to wait for. Sticky: a signal that comes before the wait is kept,
 * so no wake-up is lost; several signals before one wait are one. One or more
 * tasks may wait; a signal wakes all of them. It may come from another domain,
 * or from an interrupt handler. Zero-initialised is ready. */
struct event {
    struct spinlock lock;
    bool signalled;
    struct task *waiters;
};

typedef void (*task_entry)(void *argument);

/* A new runnable task with a guarded stack of its own, in the caller's domain
 * and on its processor; `name` is copied (up to 23 bytes). NULL: out of memory.
 * A task that returns from `entry` exits. */
struct task *task_create(const char *name, task_entry entry, void *argument);

/* The same on the processor of that index, which runs. */
struct task *task_create_on(unsigned processor, const char *name,
                            task_entry entry, void *argument);

/* Pages of memory that each of them takes. */
size_t task_memory(void);

/* From here on the calling task belongs to `domain`; returns the one before.
 * It may wait. */
struct domain *task_join(struct domain *domain);

/* The calling task goes on on the processor of that index. */
void task_move(unsigned processor);

/* A processor that halts for want of work, not the caller's; false: none now.
 */
bool task_find_idle(unsigned *processor);

/* At the beginning of the caller's turn: a processor where fewer tasks take
 * turns, of which it would have more. One that moved is content for TASK_STAY
 * with one task more than elsewhere; after that it moves again, so that each
 * has its share though their number is no multiple of the processors'. False:
 * none now. */
#define TASK_STAY (16 * TASK_TURN)
bool task_find_lighter(unsigned *processor);

/* The index of the processor it is on, or on its way to. */
unsigned task_processor(const struct task *task);

/* Lets the other runnable tasks and due timers run, and whoever waits for the
 * caller's domain; comes back. */
void task_yield(void);

/* A task that computes for as long as it is let, a guest's, takes turns with
 * the others of its kind: one of TASK_TURN each while others wait. When its
 * turn is over and it yields, it comes after all others that can run; but some
 * task of its kind runs once in a TASK_TURN, whatever else there is to do. One
 * that wakes before its turn is over has what is left of it. */
#define TASK_TURN 1000000ULL /* ns */
void task_take_turns(void);

/* When the calling task's turn is over: time_now() nanoseconds. */
uint64_t task_turn_end(void);

/* When the calling task is to yield, while others wait: when its turn is over;
 * or soon, if one that came before it was passed over, since another processor
 * was in that one's domain, as it is for a moment when it wakes somebody. */
#define TASK_AGAIN (TASK_TURN / 32)
uint64_t task_run_end(void);

/* Yields as if it were over now: the task waits for another one. */
void task_end_turn(void);

/* Asked between two pieces of long work by a task that takes no turns: true if
 * a timer is due, if another processor waits for the caller's domain, or if
 * other tasks wait and the caller has had the processor for TASK_TURN. `since`
 * is the TSC when the caller last got the processor. */
bool task_yield_due(uint64_t since);

/* True while a task other than the caller is runnable or a timer is due: what
 * a vCPU asks before it enters its guest again. */
bool task_work_pending(void);

/* Round a guest's run: outside, the calling task is not in its domain, and an
 * interrupt comes to this processor (and ends the run, even if it comes between
 * here and the entry) when there is new work for it, or by task_interrupt().
 * False: there is work already and it is not `known`, or some of it has come
 * since the caller was chosen to run, so the guest is not to run and nothing
 * has changed. */
bool task_outside_begin(bool known);
void task_outside_end(void);

/* Ends the outside of `task`, or has it end at once if it has just begun. In
 * the task's domain; does nothing where it is not outside. */
void task_interrupt(const struct task *task);

/* Sends the interrupt `vector` to the processor of `task`, which is outside and
 * stays there. In the task's domain. */
void task_notify(const struct task *task, uint8_t vector);

void event_signal(struct event *event);

/* Waits until `event` is signalled, and takes the signal. */
void event_wait(struct event *event);

/* The same, but no later than `deadline` (time_now() nanoseconds). True: the
 * event came; false: the deadline did. */
bool event_wait_until(struct event *event, uint64_t deadline);

void task_sleep_until(uint64_t deadline);

struct task *task_current(void);
const char *task_name(const struct task *task);

/* Logs every task with name, state and what it waits for. */
void task_dump(void);

/* Waits until the stacks of all tasks that have exited are free memory. Other
 * tasks of the caller's domain may run meanwhile. */
void task_reap(void);

/* Turns the caller into the first task and starts scheduling. */
void task_init(void);

/* Several processors: on the first one, before and after others start. */
void task_begin_sharing(void);
void task_end_sharing(void);

/* A queue for the processor of that index, and the stack it is to start on (its
 * top); 0: out of memory. The second takes it away again, and the stack with
 * it: nobody may ever run there. */
uint64_t task_prepare(unsigned processor, uint32_t apic_id);
void task_unprepare(unsigned processor);

/* What that processor does then. */
_Noreturn void task_run_here(void);
