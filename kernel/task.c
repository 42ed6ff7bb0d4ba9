/* The scheduler: implements kernel/task.h. Called by every room that waits.
 *
 * Each processor has one run queue; kernel/task_share.c says which of its tasks
 * comes next. task_schedule() alone switches tasks. Before it takes the next
 * task it fires the timers that are due. If no task is runnable it halts the
 * processor. The timer's interrupt ends the halt, or another processor's
 * interrupt after it has put a task into the queue. Interrupt handlers run only
 * during such a halt or at a VM exit, and no lock is held then.
 *
 * Two words of this file: a processor is "outside" while it halts or runs a
 * guest, when only an interrupt can tell it of new work. A "turn" is the time
 * of TASK_TURN that a computing task, a vCPU, may run while others wait.
 *
 * Locks are taken in this order: a domain's, an event's, a run queue's. */
#include "kernel/task.h"

#include "arch/cpu.h"
#include "arch/lapic_host.h"
#include "arch/paging.h"
#include "arch/task_switch.h"
#include "kernel/base/panic.h"
#include "kernel/domain.h"
#include "kernel/task_state.h"

#include <stddef.h>

struct run_queue task_queues[PROCESSORS_MAX];

/* Interrupts the processor of `queue` if it is outside. The caller has already
 * written the new work. The exchange orders that write before the look at
 * `outside`. */
static void interrupt_outside(struct run_queue *queue)
{
    if (queue != task_queue_here() &&
        __atomic_exchange_n(&queue->outside, false, __ATOMIC_SEQ_CST)) {
        lapic_host_send(queue->apic_id, LAPIC_HOST_VECTOR_WAKE);
    }
}

void task_append(struct task *task)
{
    struct run_queue *queue = task->queue;

    task_count_computing(task, 1);
    spinlock_take(&queue->lock);
    task_share_put(queue, task, false);
    __atomic_store_n(&queue->woken, queue->woken + 1, __ATOMIC_RELAXED);
    spinlock_give(&queue->lock);
    if (spinlock_needed) {
        interrupt_outside(queue);
    }
}

/* Puts the current task, which is still runnable, back into its queue. */
static void append_current(struct run_queue *queue)
{
    bool over = task_turn_over(queue->current);

    spinlock_take(&queue->lock);
    task_share_put(queue, queue->current, over);
    spinlock_give(&queue->lock);
}

/* Notes the domain whose turn it was and that was passed over, since another
 * processor is in it. NULL: none was passed over. */
static void note_passed(struct run_queue *queue, struct domain *domain)
{
    if (domain != NULL && queue->passed == NULL) {
        queue->passed_at = time_now();
    }
    queue->passed = domain;
}

/* As task_share_take(), with the lock taken. */
static struct task *take_next(struct run_queue *queue, struct domain **wanted)
{
    struct task *task = NULL;

    spinlock_take(&queue->lock);
    queue->known = queue->woken;
    task = task_share_take(queue, wanted);
    note_passed(queue,
                task != NULL && task->domain == *wanted ? NULL : *wanted);
    spinlock_give(&queue->lock);
    return task;
}

/* True: a task has been passed over here for TASK_TURN. If a domain always has
 * waiters, domain_try_switch() never gets it. Without this check the domain's
 * tasks on this processor would never run. */
static bool passed_for_long(const struct run_queue *queue)
{
    return queue->passed != NULL && time_now() >= queue->passed_at + TASK_TURN;
}

/* Chooses the next task to run and enters its domain. If no runnable task's
 * domain is free, waits for the domain of the first one. NULL: no task is
 * runnable. */
static struct task *choose(struct run_queue *queue)
{
    struct domain *wanted = NULL;
    struct task *task = NULL;

    if (passed_for_long(queue)) {
        domain_switch(queue->passed);
    } else if (domain_wanted()) {
        /* Another processor waits for the current domain. If this one did not
         * leave it, its own tasks of that domain could keep it for ever. */
        domain_switch(NULL);
    }
    task = take_next(queue, &wanted);
    while (task == NULL && wanted != NULL) {
        domain_switch(wanted);
        task = take_next(queue, &wanted);
    }
    return task;
}

static void check_stack(const struct task *task)
{
    if (task->memory != NULL && *task_stack_bottom(task) != STACK_WORD) {
        panic("stack of task %s overflowed", task->name);
    }
}

/* Finishes a switch. Frees the previous task if it has exited; puts it into its
 * new processor's queue if it moves. Runs on the next task's stack: a task can
 * neither free the stack it runs on nor let another processor run on it. */
void task_finish_switch(void)
{
    struct run_queue *queue = task_queue_here();
    struct task *task = queue->left;

    if (task == NULL) {
        return;
    }
    queue->left = NULL;
    if (task->state == TASK_EXITED) {
        task_free(task);
    } else {
        task_append(task);
    }
}

static void switch_to(struct run_queue *queue, struct task *next)
{
    struct task *previous = queue->current;

    next->state = TASK_RUNNING;
    if (task_turn_over(next)) {
        next->turn_end = time_now() + TASK_TURN;
    }
    if (next == previous) {
        return;
    }
    check_stack(previous);
    queue->current = next;
    next->runs++;
    paging_catch_up();
    task_switch(&previous->stack_pointer, next->stack_pointer);
    /* Here `previous` runs again, perhaps much later and on another
     * processor. */
    task_finish_switch();
}

