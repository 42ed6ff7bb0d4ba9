/* The clock and the timers, see kernel/time.h. SDM 3B 18.17 (invariant TSC).
 *
 * Ticks become nanoseconds by a multiplication and a shift: the factor is kept
 * to 62 bits, so the error over a century is below a nanosecond, and a product
 * of 64-bit ticks and factor fits in 128. */
#include "kernel/time.h"

#include "arch/cpu.h"
#include "arch/idt.h"
#include "arch/lapic_host.h"
#include "arch/processor.h"
#include "kernel/base/panic.h"
#include "kernel/domain.h"
#include "kernel/rtc_host.h"

#include <stddef.h>

__extension__ typedef unsigned __int128 uint128_t;

/* value * multiplier / 2^shift, with multiplier in [2^62, 2^63). */
struct ratio {
    uint64_t multiplier;
    unsigned shift;
};

static struct {
    uint64_t tsc_hz;
    uint64_t start;        /* the TSC at time_now() == 0 */
    uint64_t wall_seconds; /* at time_now() == 0; 0: unknown */
    struct ratio to_ns;
    struct ratio to_ticks;
} clock;

/* No timer's moment, and not UINT64_MAX either. */
#define NEXT_SPENT (UINT64_MAX - 1)

/* A processor's. */
static struct timers {
    /* Whoever has the lock: another processor may take a timer away. */
    _Alignas(64) struct spinlock lock;
    struct timer *first; /* by rising deadline */
    size_t armed;
} queues[PROCESSORS_MAX];

static struct timers *timers_here(void)
{
    return &queues[processor_here()->index];
}

/* numerator / denominator by long division, a bit of the factor at a time.
 * Both are below 2^62 and not 0. */
static struct ratio ratio_of(uint64_t numerator, uint64_t denominator)
{
    struct ratio ratio = {.multiplier = numerator / denominator};
    uint64_t rest = numerator % denominator;

    while (ratio.multiplier < 1ULL << 62) {
        rest *= 2;
        ratio.multiplier *= 2;
        ratio.shift++;
        if (rest >= denominator) {
            rest -= denominator;
            ratio.multiplier++;
        }
    }
    return ratio;
}

static uint64_t scale(uint64_t value, struct ratio ratio)
{
    uint128_t scaled = (uint128_t)value * ratio.multiplier >> ratio.shift;

    return scaled > UINT64_MAX ? UINT64_MAX : (uint64_t)scaled;
}

/* Ends HLT or the guest's run by its coming alone. Where the deadline was made
 * from the APIC's counter it may be early: then it is set again. */
static void timer_interrupt(uint8_t vector)
{
    uint64_t next = processor_here()->next_timer;

    (void)vector;
    lapic_host_eoi();
    if (next != UINT64_MAX && !timer_due()) {
        lapic_host_timer_arm_tsc(next);
    }
}

void time_init(uint64_t tsc_hz)
{
    CHECK(tsc_hz >= 1000000 && tsc_hz < 1ULL << 40);
    clock.tsc_hz = tsc_hz;
    clock.to_ns = ratio_of(TIME_SECOND, tsc_hz);
    clock.to_ticks = ratio_of(tsc_hz, TIME_SECOND);
    clock.start = cpu_rdtsc();
    if (!rtc_host_read(&clock.wall_seconds)) {
        clock.wall_seconds = 0;
    }
    processor_here()->next_timer = UINT64_MAX;
    idt_set_handler(LAPIC_HOST_VECTOR_TIMER, timer_interrupt);
}

uint64_t time_tsc_hz(void)
{
    return clock.tsc_hz;
}

uint64_t time_from_tsc(uint64_t ticks)
{
    return scale(ticks, clock.to_ns);
}

/* Rounded up: that many ticks are never less than `nanoseconds`. */
uint64_t time_to_tsc(uint64_t nanoseconds)
{
    uint64_t ticks = scale(nanoseconds, clock.to_ticks);

    while (ticks < UINT64_MAX && time_from_tsc(ticks) < nanoseconds) {
        ticks++;
    }
    return ticks;
}

uint64_t time_tsc(void)
{
    return cpu_rdtsc();
}

uint64_t time_tsc_at(uint64_t ns)
{
    uint64_t ticks = time_to_tsc(ns);

    return ticks > UINT64_MAX - clock.start ? UINT64_MAX : clock.start + ticks;
}

