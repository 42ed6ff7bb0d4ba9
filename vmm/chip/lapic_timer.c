/* The local APIC's timer; see lapic_timer.h. The chip's clock is 1 GHz, so a
 * tick is a nanosecond of time_now() and nothing is rounded but by the
 * divider. Periods are counted from the start, so they do not drift. */
#include "vmm/chip/lapic_timer.h"

#include "vmm/chip/chip_clock.h"

/* Longest step towards a far deadline, in TSC ticks: conversions of more
 * would overflow. */
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

/* ns from `since` to the first time that the count reaches 0. */
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

/* The shortest distance between two callbacks. The timers of a halted guest go
 * on, each on some processor where other machines run too: so all of a
 * machine's together are no faster than one. */
static uint64_t shortest(const struct lapic *lapic)
{
    return CHIP_CLOCK_FLOOR * lapic->bus->count;
}

/* Arms for the next expiry if it would interrupt. `now` is after all expiries
 * that have been dealt with. */
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

/* `tsc` is the guest's at `now`, and before the deadline. */
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
    /* One more: conversion rounds down, and early would be wrong. */
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

/* Ends a deadline that has passed. */
static void expire_deadline(struct lapic *lapic, uint64_t tsc)
{
    if (lapic->timer.deadline != 0 && tsc >= lapic->timer.deadline) {
        lapic->timer.deadline = 0;
        timer_cancel(&lapic->timer.timer);
        lapic_lvt_event(lapic, LAPIC_LVT_TIMER);
    }
}

/* Deals with an expiry that lies in the past but has not been delivered yet,
 * because the scheduler has not called the timer so far. */
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

/* Lets the count go on from `count` now. */
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
        /* From or to TSC-deadline mode the timer is disarmed (SDM 3A
         * 11.5.4.1); between the others it goes on. */
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
    /* Bits 3, 1, 0: 0 is 2, 1 is 4 ... 6 is 128, 7 is 1. */
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
    /* One that has passed already interrupts at once. */
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
