/* Cooperative tasks, see kernel/task.h. Called by every room that waits.
 *
 * One run queue a processor, first in, first out. A switch happens in
 * schedule() alone; before it takes the next task it fires the timers that are
 * due, and when there is no task it halts until the timer's interrupt, or that
 * of a processor that has put a task into the queue. Interrupt handlers run
 * only inside that halt or at a VM exit, where no lock is held.
 *
 * Locks, in the order they are taken: a domain; an event's; a run queue's.
 *
 * A task's memory is one run of pages: a guard page, its stack, and struct task
 * at the top. */
#include "kernel/task.h"

#include "arch/cpu.h"
#include "arch/lapic_host.h"
#include "arch/paging.h"
#include "arch/processor.h"
#include "arch/task_switch.h"
#include "kernel/domain.h"
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

struct queue;

struct task {
    char name[24];
    enum task_state state;
    struct domain *domain;
    struct queue *queue;    /* its processor's */
    uint64_t stack_pointer; /* while it does not run */
    struct task *next;      /* in the run queue or an event's waiters */
    struct task *next_all;  /* in the list of all */
    uint64_t runs;          /* times it was switched to */

    bool takes_turns;
    uint64_t turn_end; /* time_now() nanoseconds */

    void *memory; /* TASK_PAGES pages, guard first; NULL: not from page_alloc */
    task_entry entry;
    void *argument;

    /* While it waits: */
    struct event *event; /* under that event's lock */
    bool sleeping;       /* only for the timer */
    struct timer timer;
    bool timed_out;
};

struct list {
    struct task *first;
    struct task *last;
};

/* A processor's run queue, and what runs there. */
struct queue {
    /* Any processor, with the lock. Runnable tasks, without the current one;
     * those whose turn is over come after the others, but not for ever. */
    _Alignas(64) struct spinlock lock;
    struct list ready;
    struct list over;
    uint64_t over_since; /* `over` has had nothing since then */

    /* It is halted or runs a guest, and is to be interrupted when there is
     * something new; whoever interrupts it takes the mark away. */
    bool outside;
    uint32_t apic_id;
    bool open; /* set before anybody is told of the processor */

    /* That processor. */
    struct task *current;
    struct task *idle; /* what runs when the last one has left; NULL: nothing,
                          it stays on that one's stack */
    struct task *left; /* has exited, or moves: the next task deals with it */
    bool firing;       /* timers fire: nothing may wait now */
    uint64_t idle_ticks;
};

static struct queue queues[PROCESSORS_MAX];
static struct task boot_task;
static unsigned leaving; /* tasks that have exited, whose stack is not free */

static struct {
    struct spinlock lock;
    struct task *first;
} all;

static struct queue *queue_here(void)
{
    return &queues[processor_here()->index];
}

/* Whatever the processor looks at before it goes outside is written already,
 * and the exchange orders it before this. */
static void interrupt_outside(struct queue *queue)
{
    if (queue != queue_here() &&
        __atomic_exchange_n(&queue->outside, false, __ATOMIC_SEQ_CST)) {
        lapic_host_send(queue->apic_id, LAPIC_HOST_VECTOR_WAKE);
    }
}

static bool empty(const struct list *list)
{
    return __atomic_load_n(&list->first, __ATOMIC_RELAXED) == NULL;
}

static void append_to(struct list *list, struct task *task)
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

