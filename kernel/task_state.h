/* What the files that implement kernel/task.h share: kernel/task.c (run queues
 * and the switch), kernel/task_share.c (shares of domains), kernel/task_turns.c
 * (turns, balance between processors), kernel/task_life.c (creation and exit)
 * and kernel/event.c (waits). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/processor.h"
#include "arch/spinlock.h"
#include "kernel/domain.h"
#include "kernel/page.h"
#include "kernel/task.h"
#include "kernel/time.h"

#ifndef TASK_STACK_PAGES
#define TASK_STACK_PAGES 4
#endif
#define TASK_PAGES (1 + TASK_STACK_PAGES)

/* A new stack is filled with this byte, which later shows how deep the stack
 * was used. If its lowest word has changed, the stack has overflowed, even if
 * the guard page did not catch that. */
#define STACK_FILL 0x5aU
#define STACK_WORD 0x5a5a5a5a5a5a5a5aULL

enum task_state {
    TASK_RUNNING,
    TASK_RUNNABLE,
    TASK_WAITING,
    TASK_EXITED,
};

struct run_queue;

struct task {
    char name[24];
    enum task_state state;
    struct domain *domain;
    struct run_queue *queue; /* of the processor it is on, or moves to */
    uint64_t stack_pointer;  /* valid while it does not run */
    struct task *next;       /* in a run queue or an event's waiters */
    struct task *next_all;   /* in the list of all tasks */
    uint64_t runs;           /* times it was switched to */

    bool takes_turns;
    uint64_t turn_end; /* time_now() nanoseconds */
    uint64_t arrived;  /* time_now() when it moved here; 0: never */

    /* TASK_PAGES pages, the guard page first; NULL: it runs on the boot
     * stack */
    void *memory;
    task_entry entry;
    void *argument;

    /* Valid while the task waits. */
    struct event *event; /* or NULL; under that event's lock */
    bool sleeping;       /* it waits for the timer alone */
    struct timer timer;
    /* The timer, not the event, has ended the last wait. */
    bool timed_out;
};

struct task_list {
    struct task *first;
    struct task *last;
};

/* The runnable tasks of one domain in one run queue, without the current task.
 * Tasks whose turn is over are in `over`; they come after those in `ready`, but
 * wait no longer than TASK_TURN. */
struct task_group {
    struct domain *domain;
    struct task_list ready;
    struct task_list over;
    uint64_t over_since;     /* time_now() from which `over` waits */
    struct task_group *next; /* in the queue's `active` */
    bool woken;              /* has become active since the last choice */

    /* The queue's own processor alone uses this part. */
    uint64_t used; /* virtual nanoseconds, see kernel/task_share.c */
    bool passed;   /* passed over in the present choice */
};

/* One processor's run queue and scheduler state. */
struct run_queue {
    /* Any processor changes this part, with the lock held: the groups, of which
     * those in `active` have runnable tasks. */
    _Alignas(64) struct spinlock lock;
    struct task_group *active;
    uint32_t woken; /* counts the tasks that task_append() puts in */

    /* How many tasks of this queue take turns and do not wait. Any processor
     * changes it, atomically. */
    unsigned computing;

    /* The processor is halted or runs a guest, so it must be interrupted when
     * it has new work. The processor that interrupts it clears this mark. */
    bool outside;
    bool halted;
    uint32_t apic_id;
    bool open; /* it runs tasks; set before others learn of it */

    /* The queue's own processor alone uses this part. */
    struct task *current;
    /* Runs when no task is runnable and the last one has exited or moved. NULL,
     * with one processor: it then halts on the last task's stack. */
    struct task *idle;
    struct task *left; /* has exited or moves; the next task deals with it */
    bool firing;       /* timers fire now, so nothing may wait */
    uint32_t known;    /* the value of `woken` when a task was last chosen */
    /* The domain of the task that came first at the last choice and was passed
     * over, because another processor was in that domain. NULL: none was. */
    struct domain *passed;
    uint64_t passed_at; /* time_now() when `passed` last changed from NULL */
    uint64_t idle_ticks;

    /* The shares of domains (kernel/task_share.c). */
    uint64_t charged; /* the TSC up to which groups were charged */
    uint64_t least;   /* virtual time that no waiting group is far behind */
    struct task_group *chosen;             /* the last choice, for a turn */
    uint64_t chosen_end;                   /* time_now() */
    struct task_group groups[DOMAINS_ALL]; /* by a domain's index */
};

extern struct run_queue task_queues[PROCESSORS_MAX];

static inline struct run_queue *task_queue_here(void)
{
    return processor_here()->queue;
}

static inline bool task_list_empty(const struct task_list *list)
{
    return __atomic_load_n(&list->first, __ATOMIC_RELAXED) == NULL;
}

static inline uint64_t *task_stack_bottom(const struct task *task)
{
    return (uint64_t *)((uintptr_t)task->memory + PAGE_SIZE);
}

static inline bool task_turn_over(const struct task *task)
{
    return task->takes_turns && time_now() >= task->turn_end;
}

/* Adds `change` to its queue's `computing` if `task` takes turns. Called when
 * the task begins to wait, becomes runnable again, or leaves the processor. */
static inline void task_count_computing(const struct task *task, int change)
{
    if (task->takes_turns) {
        __atomic_add_fetch(&task->queue->computing, (unsigned)change,
                           __ATOMIC_RELAXED);
    }
}

/* True: no task but the current one is runnable in the queue. */
static inline bool task_queue_empty(const struct run_queue *queue)
{
    return __atomic_load_n(&queue->active, __ATOMIC_RELAXED) == NULL;
}

/* task.c: makes `task` runnable and puts it into its queue. */
void task_append(struct task *task);

/* task.c: gives the processor to the next runnable task. The caller has already
 * put the current task into a queue, an event's waiters or `left`. */
void task_schedule(void);

/* task.c: finishes a switch. The next task calls it first of all. */
void task_finish_switch(void);

/* task_share.c: puts a runnable task into its group. `over`: its turn is over.
 * The caller holds the queue's lock. */
void task_share_put(struct run_queue *queue, struct task *task, bool over);

/* task_share.c: takes the task that comes first, and enters its domain. *wanted
 * is the domain whose turn it was; NULL: no task is runnable. If another
 * processor is in that domain, a task of another domain is taken; NULL with
 * *wanted set: other processors are in the domains of all tasks. The caller
 * holds the queue's lock, and it is this processor's queue. */
struct task *task_share_take(struct run_queue *queue, struct domain **wanted);

/* task_share.c: true if the current task, which yields, must go into the queue,
 * since another task may come before it. */
bool task_share_yields(const struct run_queue *queue);

/* task_life.c: frees the memory of a task that has exited. */
void task_free(struct task *task);
