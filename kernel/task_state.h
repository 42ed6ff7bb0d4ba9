/* What the files that implement kernel/task.h share: kernel/task.c (run
 * task_queues, the switch), kernel/task_turns.c (turns and balance),
 * kernel/task_life.c (from creation to exit) and kernel/event.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/processor.h"
#include "arch/spinlock.h"
#include "kernel/page.h"
#include "kernel/task.h"
#include "kernel/time.h"

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

struct run_queue;

struct task {
    char name[24];
    enum task_state state;
    struct domain *domain;
    struct run_queue *queue; /* its processor's */
    uint64_t stack_pointer;  /* while it does not run */
    struct task *next;       /* in the run queue or an event's waiters */
    struct task *next_all;   /* in the list of all */
    uint64_t runs;           /* times it was switched to */

    bool takes_turns;
    uint64_t turn_end; /* time_now() nanoseconds */
    uint64_t arrived;  /* when it moved to this processor; 0: never */

    void *memory; /* TASK_PAGES pages, guard first; NULL: not from page_alloc */
    task_entry entry;
    void *argument;

    /* While it waits: */
    struct event *event; /* under that event's lock */
    bool sleeping;       /* only for the timer */
    struct timer timer;
    bool timed_out;
};

struct task_list {
    struct task *first;
    struct task *last;
};

/* A processor's run queue, and what runs there. */
struct run_queue {
    /* Any processor, with the lock. Runnable tasks, without the current one;
     * those whose turn is over come after the others, but not for ever. */
    _Alignas(64) struct spinlock lock;
    struct task_list ready;
    struct task_list over;
    uint64_t over_since; /* when a turn of one of `over` ended last */
    uint32_t woken;      /* how many have been put into `ready` from outside */

    /* Any processor, atomically: the tasks here that take turns and do not
     * wait. */
    unsigned computing;

    /* It is halted or runs a guest, and is to be interrupted when there is
     * something new; whoever interrupts it takes the mark away. */
    bool outside;
    bool halted;
    uint32_t apic_id;
    bool open; /* set before anybody is told of the processor */

    /* That processor. */
    struct task *current;
    struct task *idle; /* what runs when the last one has left; NULL: nothing,
                          it stays on that one's stack */
    struct task *left; /* has exited, or moves: the next task deals with it */
    bool firing;       /* timers fire: nothing may wait now */
    uint32_t known;    /* of `woken`, when a task was chosen last */
    struct domain *passed; /* of one that came first then and was passed over,
                              since its domain was taken; or NULL */
    uint64_t passed_at;    /* when one was first, of those that are so now */
    uint64_t idle_ticks;
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

/* One that takes turns has begun to wait, or to run again, or leaves. */
static inline void task_count_computing(const struct task *task, int change)
{
    if (task->takes_turns) {
        __atomic_add_fetch(&task->queue->computing, (unsigned)change,
                           __ATOMIC_RELAXED);
    }
}

/* task.c: makes it runnable, on its queue. */
void task_append(struct task *task);

/* task.c: gives the processor to the next runnable task; the caller has put the
 * current one where it belongs. */
void task_schedule(void);

/* task.c: the first thing after a switch. */
void task_finish_switch(void);

/* task_life.c: gives back the memory of one that has exited. */
void task_free(struct task *task);
