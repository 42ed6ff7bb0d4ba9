/* Cooperative tasks, see kernel/task.h. Called by every room that waits.
 *
 * One run queue a processor, first in, first out. A switch happens in
 * task_schedule() alone; before it takes the next task it fires the timers that
 * are due, and when there is no task it halts until the timer's interrupt, or
 * that of a processor that has put a task into the queue. Interrupt handlers
 * run only inside that halt or at a VM exit, where no lock is held.
 *
 * Locks, in the order they are taken: a domain; an event's; a run queue's. */
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

/* Whatever the processor looks at before it goes outside is written already,
 * and the exchange orders it before this. */
static void interrupt_outside(struct run_queue *queue)
{
    if (queue != task_queue_here() &&
        __atomic_exchange_n(&queue->outside, false, __ATOMIC_SEQ_CST)) {
        lapic_host_send(queue->apic_id, LAPIC_HOST_VECTOR_WAKE);
    }
}

static void append_to(struct task_list *list, struct task *task)
{
    task->state = TASK_RUNNABLE;
    task->next = NULL;
    if (list->first == NULL) {
        __atomic_store_n(&list->first, task, __ATOMIC_RELAXED);
    } else {
        list->last->next = task;
    }
    list->last = task;
}

void task_append(struct task *task)
{
    struct run_queue *queue = task->queue;

    task_count_computing(task, 1);
    spinlock_take(&queue->lock);
    append_to(&queue->ready, task);
    __atomic_store_n(&queue->woken, queue->woken + 1, __ATOMIC_RELAXED);
    spinlock_give(&queue->lock);
    if (spinlock_needed) {
        interrupt_outside(queue);
    }
}

static bool turn_over(const struct task *task)
{
    return task->takes_turns && time_now() >= task->turn_end;
}

/* The current task, which could go on. */
static void append_current(struct run_queue *queue)
{
    bool over = turn_over(queue->current);

    spinlock_take(&queue->lock);
    if (over && task_list_empty(&queue->over)) {
        queue->over_since = time_now();
    }
    append_to(over ? &queue->over : &queue->ready, queue->current);
    spinlock_give(&queue->lock);
}

/* The first whose domain can be entered at once, taken out and entered. */
static struct task *take_from(struct task_list *list)
{
    struct task *before = NULL;
    struct task *task = NULL;

    for (task = list->first; task != NULL; task = task->next) {
        if (domain_try_switch(task->domain)) {
            break;
        }
        before = task;
    }
    if (task != NULL) {
        if (before == NULL) {
            __atomic_store_n(&list->first, task->next, __ATOMIC_RELAXED);
        } else {
            before->next = task->next;
        }
        if (list->last == task) {
            list->last = before;
        }
        task->next = NULL;
    }
    return task;
}

/* Have those whose turn was over waited for so long that they come first? */
static bool overdue(const struct run_queue *queue, uint64_t now)
{
    return now >= queue->over_since + TASK_TURN;
}

static void note_passed(struct run_queue *queue, struct domain *domain)
{
    if (domain != NULL && queue->passed == NULL) {
        queue->passed_at = time_now();
    }
    queue->passed = domain;
}

/* Of the list that comes first, else of the other one. NULL, and *wanted says
 * which domain to wait for; NULL too if nothing is runnable. */
static struct task *take_first(struct run_queue *queue, struct domain **wanted)
{
    const struct task *first = NULL;
    struct task *task = NULL;
    struct task_list *list = &queue->ready;
    uint64_t now = 0;

    *wanted = NULL;
    spinlock_take(&queue->lock);
    queue->known = queue->woken;
    if (queue->over.first != NULL) {
        now = time_now();
        if (list->first == NULL || overdue(queue, now)) {
            list = &queue->over;
        }
    }
    if (list->first != NULL) {
        first = list->first;
        *wanted = first->domain;
        task = take_from(list);
        if (task == NULL) {
            list = list == &queue->over ? &queue->ready : &queue->over;
            task = take_from(list);
        }
    }
    note_passed(queue, task == first ? NULL : *wanted);
    if (task != NULL && list == &queue->over) {
        /* The others have as long as its turn, from when that ends. */
        queue->over_since = now + TASK_TURN;
    }
    spinlock_give(&queue->lock);
    return task;
}

/* Where a domain is never free, since there is always somebody who waits for
 * it, its tasks here would be passed over for ever. */
static bool passed_for_long(const struct run_queue *queue)
{
    return queue->passed != NULL && time_now() >= queue->passed_at + TASK_TURN;
}

/* The next task to run, in whose domain this processor is then. Where none can
 * be entered at once it waits for the first one's, in its turn. */
static struct task *choose(struct run_queue *queue)
{
    struct domain *wanted = NULL;
    struct task *task = NULL;

    if (passed_for_long(queue)) {
        domain_switch(queue->passed);
    } else if (domain_wanted()) {
        /* The tasks here could have it to themselves for ever. */
        domain_switch(NULL);
    }
    task = take_first(queue, &wanted);
    while (task == NULL && wanted != NULL) {
        domain_switch(wanted);
        task = take_first(queue, &wanted);
    }
    return task;
}

static void check_stack(const struct task *task)
{
    if (task->memory != NULL && *task_stack_bottom(task) != STACK_WORD) {
        panic("stack of task %s overflowed", task->name);
    }
}

/* On the next task's stack, since a task can neither free the one it stands on
 * nor let another processor have it. */
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
    if (turn_over(next)) {
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
    /* Perhaps much later, and `previous` runs again, perhaps elsewhere. */
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

/* True: an interrupt comes when there is something new, so the processor may
 * halt or run a guest. The exchange is before the look into the queue, and
 * whoever fills the queue looks here after that: one of the two sees it. */
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

/* Halts until the next interrupt: the timer's, or a device's, or another
 * processor's. Perhaps none ever comes: a guest may halt for good, and then so
 * does the machine. */
static void idle(struct run_queue *queue)
{
    uint64_t start = cpu_rdtsc();

    if (!spinlock_needed) {
        cpu_idle();
    } else if (go_outside(queue, false)) {
        __atomic_store_n(&queue->halted, true, __ATOMIC_RELAXED);
        cpu_idle();
        __atomic_store_n(&queue->halted, false, __ATOMIC_RELAXED);
        __atomic_store_n(&queue->outside, false, __ATOMIC_RELAXED);
    }
    queue->idle_ticks += cpu_rdtsc() - start;
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

/* Nothing to wait for: the turn that is over is followed by the next. */
static void go_on(struct task *task)
{
    if (turn_over(task)) {
        task->turn_end = time_now() + TASK_TURN;
    }
}

void task_yield(void)
{
    struct run_queue *queue = task_queue_here();

    CHECK(!queue->firing);
    fire_timers(queue);
    if (!task_list_empty(&queue->ready) ||
        (!task_list_empty(&queue->over) &&
         (turn_over(queue->current) || overdue(queue, time_now())))) {
        append_current(queue);
        task_schedule();
    } else {
        go_on(queue->current);
        if (domain_wanted()) {
            struct domain *domain = domain_here();

            /* Whoever waits has the earlier ticket. */
            domain_switch(NULL);
            domain_switch(domain);
        }
    }
}

bool task_work_pending(void)
{
    struct run_queue *queue = task_queue_here();

    return !task_list_empty(&queue->ready) || !task_list_empty(&queue->over) ||
           timer_due();
}

bool task_outside_begin(bool known)
{
    struct run_queue *queue = task_queue_here();

    if (!spinlock_needed) {
        return true;
    }
    /* Marked before the domain is left: who enters it next may interrupt. */
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
