/* Tasks from their creation to their exit, and the list of all tasks:
 * implements a part of kernel/task.h.
 *
 * A task's memory is one run of pages: a guard page, the stack, and struct task
 * at the top. */
#include "kernel/task.h"

#include "arch/cpu.h"
#include "arch/paging.h"
#include "arch/task_switch.h"
#include "kernel/base/format.h"
#include "kernel/base/log.h"
#include "kernel/base/panic.h"
#include "kernel/base/string.h"
#include "kernel/domain.h"
#include "kernel/page.h"
#include "kernel/task_state.h"
#include "kernel/time.h"

#include <stddef.h>

static const char *const state_names[] = {
    [TASK_RUNNING] = "running",
    [TASK_RUNNABLE] = "runnable",
    [TASK_WAITING] = "waiting",
    [TASK_EXITED] = "exited",
};

static struct task boot_task;
/* tasks that have exited, and whose stacks are not free yet */
static unsigned leaving;

static struct {
    struct spinlock lock;
    struct task *first;
} all;

size_t task_memory(void)
{
    return TASK_PAGES;
}

static void free_memory(void *memory)
{
    /* paging_unguard() fails only if it needs a new page table, and
     * paging_guard() has made the table of this page. */
    CHECK(paging_unguard(memory));
    page_free(memory, TASK_PAGES);
}

void task_free(struct task *task)
{
    free_memory(task->memory);
    __atomic_sub_fetch(&leaving, 1, __ATOMIC_RELEASE);
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
    struct run_queue *queue = &task_queues[processor_here()->index];

    CHECK(queue->current == NULL);
    processor_here()->queue = queue;
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

static _Noreturn void leave(void)
{
    struct run_queue *queue = task_queue_here();
    struct task *task = queue->current;

    CHECK(task->memory != NULL); /* "main" never exits */
    CHECK(queue->left == NULL);
    task->state = TASK_EXITED;
    task_count_computing(task, -1);
    forget(task);
    __atomic_add_fetch(&leaving, 1, __ATOMIC_RELAXED);
    queue->left = task;
    task_schedule();
    panic("task %s ran after its exit", task->name);
}

static void run_task(void *argument)
{
    struct task *task = argument;

    task_finish_switch();
    task->entry(task->argument);
    leave();
}

/* Builds the frame from which task_switch() first enters `task`: it returns to
 * task_switch_start, which calls run_task(task). `top` is the stack's top,
 * 16-byte aligned. Returns the stack pointer. */
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

/* Makes a task that is in no queue and not in the list of all tasks. NULL: out
 * of memory. */
static struct task *new_task(struct run_queue *queue, const char *name,
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
    struct task *task =
        new_task(&task_queues[processor], name, entry, argument);

    CHECK(task_queues[processor].open);
    if (task != NULL) {
        remember(task);
        task_append(task);
    }
    return task;
}

struct task *task_create(const char *name, task_entry entry, void *argument)
{
    return task_create_on(processor_here()->index, name, entry, argument);
}

/* Runs in the boot processor's idle task. On every other processor it is what
 * the processor runs first. */
_Noreturn void task_run_here(void)
{
    processor_here()->queue = &task_queues[processor_here()->index];
    for (;;) {
        task_schedule();
    }
}

static void run_idle(void *argument)
{
    (void)argument;
    task_run_here();
}

/* Makes a processor's idle task. It runs when no task is runnable and the last
 * one has exited or moved. It is in no domain and never in a queue. */
static struct task *new_idle(unsigned processor)
{
    char name[24];
    struct task *task;

    format_sn(name, sizeof(name), "idle %u", processor);
    task = new_task(&task_queues[processor], name, run_idle, NULL);
    if (task != NULL) {
        task->domain = NULL;
        task->state = TASK_WAITING;
        remember(task);
        task_queues[processor].idle = task;
    }
    return task;
}

/* While one processor runs, it enters its domain without taking the domain's
 * lock. Locks are on from here, so it takes that lock now. */
void task_begin_sharing(void)
{
    struct run_queue *queue = task_queue_here();

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
    task_queues[processor].apic_id = apic_id;
    task_queues[processor].current = task;
    task_queues[processor].open = true;
    task->state = TASK_RUNNING;
    return (uintptr_t)task;
}

void task_unprepare(unsigned processor)
{
    struct run_queue *queue = &task_queues[processor];

    forget(queue->idle);
    queue->idle = queue->current = NULL;
    queue->open = false;
}

void task_reap(void)
{
    struct domain *before = domain_here();

    /* The processor that frees an exited task's stack may first have to fire a
     * timer of this domain. So this processor leaves the domain while it
     * waits. */
    domain_switch(NULL);
    while (__atomic_load_n(&leaving, __ATOMIC_ACQUIRE) != 0) {
        cpu_pause();
    }
    domain_switch(before);
}

/* How many bytes of the task's stack have ever been used. */
static size_t stack_used(const struct task *task)
{
    const uint64_t *word = task_stack_bottom(task);
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
        format_sn(timer, sizeof(timer), ", wakes in %llu ms at the latest",
                  task->timer.deadline > now
                      ? (task->timer.deadline - now) / TIME_MS
                      : 0);
    }
    if (task->event != NULL) {
        format_sn(event, sizeof(event), ", waits for event %p",
                  (void *)task->event);
    }
    log_info(
        "task %-23s %-8s on processor %u, %lu runs, %zu bytes of stack%s%s",
        task->name, state_names[task->state], task_processor(task), task->runs,
        used, event, timer);
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
        if (task_queues[i].open) {
            log_info("processor %u was halted for %llu ms", i,
                     time_from_tsc(task_queues[i].idle_ticks) / TIME_MS);
        }
    }
}
