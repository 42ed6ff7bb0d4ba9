/* Time: nanoseconds of a monotonic clock made from the TSC, and timers, on one
 * queue a processor. Timers fire from the scheduler (task_yield, event_wait,
 * idle), never from an interrupt handler, so they may touch what tasks touch.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define TIME_SECOND 1000000000ULL
#define TIME_MS     1000000ULL
#define TIME_US     1000ULL

/* Starts the clock: the TSC's rate as calibrated, time_now() == 0 now, and the
 * RTC is read. Once, before anything else here. */
void time_init(uint64_t tsc_hz);

/* Nanoseconds since Lintel started. */
uint64_t time_now(void);

/* The calibrated rate of the TSC, in Hz. */
uint64_t time_tsc_hz(void);

/* Conversions that do not overflow for a century. */
uint64_t time_from_tsc(uint64_t ticks);
uint64_t time_to_tsc(uint64_t nanoseconds);

/* The TSC now. */
uint64_t time_tsc(void);

/* The TSC's value at time_now() == `ns`. */
uint64_t time_tsc_at(uint64_t ns);

/* Seconds since 1970 as the machine's RTC had them when Lintel started, plus
 * time_now(). */
uint64_t time_wall_seconds(void);

struct domain;

/* Owned by whoever arms it; zero-initialised is a disarmed timer. */
struct timer {
    uint64_t deadline; /* time_now() nanoseconds */
    uint64_t tsc;      /* the same as a TSC, rounded up */
    void (*fire)(void *argument);
    void *argument;
    struct domain *domain; /* it fires in it: that of who arms it first, unless
                              it was set before */
    struct timer *next;
    unsigned processor; /* on whose queue it is, or was */
    bool armed;
};

/* Fires once at or after `deadline`; arming an armed timer moves it. On this
 * processor's queue, whichever it was on. Only in its domain (kernel/domain.h),
 * so that it never fires meanwhile; an interrupt handler may arm one that only
 * it arms. */
void timer_arm(struct timer *timer, uint64_t deadline);
void timer_cancel(struct timer *timer);

/* timer->armed for those who are not in its domain, and may be told what was
 * true a moment ago. */
static inline bool timer_armed(const struct timer *timer)
{
    return __atomic_load_n(&timer->armed, __ATOMIC_ACQUIRE);
}

/* For the scheduler. Fires this processor's timers that are due, each once and
 * each in its domain; back in the caller's after that. */
void timer_run_due(void);

/* Some loads, RDTSC and a compare: has this processor a timer to fire? */
bool timer_due(void);
