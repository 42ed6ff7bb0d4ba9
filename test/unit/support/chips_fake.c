/* See chips_fake.h. */
#include "test/unit/support/chips_fake.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/panic.h"

#define TIMERS 128

static uint64_t now;
static uint64_t wall;
static struct timer *timers[TIMERS];
static unsigned long callbacks;

void fake_reset(void)
{
    now = 0;
    wall = 0;
    callbacks = 0;
    memset(timers, 0, sizeof(timers));
}

void fake_set_wall(uint64_t seconds)
{
    wall = seconds;
}

unsigned long fake_callbacks(void)
{
    return callbacks;
}

static struct timer **first_timer(void)
{
    struct timer **first = NULL;

    for (unsigned i = 0; i < TIMERS; i++) {
        if (timers[i] != NULL &&
            (first == NULL || timers[i]->deadline < (*first)->deadline)) {
            first = &timers[i];
        }
    }
    return first;
}

unsigned fake_armed(void)
{
    unsigned armed = 0;

    for (unsigned i = 0; i < TIMERS; i++) {
        armed += timers[i] != NULL;
    }
    return armed;
}

static void fire(struct timer **slot)
{
    struct timer *timer = *slot;

    *slot = NULL;
    timer->armed = false;
    callbacks++;
    timer->fire(timer->argument);
}

void fake_advance(uint64_t ns)
{
    uint64_t end = now + ns;
    struct timer **first = first_timer();

    while (first != NULL && (*first)->deadline <= end) {
        if ((*first)->deadline > now) {
            now = (*first)->deadline;
        }
        fire(first);
        first = first_timer();
    }
    now = end;
}

void fake_advance_late(uint64_t ns)
{
    now += ns;
    fake_advance(0);
}

void fake_pass(uint64_t ns)
{
    now += ns;
}

uint64_t time_now(void)
{
    return now;
}

uint64_t time_tsc_hz(void)
{
    return FAKE_TSC_HZ;
}

uint64_t time_from_tsc(uint64_t ticks)
{
    return (uint64_t)((unsigned __int128)ticks * 2 / 5);
}

uint64_t time_to_tsc(uint64_t nanoseconds)
{
    return (uint64_t)((unsigned __int128)nanoseconds * 5 / 2);
}

uint64_t time_tsc_at(uint64_t ns)
{
    return 1000000 + time_to_tsc(ns);
}

uint64_t time_tsc(void)
{
    return time_tsc_at(now);
}

uint64_t time_wall_seconds(void)
{
    return wall + now / TIME_SECOND;
}

void timer_cancel(struct timer *timer)
{
    for (unsigned i = 0; i < TIMERS; i++) {
        if (timers[i] == timer) {
            timers[i] = NULL;
        }
    }
    timer->armed = false;
}

void timer_arm(struct timer *timer, uint64_t deadline)
{
    timer_cancel(timer);
    timer->deadline = deadline;
    timer->armed = true;
    for (unsigned i = 0; i < TIMERS; i++) {
        if (timers[i] == NULL) {
            timers[i] = timer;
            return;
        }
    }
    panic("more timers than the fake has");
}

void vm_irq_set(struct vm *vm, unsigned gsi, bool level)
{
    if (gsi >= FAKE_GSIS) {
        panic("interrupt line %u", gsi);
    }
    vm->rises[gsi] += level && !vm->level[gsi];
    vm->level[gsi] = level;
    if (vm->irq != NULL) {
        vm->irq(gsi, level);
    }
}

void vcpu_wake(struct vcpu *vcpu)
{
    vcpu->wakes++;
}

bool vcpu_post(struct vcpu *vcpu, uint8_t vector)
{
    return vcpu->post != NULL && vcpu->post(vcpu, vector);
}

void vcpu_hide_apic_page(struct vcpu *vcpu)
{
    vcpu->hidden++;
}

void vcpu_tell_no_apic_page(struct vcpu *vcpu, const struct access *access)
{
    (void)access;
    vcpu->told++;
}

void vm_stop(struct vm *vm, enum vm_end end)
{
    vm->stops++;
    vm->end = end;
}

void vm_serial_output(struct vm *vm, uint8_t byte)
{
    vm->output[vm->output_count++ % FAKE_OUTPUT] = byte;
}

_Noreturn void panic(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    abort();
}