static void append(struct task *task)
{
    struct queue *queue = task->queue;

    spinlock_take(&queue->lock);
    append_to(&queue->ready, task);
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
static void append_current(struct queue *queue)
{
    bool over = turn_over(queue->current);

    spinlock_take(&queue->lock);
    if (over && empty(&queue->over)) {
        queue->over_since = time_now();
    }
    append_to(over ? &queue->over : &queue->ready, queue->current);
    spinlock_give(&queue->lock);
}

/* The first whose domain can be entered at once, taken out and entered. */
static struct task *take_from(struct list *list)
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

/* Of the list that comes first, else of the other one. NULL, and *wanted says
 * which domain to wait for; NULL too if nothing is runnable. */
static struct task *take_first(struct queue *queue, struct domain **wanted)
{
    struct task *task = NULL;
    struct list *list = &queue->ready;
    uint64_t now = 0;

    *wanted = NULL;
    spinlock_take(&queue->lock);
    if (queue->over.first != NULL) {
        now = time_now();
        if (list->first == NULL || now - queue->over_since >= TASK_TURN) {
            list = &queue->over;
        }
    }
    if (list->first != NULL) {
        *wanted = list->first->domain;
        task = take_from(list);
        if (task == NULL) {
            list = list == &queue->over ? &queue->ready : &queue->over;
            task = take_from(list);
        }
    }
    if (task != NULL && list == &queue->over) {
        queue->over_since = now;
    }
    spinlock_give(&queue->lock);
    return task;
}

/* The next task to run, in whose domain this processor is then. Where none can
 * be entered at once it waits for the first one's, in its turn. */
static struct task *choose(struct queue *queue)
{
    struct domain *wanted = NULL;
    struct task *task = take_first(queue, &wanted);

    while (task == NULL && wanted != NULL) {
        domain_switch(wanted);
        task = take_first(queue, &wanted);
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

/* On the next task's stack, since a task can neither free the one it stands on
 * nor let another processor have it. */
static void finish_switch(void)
{
    struct queue *queue = queue_here();
    struct task *task = queue->left;

    if (task == NULL) {
        return;
    }
    queue->left = NULL;
    if (task->state == TASK_EXITED) {
        free_memory(task->memory);
        __atomic_sub_fetch(&leaving, 1, __ATOMIC_RELEASE);
    } else {
        append(task);
    }
}

static void switch_to(struct queue *queue, struct task *next)
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
    finish_switch();
}

static void fire_timers(struct queue *queue)
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
static bool go_outside(struct queue *queue, bool known)
{
    (void)__atomic_exchange_n(&queue->outside, true, __ATOMIC_SEQ_CST);
    if (known || !task_work_pending()) {
        return true;
    }
    __atomic_store_n(&queue->outside, false, __ATOMIC_RELAXED);
    return false;
}

/* Halts until the next interrupt: the timer's, or a device's, or another
 * processor's. Perhaps none ever comes: a guest may halt for good, and then so
 * does the machine. */
static void idle(struct queue *queue)
{
    uint64_t start = cpu_rdtsc();

    if (!spinlock_needed) {
        cpu_idle();
    } else if (go_outside(queue, false)) {
        cpu_idle();
        __atomic_store_n(&queue->outside, false, __ATOMIC_RELAXED);
    }
    queue->idle_ticks += cpu_rdtsc() - start;
}

/* Gives the processor to the next runnable task; the caller has put the
 * current one where it belongs. */
static void schedule(void)
{
    struct queue *queue = queue_here();
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

static void remember(struct task *task)
{
    spinlock_take(&all.lock);
    task->next_all = all.first;
    all.first = task;
    spinlock_give(&all.lock);
}

static void forget(const struct task *task)
{
    struct task **link = &all.first;

    spinlock_take(&all.lock);
    while (*link != task) {
        CHECK(*link != NULL);
        link = &(*link)->next_all;
    }
    *link = task->next_all;
    spinlock_give(&all.lock);
}

static void set_name(struct task *task, const char *name)
{
    size_t length = strnlen(name, sizeof(task->name) - 1);

    memcpy(task->name, name, length);
    task->name[length] = '\0';
}

void task_init(void)
{
    struct queue *queue = queue_here();

    CHECK(queue->current == NULL);
    set_name(&boot_task, "main");
    boot_task.state = TASK_RUNNING;
    boot_task.queue = queue;
    boot_task.domain = &domain_kernel;
    boot_task.runs = 1;
    queue->apic_id = processor_here()->apic_id;
    queue->current = &boot_task;
    queue->open = true;
    remember(&boot_task);
    domain_switch(&domain_kernel);
}

static void run_task(void *argument)
{
    struct task *task = argument;

    finish_switch();
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

/* Neither runnable nor known to anybody yet. */
static struct task *new_task(struct queue *queue, const char *name,
                             task_entry entry, void *argument)
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
        .queue = queue,
        .domain = domain_here(),
        .memory = memory,
        .entry = entry,
        .argument = argument,
    };
    set_name(task, name);
    task->stack_pointer = first_frame(task, top);
    return task;
}

struct task *task_create_on(unsigned processor, const char *name,
                            task_entry entry, void *argument)
{
    struct task *task = new_task(&queues[processor], name, entry, argument);

    CHECK(queues[processor].open);
    if (task != NULL) {
        remember(task);
        append(task);
    }
    return task;
}

struct task *task_create(const char *name, task_entry entry, void *argument)
{
    return task_create_on(processor_here()->index, name, entry, argument);
}

_Noreturn void task_exit(void)
{
    struct queue *queue = queue_here();
    struct task *task = queue->current;

    CHECK(task->memory != NULL); /* "main" stays */
    CHECK(queue->left == NULL);
    task->state = TASK_EXITED;
    forget(task);
    __atomic_add_fetch(&leaving, 1, __ATOMIC_RELAXED);
    queue->left = task;
    schedule();
    panic("task %s ran after its exit", task->name);
}

/* On the boot processor's idle task, or where another one started. */
_Noreturn void task_run_here(void)
{
    for (;;) {
        schedule();
    }
}

static void run_idle(void *argument)
{
    (void)argument;
    task_run_here();
}

/* Runs when nothing else is runnable and the last task has gone; in no domain,
 * and never in a queue. */
static struct task *new_idle(unsigned processor)
{
    char name[24];
    struct task *task;

    format_sn(name, sizeof(name), "idle %u", processor);
    task = new_task(&queues[processor], name, run_idle, NULL);
    if (task != NULL) {
        task->domain = NULL;
        task->state = TASK_WAITING;
        remember(task);
        queues[processor].idle = task;
    }
    return task;
}

/* The only processor takes the locks that it has had for nothing: its
 * domain's. */
void task_begin_sharing(void)
{
    struct queue *queue = queue_here();

    if (queue->idle == NULL && new_idle(processor_here()->index) == NULL) {
        panic("not enough memory for an idle task");
    }
    spinlock_needed = true;
    spinlock_take_always(&domain_here()->lock);
}

void task_end_sharing(void)
{
    spinlock_give_always(&domain_here()->lock);
    spinlock_needed = false;
}

uint64_t task_prepare(unsigned processor, uint32_t apic_id)
{
    struct task *task = new_idle(processor);

    if (task == NULL) {
        return 0;
    }
    queues[processor].apic_id = apic_id;
    queues[processor].current = task;
    queues[processor].open = true;
    task->state = TASK_RUNNING;
    return (uintptr_t)task;
}

void task_unprepare(unsigned processor)
{
    struct queue *queue = &queues[processor];

    forget(queue->idle);
    queue->idle = queue->current = NULL;
    queue->open = false;
}

void task_reap(void)
{
    while (__atomic_load_n(&leaving, __ATOMIC_ACQUIRE) != 0) {
        cpu_pause();
    }
}

void task_move(unsigned processor)
{
    struct queue *queue = queue_here();
    struct task *task = queue->current;

    CHECK(queues[processor].open);
    if (queue == &queues[processor]) {
        return;
    }
    CHECK(queue->left == NULL && task->memory != NULL);
    task->state = TASK_RUNNABLE;
    task->queue = &queues[processor];
    queue->left = task;
    schedule();
}

unsigned task_processor(const struct task *task)
{
    return (unsigned)(task->queue - queues);
}

struct domain *task_join(struct domain *domain)
{
    struct task *task = task_current();
    struct domain *before = task->domain;

    CHECK(!queue_here()->firing);
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
    struct queue *queue = queue_here();

    CHECK(!queue->firing);
    fire_timers(queue);
    if (!empty(&queue->ready) ||
        (!empty(&queue->over) && turn_over(queue->current))) {
        append_current(queue);
        schedule();
    } else {
        go_on(queue->current);
    }
}

void task_take_turns(void)
{
    struct task *task = task_current();

    task->takes_turns = true;
    task->turn_end = time_now() + TASK_TURN;
}

uint64_t task_turn_end(void)
{
    return task_current()->turn_end;
}

void task_end_turn(void)
{
    task_current()->turn_end = 0;
    task_yield();
}

bool task_work_pending(void)
{
    struct queue *queue = queue_here();

    return !empty(&queue->ready) || !empty(&queue->over) || timer_due();
}

bool task_outside_begin(bool known)
{
    struct queue *queue = queue_here();

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
        struct queue *queue = queue_here();

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
        append(task);
        task = next;
    }
    spinlock_give(&event->lock);
}

/* Behind those that wait already, so that they wake in that order. With the
 * event's lock. */
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

/* True: the task waits for the event from here on; false: it has come. */
static bool begin_to_wait(struct event *event, struct task *task)
{
    bool waits;

    spinlock_take(&event->lock);
    waits = !event->signalled;
    event->signalled = false;
    if (waits) {
        task->state = TASK_WAITING;
        wait_for(event, task);
    }
    spinlock_give(&event->lock);
    return waits;
}

void event_wait(struct event *event)
{
    if (begin_to_wait(event, task_current())) {
        schedule();
    }
}

/* In the task's domain, so it does not run and its event stays; but a signal
 * from another domain may come first. */
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
        append(task);
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
    /* It cannot fire before schedule() leaves the domain. */
    arm_time_out(task, deadline);
    schedule();
    timer_cancel(&task->timer);
    return !task->timed_out;
}

void task_sleep_until(uint64_t deadline)
{
    struct task *task = task_current();

    task->state = TASK_WAITING;
    task->sleeping = true;
    arm_time_out(task, deadline);
    schedule();
}

struct task *task_current(void)
{
    return processor_known() ? queue_here()->current : NULL;
}

const char *task_name(const struct task *task)
{
    return task->name;
}

uint64_t task_idle_time(void)
{
    return time_from_tsc(queue_here()->idle_ticks);
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
    log_info("task %-23s %-8s on %u, runs %lu, stack %zu%s%s", task->name,
             state_names[task->state], task_processor(task), task->runs, used,
             event, timer);
}

void task_dump(void)
{
    spinlock_take(&all.lock);
    for (const struct task *task = all.first; task != NULL;
         task = task->next_all) {
        dump_one(task);
    }
    spinlock_give(&all.lock);
    for (unsigned i = 0; i < PROCESSORS_MAX; i++) {
        if (queues[i].open) {
            log_info("processor %u was halted for %llu ms", i,
                     time_from_tsc(queues[i].idle_ticks) / TIME_MS);
        }
    }
}
