/* The local APIC's timer; see lapic_timer.h. Its clock has 1 GHz, so one tick
 * is one nanosecond of time_now(), and only the divider rounds. Periods are
 * counted from the timer's start, so they do not drift. */
#include "vmm/chip/lapic_timer.h"

#include "vmm/chip/chip_clock.h"

/* The longest step towards a far deadline, in TSC ticks. Converting more ticks
 * to ns would overflow. */
#define DEADLINE_STEP (1ULL << 56)

_Static_assert(LAPIC_TIMER_HZ == TIME_SECOND, "a tick is a nanosecond");

static enum lapic_timer_mode mode_of(const struct lapic *lapic)
{
    return (enum lapic_timer_mode)(lapic->lvt[LAPIC_LVT_TIMER] >> 17 & 3);
}

static uint64_t guest_tsc(const struct lapic *lapic, uint64_t now)
{
    return time_tsc_at(now) + lapic->tsc_offset;
}

/* Returns the ns from `since` until the count first reaches 0. */
static uint64_t first_span(const struct lapic_timer *timer)
{
    return (uint64_t)timer->count * timer->divide;
}

static uint64_t period(const struct lapic_timer *timer)
{
    return (uint64_t)timer->initial * timer->divide;
}

static uint32_t count_at(const struct lapic *lapic, uint64_t now)
{
    const struct lapic_timer *timer = &lapic->timer;
    uint64_t elapsed = now - timer->since;

    if (timer->count == 0 || mode_of(lapic) >= LAPIC_TIMER_TSC_DEADLINE) {
        return 0;
    }
    if (elapsed < first_span(timer)) {
        return timer->count - (uint32_t)(elapsed / timer->divide);
    }
    if (mode_of(lapic) == LAPIC_TIMER_ONE_SHOT || timer->initial == 0) {
        return 0;
    }
    return timer->initial - (uint32_t)((elapsed - first_span(timer)) %
                                       period(timer) / timer->divide);
}

/* The shortest time between two callbacks, in ns. The timers of a halted guest
 * go on, and each may run on a processor that other machines use. So the limit
 * grows with the number of local APICs, and all of one machine together call
 * back no more often than one timer may. */
static uint64_t shortest(const struct lapic *lapic)
{
    return CHIP_CLOCK_FLOOR * lapic->bus->count;
}

/* Arms the host timer for the next expiry, if there is one. The caller has
 * handled all expiries up to `now`. */
static void arm_count(struct lapic *lapic, uint64_t now)
{
    struct lapic_timer *timer = &lapic->timer;
    uint64_t next = timer->since + first_span(timer);

    if (timer->count == 0) {
        return;
    }
    if (next <= now) {
        if (mode_of(lapic) == LAPIC_TIMER_ONE_SHOT || timer->initial == 0) {
            return;
        }
        next = now + period(timer) - (now - next) % period(timer);
        if (period(timer) < shortest(lapic)) {
            next += shortest(lapic) - shortest(lapic) % period(timer);
        }
    }
    timer_arm(&timer->timer, next);
}

/* Arms the host timer for the deadline. `tsc` is the guest TSC at time `now`;
 * it is below the deadline. */
static void arm_deadline(struct lapic *lapic, uint64_t now, uint64_t tsc)
{
    struct lapic_timer *timer = &lapic->timer;
    uint64_t left = timer->deadline - tsc;

    if (timer->deadline == 0) {
        return;
    }
    if (left > DEADLINE_STEP) {
        left = DEADLINE_STEP;
    }
    /* The conversion rounds down; 1 ns more keeps the timer from firing
     * early. */
    timer_arm(&timer->timer, now + time_from_tsc(left) + 1);
}

static bool masked(const struct lapic *lapic)
{
    return (lapic->lvt[LAPIC_LVT_TIMER] & LAPIC_LVT_MASKED) != 0;
}

static void arm(struct lapic *lapic, uint64_t now)
{
    timer_cancel(&lapic->timer.timer);
    if (masked(lapic)) {
        return;
    }
    if (mode_of(lapic) == LAPIC_TIMER_TSC_DEADLINE) {
        arm_deadline(lapic, now, guest_tsc(lapic, now));
    } else if (mode_of(lapic) <= LAPIC_TIMER_PERIODIC) {
        arm_count(lapic, now);
    }
}

/* If the deadline has passed at `tsc`, clears it and delivers its interrupt. */
static void expire_deadline(struct lapic *lapic, uint64_t tsc)
{
    if (lapic->timer.deadline != 0 && tsc >= lapic->timer.deadline) {
        lapic->timer.deadline = 0;
        timer_cancel(&lapic->timer.timer);
        lapic_lvt_event(lapic, LAPIC_LVT_TIMER);
    }
}

/* Delivers an expiry that lies in the past if the scheduler has not yet called
 * the timer for it. */
static void catch_up(struct lapic *lapic, uint64_t now)
{
    struct timer *timer = &lapic->timer.timer;

    if (mode_of(lapic) == LAPIC_TIMER_TSC_DEADLINE) {
        if (lapic->timer.deadline != 0) {
            expire_deadline(lapic, guest_tsc(lapic, now));
        }
    } else if (timer->armed && now >= timer->deadline) {
        timer_cancel(timer);
        lapic_lvt_event(lapic, LAPIC_LVT_TIMER);
    }
}

