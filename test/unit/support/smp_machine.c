/* See smp_machine.h. */
#include "test/unit/support/smp_machine.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <sanitizer/tsan_interface.h>

#include "arch/cpu.h"
#include "arch/idt.h"
#include "arch/lapic_host.h"
#include "arch/paging.h"
#include "arch/task_switch.h"
#include "kernel/base/log.h"
#include "kernel/base/panic.h"
#include "kernel/page.h"
#include "kernel/rtc_host.h"
#include "kernel/task.h"
#include "kernel/time.h"
#include "test/unit/support/processor_fake.h"

/* A task's memory is one block: TASK_STACK_PAGES is 15, and a guard. */
#define BLOCK_SHIFT 16
#define BLOCKS      256
#define HANG        120 /* seconds */

struct line {
    pthread_mutex_t mutex;
    pthread_cond_t raised;
    bool pending;
    uint64_t timer; /* a TSC; UINT64_MAX: off */
    pthread_t thread;
    struct processor processor;
};

static struct line lines[SMP_PROCESSORS];
static unsigned interrupts;
static uint8_t *arena;

/* ---- tasks are fibers ---- */

#undef task_switch
void task_switch(uint64_t *save, uint64_t load);
void smp_switch(uint64_t *save, uint64_t load);

static void *fibers[BLOCKS];                /* by block */
static void *thread_fibers[SMP_PROCESSORS]; /* where threads began */

#define UNSEEN __attribute__((no_sanitize("thread"), noinline))

static UNSEEN bool is_new(uint64_t load)
{
    const struct task_switch_frame *frame =
        (const struct task_switch_frame *)(uintptr_t)load;

    return frame->rip == (uintptr_t)task_switch_start;
}

static UNSEEN void *fiber_of(uint64_t load)
{
    uint64_t block = (load - (uintptr_t)arena) >> BLOCK_SHIFT;

    if (block >= BLOCKS) {
        return thread_fibers[processor_here()->index];
    }
    if (is_new(load)) {
        if (fibers[block] != NULL) {
            __tsan_destroy_fiber(fibers[block]);
        }
        fibers[block] = __tsan_create_fiber(0);
    }
    return fibers[block];
}

/* In place of task_switch() in kernel/task.c. */
UNSEEN void smp_switch(uint64_t *save, uint64_t load)
{
    /* What the processor does is in order, whichever task does it. */
    __tsan_switch_to_fiber(fiber_of(load), 0);
    task_switch(save, load);
}

/* ---- interrupts ---- */

static struct line *line_here(void)
{
    return &lines[processor_here()->index];
}

static void interrupt(struct line *line)
{
    pthread_mutex_lock(&line->mutex);
    line->pending = true;
    pthread_cond_signal(&line->raised);
    pthread_mutex_unlock(&line->mutex);
}

static struct timespec until(uint64_t tsc)
{
    return (struct timespec){.tv_sec = (time_t)(tsc / TIME_SECOND),
                             .tv_nsec = (long)(tsc % TIME_SECOND)};
}

/* Until `end`, the timer's deadline, or an interrupt. */
static void halt(uint64_t end)
{
    struct line *line = line_here();

    pthread_mutex_lock(&line->mutex);
    while (!line->pending) {
        uint64_t first = line->timer < end ? line->timer : end;
        struct timespec when = until(first);

        if (cpu_rdtsc() >= first) {
            break;
        }
        if (first == UINT64_MAX) {
            pthread_cond_wait(&line->raised, &line->mutex);
        } else {
            pthread_cond_timedwait(&line->raised, &line->mutex, &when);
        }
    }
    line->pending = false;
    pthread_mutex_unlock(&line->mutex);
}

void cpu_idle(void)
{
    halt(UINT64_MAX);
}

void smp_run_guest(unsigned microseconds)
{
    halt(microseconds == 0 ? UINT64_MAX : cpu_rdtsc() + microseconds * TIME_US);
}

