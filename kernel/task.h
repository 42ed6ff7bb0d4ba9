/* Cooperative tasks. Everything that waits is a task: each vCPU, each
 * virtqueue's service, the console's output. A switch happens only inside the
 * functions below, so no task preempts another. Each processor has its own run
 * queue. A task stays on the processor it was created on until it calls
 * task_move().
 *
 * A task belongs to a domain (kernel/domain.h), and runs only while its
 * processor is in that domain. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/spinlock.h"

struct domain;
struct task;

/* An event that tasks wait for. A signal that comes before the wait is kept, so
 * no wake-up is lost. Several signals before one wait count as one. A signal
 * wakes all tasks that wait. It may come from another domain or from an
 * interrupt handler. A zero-initialised event is ready. */
struct event {
    struct spinlock lock;
    bool signalled;
    struct task *waiters;
};

typedef void (*task_entry)(void *argument);

/* Creates a runnable task in the caller's domain and on the caller's processor.
 * It has a stack of its own with a guard page. `name` is copied, up to 23
 * bytes. The task exits when `entry` returns. NULL: out of memory. */
struct task *task_create(const char *name, task_entry entry, void *argument);

/* As task_create(), but on the processor with that index, which must run
 * tasks. */
struct task *task_create_on(unsigned processor, const char *name,
                            task_entry entry, void *argument);

/* How many pages of memory each task takes. */
size_t task_memory(void);

/* Moves the calling task into `domain`, and returns the domain it was in. May
 * wait until `domain` is free. */
struct domain *task_join(struct domain *domain);

/* Moves the calling task to the processor with that index, and returns
 * there. */
void task_move(unsigned processor);

/* Finds a processor that is halted and has no runnable task. False: there is
 * none now. */
bool task_find_idle(unsigned *processor);

/* Finds a processor on which fewer tasks take turns, so that the calling task
 * would get a larger share of it. False: there is none now. A task calls this
 * at the beginning of its turn.
 *
 * If the tasks do not divide evenly, some processor always has one task more
 * than another. A task stays on such a processor for TASK_STAY (ns) after it
 * moved there; then this function sends it on. So each task gets the same share
 * in the long run. */
#define TASK_STAY (16 * TASK_TURN)
bool task_find_lighter(unsigned *processor);

/* The index of the processor that `task` is on, or moves to. */
unsigned task_processor(const struct task *task);

/* Lets other runnable tasks and due timers run, and lets other processors enter
 * the caller's domain if they wait for it. Returns after that. */
void task_yield(void);

/* The calling task is a computing one from here on: it runs for as long as it
 * may, as a vCPU does. Computing tasks take turns of TASK_TURN while others
 * wait. One that yields after its turn is over comes after all other runnable
 * tasks, but those delay it by no more than TASK_TURN. One that waits, and
 * wakes before its turn is over, has the rest of that turn. */
#define TASK_TURN 1000000ULL /* ns */
void task_take_turns(void);

/* When the calling task's turn ends, in time_now() nanoseconds. */
uint64_t task_turn_end(void);

/* When the calling task should yield if others wait, in time_now() nanoseconds:
 * at the end of its turn. If the scheduler has passed over a task because
 * another processor was in its domain, the time is at most TASK_AGAIN (ns) from
 * now, since such a domain is often free again in a moment. */
#define TASK_AGAIN (TASK_TURN / 32)
uint64_t task_run_end(void);

/* Ends the calling task's turn and yields. The task waits for its next turn. */
void task_end_turn(void);

/* Asked by a task that takes no turns, between two pieces of long work. True:
 * it should yield. A timer is due, or another processor waits for the caller's
 * domain, or other tasks wait and the caller has run for TASK_TURN. `since` is
 * the TSC when the caller last got the processor. */
bool task_yield_due(uint64_t since);

/* True: a task other than the caller is runnable on this processor, or a timer
 * is due. A vCPU asks this before it enters its guest again. */
bool task_work_pending(void);

/* These two bracket a guest's run. In between the calling task is outside its
 * domain, and other processors may run tasks of that domain. An interrupt ends
 * the guest's run when this processor gets new work, or by task_interrupt(). It
 * does so even if it comes between task_outside_begin() and the VM entry.
 *
 * task_outside_begin() returns false, and changes nothing, if work waits
 * already; the caller then does not enter its guest. With `known` true, work
 * that waited when the scheduler chose the caller does not count. */
bool task_outside_begin(bool known);
void task_outside_end(void);

/* Ends the guest's run of `task` if that task is outside its domain, even if
 * the run has not quite begun. Does nothing if it is not outside. The caller is
 * in the task's domain. */
void task_interrupt(const struct task *task);

/* Sends the interrupt `vector` to the processor of `task`, which is outside its
 * domain and stays outside. The caller is in the task's domain. */
void task_notify(const struct task *task, uint8_t vector);

/* Wakes all tasks that wait for `event`. If none waits, keeps the signal. */
void event_signal(struct event *event);

/* Waits until `event` is signalled, and takes that signal. */
void event_wait(struct event *event);

/* As event_wait(), but waits no longer than until `deadline`, in time_now()
 * nanoseconds. True: the event was signalled. False: the deadline passed. */
bool event_wait_until(struct event *event, uint64_t deadline);

/* Waits until `deadline`, in time_now() nanoseconds. */
void task_sleep_until(uint64_t deadline);

/* The task that runs on this processor. NULL: tasks have not started yet. */
struct task *task_current(void);
const char *task_name(const struct task *task);

/* Logs every task with its name, its state and what it waits for, then how long
 * each processor was halted. */
void task_dump(void);

/* Waits until the stacks of all exited tasks have been freed. Other tasks of
 * the caller's domain may run meanwhile. */
void task_reap(void);

/* Turns the caller into the first task, "main", in domain_kernel. */
void task_init(void);

/* Turn the locks on before other processors start, and off again if none has
 * started. Called on the first processor. */
void task_begin_sharing(void);
void task_end_sharing(void);

/* Makes a run queue and an idle task for the processor with that index. Returns
 * the top of the stack that the processor starts on. 0: out of memory.
 *
 * task_unprepare() takes the queue away again. It frees no memory, because a
 * processor that did not start in time may still start on that stack. */
uint64_t task_prepare(unsigned processor, uint32_t apic_id);
void task_unprepare(unsigned processor);

/* Runs tasks for ever. A processor that has started calls it on the stack from
 * task_prepare(). */
_Noreturn void task_run_here(void);
