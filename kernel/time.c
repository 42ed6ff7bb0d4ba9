/* The clock and the timers, see kernel/time.h. SDM 3B 18.17 (invariant TSC).
 *
 * Ticks become nanoseconds by a multiplication and a shift: the factor is kept
 * to 62 bits, so the error over a century is below a nanosecond, and a product
 * of 64-bit ticks and factor fits in 128. */
#include "kernel/time.h"

#include "arch/cpu.h"
#include "arch/idt.h"
#include "arch/lapic_host.h"
#include "kernel/panic.h"
#include "kernel/rtc.h"

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

static struct {
    struct timer *first; /* by rising deadline */
    size_t armed;
    uint64_t next_tsc; /* when the first is due; UINT64_MAX: none */
} timers = {.next_tsc = UINT64_MAX};

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
    (void)vector;
    lapic_host_eoi();
    if (timers.next_tsc != UINT64_MAX && !timer_due()) {
        lapic_host_timer_arm_tsc(timers.next_tsc);
    }
}

void time_init(uint64_t tsc_hz)
{
    CHECK(tsc_hz >= 1000000 && tsc_hz < 1ULL << 40);
    clock.tsc_hz = tsc_hz;
    clock.to_ns = ratio_of(TIME_SECOND, tsc_hz);
    clock.to_ticks = ratio_of(tsc_hz, TIME_SECOND);
    clock.start = cpu_rdtsc();
    if (!rtc_read(&clock.wall_seconds)) {
        clock.wall_seconds = 0;
    }
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

uint64_t time_at_tsc(uint64_t tsc)
{
    return tsc < clock.start ? 0 : time_from_tsc(tsc - clock.start);
}

uint64_t time_now(void)
{
    return time_at_tsc(cpu_rdtsc());
}

uint64_t time_wall_seconds(void)
{
    return clock.wall_seconds + time_now() / TIME_SECOND;
}

/* Has the host interrupted when the first timer is due. */
static void program(void)
{
    uint64_t next =
        timers.first == NULL ? UINT64_MAX : time_tsc_at(timers.first->deadline);

    if (next == timers.next_tsc) {
        return;
    }
    timers.next_tsc = next;
    if (next == UINT64_MAX) {
        lapic_host_timer_disarm();
    } else {
        lapic_host_timer_arm_tsc(next);
    }
}

static void unlink_timer(struct timer *timer)
{
    struct timer **link = &timers.first;

    while (*link != timer) {
        CHECK(*link != NULL);
        link = &(*link)->next;
    }
    *link = timer->next;
    timer->next = NULL;
    timer->armed = false;
    timers.armed--;
}

void timer_arm(struct timer *timer, uint64_t deadline)
{
    struct timer **link = &timers.first;

    CHECK(timer->fire != NULL);
    if (timer->armed) {
        unlink_timer(timer);
    }
    timer->deadline = deadline;
    timer->armed = true;
    /* Behind those with the same deadline: first armed, first fired. */
    while (*link != NULL && (*link)->deadline <= deadline) {
        link = &(*link)->next;
    }
    timer->next = *link;
    *link = timer;
    timers.armed++;
    program();
}

void timer_cancel(struct timer *timer)
{
    if (timer->armed) {
        unlink_timer(timer);
        program();
    }
}

void timer_run_due(void)
{
    /* As many as there are now: one that arms itself anew for a time that has
     * come already waits for the next call. */
    size_t budget = timers.armed;
    uint64_t now;

    if (!timer_due()) {
        return;
    }
    now = time_now();
    /* The interrupt is spent: even the same moment has to be set anew. */
    timers.next_tsc = NEXT_SPENT;
    while (budget-- > 0 && timers.first != NULL &&
           timers.first->deadline <= now) {
        struct timer *timer = timers.first;

        unlink_timer(timer);
        timer->fire(timer->argument);
    }
    program();
}

bool timer_due(void)
{
    return cpu_rdtsc() >= timers.next_tsc;
}

uint64_t timer_next_deadline(void)
{
    return timers.first == NULL ? UINT64_MAX : timers.first->deadline;
}
