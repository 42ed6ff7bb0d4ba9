/* Time: a monotonic clock of nanoseconds, made from the TSC, and timers, on one
 * queue for each processor. Timers fire from the scheduler (task_yield,
 * event_wait, idle), never from an interrupt handler, so a timer's function may
 * touch what tasks touch. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define TIME_SECOND 1000000000ULL
#define TIME_MS     1000000ULL
#define TIME_US     1000ULL

/* Starts the clock with the calibrated rate of the TSC: time_now() is 0 now.
 * Reads the RTC. Called once, before anything else here. */
void time_init(uint64_t tsc_hz);

/* Nanoseconds since Lintel started. */
uint64_t time_now(void);

/* The calibrated rate of the TSC, in Hz. */
uint64_t time_tsc_hz(void);

/* Convert between TSC ticks and nanoseconds, without overflow for a century.
 * time_to_tsc() rounds up. */
uint64_t time_from_tsc(uint64_t ticks);
uint64_t time_to_tsc(uint64_t nanoseconds);

/* The TSC's value now. */
uint64_t time_tsc(void);

/* The TSC's value when time_now() is `ns`. */
uint64_t time_tsc_at(uint64_t ns);

/* Seconds since 1970: what the machine's RTC showed when Lintel started, plus
 * time_now(). If the RTC could not be read, counts from 0. */
uint64_t time_wall_seconds(void);

struct domain;

/* Owned by the code that arms it. A zero-initialised timer is disarmed. */
struct timer {
    uint64_t deadline; /* time_now() nanoseconds */
    uint64_t tsc;      /* the deadline as a TSC value, rounded up */
    void (*fire)(void *argument);
    void *argument;
    /* The domain that the timer fires in. If NULL, timer_arm() sets the
     * caller's. */
    struct domain *domain;
    struct timer *next;
    unsigned processor; /* its queue holds the timer, or held it last */
    bool armed;
};

/* Arms the timer on this processor's queue: it fires once, at or after
 * `deadline`. If the timer is armed already, on any queue, it moves. Called in
 * the timer's domain only (kernel/domain.h), so that it cannot fire meanwhile.
 * An interrupt handler may arm a timer that nothing else arms. */
void timer_arm(struct timer *timer, uint64_t deadline);
/* Disarms the timer. Called in the timer's domain only. */
void timer_cancel(struct timer *timer);

/* timer->armed, for code outside the timer's domain. The answer may be out of
 * date at once. */
static inline bool timer_armed(const struct timer *timer)
{
    return __atomic_load_n(&timer->armed, __ATOMIC_ACQUIRE);
}

/* Called by the scheduler. Fires this processor's timers that are due, each
 * once and in its own domain. Returns in the caller's domain. */
void timer_run_due(void);

/* True: this processor has a timer to fire. Costs some loads, RDTSC and a
 * compare. */
bool timer_due(void);