static void fire_timers(struct run_queue *queue)
{
    if (timer_due()) {
        queue->firing = true;
        timer_run_due();
        queue->firing = false;
    }
}

/* Marks this processor as outside. True: it may halt or run a guest, and an
 * interrupt will tell it of new work. False: work waits already, and the mark
 * is taken back. With `known` true, work that waited when the current task was
 * chosen does not count.
 *
 * The exchange comes before the look into the queue. A processor that fills the
 * queue looks at the mark afterwards. So at least one of the two sees what the
 * other wrote. */
static bool go_outside(struct run_queue *queue, bool known)
{
    (void)__atomic_exchange_n(&queue->outside, true, __ATOMIC_SEQ_CST);
    if (known &&
        __atomic_load_n(&queue->woken, __ATOMIC_RELAXED) == queue->known) {
        return true;
    }
    if (!task_work_pending()) {
        return true;
    }
    __atomic_store_n(&queue->outside, false, __ATOMIC_RELAXED);
    return false;
}

/* Halts until the next interrupt, which comes from the timer, a device or
 * another processor. It may never come: when every guest has halted for good,
 * the machine halts too. */
static void idle(struct run_queue *queue)
{
    uint64_t start = cpu_rdtsc();
    uint64_t halted = 0;

    if (!spinlock_needed) {
        cpu_idle();
    } else if (go_outside(queue, false)) {
        __atomic_store_n(&queue->halted, true, __ATOMIC_RELAXED);
        cpu_idle();
        __atomic_store_n(&queue->halted, false, __ATOMIC_RELAXED);
        __atomic_store_n(&queue->outside, false, __ATOMIC_RELAXED);
    }
    halted = cpu_rdtsc() - start;
    queue->idle_ticks += halted;
    queue->charged += halted; /* no group has used that time */
}

void task_schedule(void)
{
    struct run_queue *queue = task_queue_here();
    struct task *next;

    CHECK(!queue->firing);
    for (;;) {
        fire_timers(queue);
        next = choose(queue);
        if (next != NULL) {
            break;
        }
        domain_switch(NULL);
        if (queue->left != NULL && queue->idle != NULL) {
            next = queue->idle;
            break;
        }
        idle(queue);
    }
    switch_to(queue, next);
}

void task_move(unsigned processor)
{
    struct run_queue *queue = task_queue_here();
    struct task *task = queue->current;

    CHECK(task_queues[processor].open);
    if (queue == &task_queues[processor]) {
        return;
    }
    CHECK(queue->left == NULL && task->memory != NULL);
    task_count_computing(task, -1);
    task->state = TASK_RUNNABLE;
    task->queue = &task_queues[processor];
    task->arrived = time_now();
    queue->left = task;
    task_schedule();
}

unsigned task_processor(const struct task *task)
{
    return (unsigned)(task->queue - task_queues);
}

struct domain *task_join(struct domain *domain)
{
    struct task *task = task_current();
    struct domain *before = task->domain;

    CHECK(!task_queue_here()->firing);
    task->domain = domain;
    task->timer.domain = domain;
    domain_switch(domain);
    return before;
}

/* If the task's turn is over, begins its next turn, since no other task
 * waits. */
static void go_on(struct task *task)
{
    if (task_turn_over(task)) {
        task->turn_end = time_now() + TASK_TURN;
    }
}

void task_yield(void)
{
    struct run_queue *queue = task_queue_here();

    CHECK(!queue->firing);
    fire_timers(queue);
    if (task_share_yields(queue)) {
        append_current(queue);
        task_schedule();
    } else {
        go_on(queue->current);
        if (domain_wanted()) {
            struct domain *domain = domain_here();

            /* Domains have ticket locks: the processor that waits is served
             * first. */
            domain_switch(NULL);
            domain_switch(domain);
        }
    }
}

bool task_work_pending(void)
{
    struct run_queue *queue = task_queue_here();

    return !task_queue_empty(queue) || timer_due();
}

bool task_outside_begin(bool known)
{
    struct run_queue *queue = task_queue_here();

    if (!spinlock_needed) {
        return true;
    }
    /* The mark is set before the domain is left, because the next task in the
     * domain may call task_interrupt(). */
    if (!go_outside(queue, known)) {
        return false;
    }
    domain_switch(NULL);
    return true;
}

void task_outside_end(void)
{
    if (spinlock_needed) {
        struct run_queue *queue = task_queue_here();

        __atomic_store_n(&queue->outside, false, __ATOMIC_RELAXED);
        domain_switch(queue->current->domain);
    }
}

void task_interrupt(const struct task *task)
{
    if (spinlock_needed) {
        interrupt_outside(task->queue);
    }
}

void task_notify(const struct task *task, uint8_t vector)
{
    lapic_host_send(task->queue->apic_id, vector);
}

struct task *task_current(void)
{
    const struct run_queue *queue =
        processor_known() ? task_queue_here() : NULL;

    return queue == NULL ? NULL : queue->current;
}

const char *task_name(const struct task *task)
{
    return task->name;
}
