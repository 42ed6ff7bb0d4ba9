/* Turns of computing tasks, and their balance between processors; implements a
 * part of kernel/task.h. A task computes if it takes turns and does not
 * wait. */
#include "kernel/task.h"

#include "arch/cpu.h"
#include "kernel/base/panic.h"
#include "kernel/domain.h"
#include "kernel/task_state.h"

#include <stddef.h>

void task_take_turns(void)
{
    struct task *task = task_current();

    CHECK(!task->takes_turns);
    task->takes_turns = true;
    task_count_computing(task, 1);
    task->turn_end = time_now() + TASK_TURN;
}

uint64_t task_turn_end(void)
{
    return task_current()->turn_end;
}

uint64_t task_run_end(void)
{
    const struct run_queue *queue = task_queue_here();
    uint64_t end = queue->current->turn_end;
    uint64_t soon = 0;

    if (queue->passed != NULL) {
        soon = time_now() + TASK_AGAIN;
        end = end < soon ? end : soon;
    }
    return end;
}

void task_end_turn(void)
{
    task_current()->turn_end = 0;
    task_yield();
}

bool task_yield_due(uint64_t since)
{
    return timer_due() || domain_wanted() ||
           (task_work_pending() &&
            time_from_tsc(cpu_rdtsc() - since) >= TASK_TURN);
}

bool task_find_idle(unsigned *processor)
{
    for (unsigned i = 0; i < PROCESSORS_MAX && task_queues[i].open; i++) {
        if (__atomic_load_n(&task_queues[i].halted, __ATOMIC_RELAXED) &&
            task_queue_empty(&task_queues[i])) {
            *processor = i;
            return true;
        }
    }
    return false;
}

static unsigned computing(const struct run_queue *queue)
{
    return __atomic_load_n(&queue->computing, __ATOMIC_RELAXED);
}

static unsigned after(unsigned processor)
{
    unsigned next = processor + 1;

    return next < PROCESSORS_MAX && task_queues[next].open ? next : 0;
}

bool task_find_lighter(unsigned *processor)
{
    const struct run_queue *here = task_queue_here();
    bool stayed = time_now() >= here->current->arrived + TASK_STAY;
    unsigned most = computing(here);
    bool found = false;

    if (most < 2) {
        return false;
    }
    most -= stayed ? 1 : 2;
    /* The search begins at the next processor, so that a surplus task moves
     * round all processors. */
    for (unsigned i = after(processor_here()->index);
         i != processor_here()->index; i = after(i)) {
        unsigned there = computing(&task_queues[i]);

        if (there < most || (there == most && !found)) {
            most = there;
            *processor = i;
            found = true;
        }
    }
    return found;
}