void lapic_host_send(uint32_t apic_id, uint8_t vector)
{
    if (vector != LAPIC_HOST_VECTOR_WAKE) {
        abort();
    }
    __atomic_add_fetch(&interrupts, 1, __ATOMIC_RELAXED);
    interrupt(&lines[apic_id]);
}

unsigned smp_interrupts(void)
{
    return __atomic_load_n(&interrupts, __ATOMIC_RELAXED);
}

void lapic_host_timer_arm_tsc(uint64_t deadline)
{
    struct line *line = line_here();

    pthread_mutex_lock(&line->mutex);
    line->timer = deadline;
    pthread_mutex_unlock(&line->mutex);
}

void lapic_host_timer_disarm(void)
{
    lapic_host_timer_arm_tsc(UINT64_MAX);
}

void lapic_host_eoi(void)
{
}

/* ---- the rest of the machine ---- */

bool spinlock_needed;
bool spinlock_broken;

/* As arch/spinlock.c, but whose turn it is may need a core of this machine. */
void spinlock_wait(const struct spinlock *lock, uint32_t ticket)
{
    while (__atomic_load_n(&lock->owner, __ATOMIC_ACQUIRE) != ticket) {
        sched_yield();
    }
}

uint64_t cpu_rdtsc(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * TIME_SECOND + (uint64_t)now.tv_nsec;
}

void cpu_pause(void)
{
}

void idt_set_handler(uint8_t vector, idt_handler handler)
{
    (void)vector;
    (void)handler;
}

bool rtc_host_read(uint64_t *seconds)
{
    *seconds = 0;
    return true;
}

bool paging_guard(void *page)
{
    (void)page;
    return true;
}

bool paging_unguard(void *page)
{
    (void)page;
    return true;
}

void paging_catch_up(void)
{
}

void log_at(enum log_level level, const char *format, ...)
{
    (void)level;
    (void)format;
}

_Noreturn void panic(const char *format, ...)
{
    va_list values;

    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    fputc('\n', stderr);
    abort();
}

uint32_t smp_random(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

/* ---- its start ---- */

unsigned smp_pages(void)
{
    task_reap();
    return (unsigned)page_free_count();
}

static void begin_line(unsigned index)
{
    struct line *line = &lines[index];

    pthread_mutex_init(&line->mutex, NULL);
    pthread_cond_init(&line->raised, NULL);
    line->timer = UINT64_MAX;
    line->processor.index = index;
    line->processor.apic_id = index;
}

static void *processor_thread(void *argument)
{
    struct line *line = argument;

    processor_set_here(&line->processor);
    thread_fibers[line->processor.index] = __tsan_get_current_fiber();
    task_run_here();
}

static void hangs(int number)
{
    static const char text[] = "a test hangs\n";

    (void)number;
    (void)!write(STDERR_FILENO, text, sizeof(text) - 1);
    abort();
}

void smp_start(void)
{
    size_t size = (size_t)BLOCKS << BLOCK_SHIFT;
    uintptr_t raw = (uintptr_t)mmap(NULL, size * 2, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    arena = (uint8_t *)((raw + size - 1) & ~(uintptr_t)(size - 1));
    page_add_range((uintptr_t)arena, size / PAGE_SIZE);
    for (unsigned i = 0; i < SMP_PROCESSORS; i++) {
        begin_line(i);
    }
    processor_set_here(&lines[0].processor);
    thread_fibers[0] = __tsan_get_current_fiber();
    time_init(TIME_SECOND);
    task_init();
    task_begin_sharing();
    for (unsigned i = 1; i < SMP_PROCESSORS; i++) {
        if (task_prepare(i, i) == 0) {
            abort();
        }
        pthread_create(&lines[i].thread, NULL, processor_thread, &lines[i]);
    }
    signal(SIGALRM, hangs);
    alarm(HANG);
}
