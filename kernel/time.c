/* The clock and the timers, see kernel/time.h. SDM 3B 18.17 (invariant TSC).
 *
 * Ticks become nanoseconds by a multiplication and a shift. The factor is exact
 * to 62 bits, so the error over a century is below a nanosecond. The product of
 * 64-bit ticks and the factor fits in 128 bits. */
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

/* Stands for multiplier / 2^shift, with multiplier in [2^62, 2^63). */
struct ratio {
    uint64_t multiplier;
    unsigned shift;
};

static struct {
    uint64_t tsc_hz;
    uint64_t start;        /* the TSC at time_now() == 0 */
    uint64_t wall_seconds; /* since 1970, at time_now() == 0; 0: unknown */
    struct ratio to_ns;
    struct ratio to_ticks;
} clock;

/* A value of next_timer that program() never sets: the interrupt has come and
 * is used up. */
#define NEXT_SPENT (UINT64_MAX - 1)

/* One processor's timers. */
static struct timers {
    /* Guards this structure, since another processor may take a timer away. */
    _Alignas(64) struct spinlock lock;
    struct timer *first; /* the list, by rising deadline */
    size_t armed;
} queues[PROCESSORS_MAX];

static struct timers *timers_here(void)
{
    return &queues[processor_here()->index];
}

/* The ratio numerator / denominator, by long division, one bit of the
 * multiplier at a time. Both are below 2^62 and not 0. */
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

/* Handles the timer's interrupt. Its arrival has already ended HLT or the
 * guest's run. If the deadline was made from the APIC's counter, the interrupt
 * may come early; then the deadline is set again. */
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

/* Rounds up, so that the ticks last at least `nanoseconds`. */
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

/* Programs this processor's interrupt for its first timer. If another processor
 * takes that timer away, the interrupt comes too early. */
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

/* The caller holds the queue's lock. */
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
    /* Timers with equal deadlines fire in the order in which they were
     * armed. */
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

/* If the timer is on another processor's queue, that processor's interrupt
 * still comes, and fires nothing. */
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

/* Takes the first timer that was due at `now` off the queue, and enters its
 * domain. NULL: no timer is due. While this waits for a domain the queue is
 * unlocked, and another processor may take the timer away. So the search then
 * begins again. */
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
    /* The interrupt is used up, so even an equal deadline must be programmed
     * again. */
    processor_here()->next_timer = NEXT_SPENT;
    spinlock_take(&timers->lock);
    /* Fires at most as many timers as are armed now. A timer that arms itself
     * again for a past time waits for the next call. */
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