uint64_t time_now(void)
{
    uint64_t tsc = cpu_rdtsc();

    return tsc < clock.start ? 0 : time_from_tsc(tsc - clock.start);
}

uint64_t time_wall_seconds(void)
{
    return clock.wall_seconds + time_now() / TIME_SECOND;
}

/* Has this processor interrupted when its first timer is due; early, if another
 * processor takes that one away. */
static void program(const struct timer *first)
{
    struct processor *here = processor_here();
    uint64_t next = first == NULL ? UINT64_MAX : first->tsc;

    if (next == here->next_timer) {
        return;
    }
    here->next_timer = next;
    if (next == UINT64_MAX) {
        lapic_host_timer_disarm();
    } else {
        lapic_host_timer_arm_tsc(next);
    }
}

/* With the queue's lock. */
static void unlink_timer(struct timers *timers, struct timer *timer)
{
    struct timer **link = &timers->first;

    while (*link != timer) {
        CHECK(*link != NULL);
        link = &(*link)->next;
    }
    *link = timer->next;
    timer->next = NULL;
    timers->armed--;
    __atomic_store_n(&timer->armed, false, __ATOMIC_RELEASE);
}

static void take_away(struct timer *timer)
{
    struct timers *timers = &queues[timer->processor];

    spinlock_take(&timers->lock);
    unlink_timer(timers, timer);
    spinlock_give(&timers->lock);
}

void timer_arm(struct timer *timer, uint64_t deadline)
{
    struct timers *timers = timers_here();
    struct timer **link = &timers->first;

    CHECK(timer->fire != NULL);
    if (timer->armed) {
        take_away(timer);
    }
    if (timer->domain == NULL) {
        timer->domain = domain_here() != NULL ? domain_here() : &domain_kernel;
    }
    timer->deadline = deadline;
    timer->tsc = time_tsc_at(deadline);
    timer->processor = processor_here()->index;
    spinlock_take(&timers->lock);
    /* Behind those with the same deadline: first armed, first fired. */
    while (*link != NULL && (*link)->deadline <= deadline) {
        link = &(*link)->next;
    }
    timer->next = *link;
    *link = timer;
    timers->armed++;
    __atomic_store_n(&timer->armed, true, __ATOMIC_RELEASE);
    program(timers->first);
    spinlock_give(&timers->lock);
}

/* On another processor's queue: its interrupt comes for nothing. */
void timer_cancel(struct timer *timer)
{
    struct timers *timers = timers_here();

    if (!timer->armed) {
        return;
    }
    take_away(timer);
    if (timers == &queues[timer->processor]) {
        spinlock_take(&timers->lock);
        program(timers->first);
        spinlock_give(&timers->lock);
    }
}

/* Takes the first timer that was due at `now` off the queue and enters its
 * domain; NULL: there is none. While one waits for a domain with the queue
 * unlocked, the timer may be taken away: then it looks again. */
static struct timer *next_due(struct timers *timers, uint64_t now)
{
    for (;;) {
        struct timer *timer = NULL;
        struct domain *domain = NULL;

        spinlock_take(&timers->lock);
        timer = timers->first;
        if (timer == NULL || timer->deadline > now) {
            spinlock_give(&timers->lock);
            return NULL;
        }
        domain = timer->domain;
        if (domain_try_switch(domain)) {
            unlink_timer(timers, timer);
            spinlock_give(&timers->lock);
            return timer;
        }
        spinlock_give(&timers->lock);
        domain_switch(domain);
    }
}

void timer_run_due(void)
{
    struct timers *timers = timers_here();
    struct domain *before = domain_here();
    struct timer *timer = NULL;
    size_t budget = 0;
    uint64_t now;

    if (!timer_due()) {
        return;
    }
    now = time_now();
    /* The interrupt is spent: even the same moment has to be set anew. */
    processor_here()->next_timer = NEXT_SPENT;
    spinlock_take(&timers->lock);
    /* As many as there are now: one that arms itself anew for a time that has
     * come already waits for the next call. */
    budget = timers->armed;
    spinlock_give(&timers->lock);
    while (budget-- > 0 && (timer = next_due(timers, now)) != NULL) {
        timer->fire(timer->argument);
    }
    spinlock_take(&timers->lock);
    program(timers->first);
    spinlock_give(&timers->lock);
    domain_switch(before);
}

bool timer_due(void)
{
    return cpu_rdtsc() >= processor_here()->next_timer;
}