static void fire(void *argument)
{
    struct lapic *lapic = argument;
    struct lapic_timer *timer = &lapic->timer;
    uint64_t now = time_now();

    if (mode_of(lapic) == LAPIC_TIMER_TSC_DEADLINE) {
        catch_up(lapic, now);
    } else {
        now = now < timer->timer.deadline ? timer->timer.deadline : now;
        lapic_lvt_event(lapic, LAPIC_LVT_TIMER);
    }
    arm(lapic, now);
}

/* Makes the timer count on from `count` at time `now`. */
static void rebase(struct lapic *lapic, uint64_t now, uint32_t count)
{
    lapic->timer.since = now;
    lapic->timer.count = count;
}

void lapic_timer_reset(struct lapic *lapic)
{
    struct lapic_timer *timer = &lapic->timer;

    timer_cancel(&timer->timer);
    timer->timer.fire = fire;
    timer->timer.argument = lapic;
    timer->since = 0;
    timer->count = 0;
    timer->initial = 0;
    timer->divide = 2;
    timer->divide_register = 0;
    timer->deadline = 0;
}

void lapic_timer_write_lvt(struct lapic *lapic, uint32_t value)
{
    struct lapic_timer *timer = &lapic->timer;
    enum lapic_timer_mode before = mode_of(lapic);
    enum lapic_timer_mode after = (enum lapic_timer_mode)(value >> 17 & 3);
    uint64_t now = time_now();

    catch_up(lapic, now);
    if (before != after) {
        /* A change from or to TSC-deadline mode disarms the timer (SDM 3A
         * 11.5.4.1). A change between the other modes lets it go on. */
        bool deadline = before >= LAPIC_TIMER_TSC_DEADLINE ||
                        after >= LAPIC_TIMER_TSC_DEADLINE;

        rebase(lapic, now, deadline ? 0 : count_at(lapic, now));
        timer->deadline = 0;
    }
    lapic->lvt[LAPIC_LVT_TIMER] = value;
    arm(lapic, now);
}

void lapic_timer_write_initial(struct lapic *lapic, uint32_t value)
{
    uint64_t now = time_now();

    if (mode_of(lapic) >= LAPIC_TIMER_TSC_DEADLINE) {
        return;
    }
    catch_up(lapic, now);
    lapic->timer.initial = value;
    rebase(lapic, now, value);
    arm(lapic, now);
}

void lapic_timer_write_divide(struct lapic *lapic, uint32_t value)
{
    struct lapic_timer *timer = &lapic->timer;
    uint64_t now = time_now();
    /* Bits 3, 1 and 0 are the code. 0 divides by 2, 1 by 4 and so on to 6 by
     * 128; 7 divides by 1. */
    uint32_t code = (value & 3) | (value >> 1 & 4);

    catch_up(lapic, now);
    rebase(lapic, now, count_at(lapic, now));
    timer->divide_register = value & 0xb;
    timer->divide = 1U << ((code + 1) & 7);
    arm(lapic, now);
}

uint32_t lapic_timer_current(const struct lapic *lapic)
{
    return count_at(lapic, time_now());
}

uint64_t lapic_deadline_read(struct lapic *lapic)
{
    if (mode_of(lapic) != LAPIC_TIMER_TSC_DEADLINE ||
        lapic->timer.deadline == 0) {
        return 0;
    }
    catch_up(lapic, time_now());
    return lapic->timer.deadline;
}

void lapic_deadline_write(struct lapic *lapic, uint64_t value)
{
    uint64_t tsc = time_tsc() + lapic->tsc_offset;

    if (mode_of(lapic) != LAPIC_TIMER_TSC_DEADLINE) {
        return;
    }
    expire_deadline(lapic, tsc);
    timer_cancel(&lapic->timer.timer);
    lapic->timer.deadline = value;
    /* A deadline that has already passed interrupts at once. */
    expire_deadline(lapic, tsc);
    if (lapic->timer.deadline != 0 && !masked(lapic)) {
        arm_deadline(lapic, time_now(), tsc);
    }
}

void lapic_tsc_offset_set(struct lapic *lapic, uint64_t offset)
{
    lapic->tsc_offset = offset;
    if (mode_of(lapic) == LAPIC_TIMER_TSC_DEADLINE) {
        uint64_t now = time_now();

        catch_up(lapic, now);
        arm(lapic, now);
    }
}

bool lapic_timer_valid(const struct lapic *lapic)
{
    const struct lapic_timer *timer = &lapic->timer;
    bool running = mode_of(lapic) == LAPIC_TIMER_TSC_DEADLINE
                       ? timer->deadline != 0
                       : timer->count != 0;

    return timer->divide >= 1 && timer->divide <= 128 &&
           (timer->divide & (timer->divide - 1)) == 0 &&
           timer->timer.fire == fire &&
           (!timer->timer.armed ||
            (running && (lapic->lvt[LAPIC_LVT_TIMER] & LAPIC_LVT_MASKED) == 0));
}
