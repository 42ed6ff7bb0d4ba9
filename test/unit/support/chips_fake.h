/* The world around the guest's chips, for their host tests: a clock that
 * stands still until fake_advance(), timers that fire on the way, and a
 * machine that writes down what the chips ask of it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/time.h"
#include "vmm/chip/platform.h"

#define FAKE_GSIS   24
#define FAKE_OUTPUT 256

/* 5 TSC ticks are 2 ns. */
#define FAKE_TSC_HZ 2500000000U

struct vm {
    bool level[FAKE_GSIS];
    unsigned rises[FAKE_GSIS];
    void (*irq)(unsigned gsi, bool level); /* may be NULL */
    unsigned stops;
    enum vm_end end; /* of the last vm_stop() */
    uint8_t output[FAKE_OUTPUT];
    unsigned output_count;
};

struct vcpu {
    unsigned wakes;
    unsigned hidden; /* calls of vcpu_hide_apic_page() */
    unsigned told;   /* calls of vcpu_tell_no_apic_page() */
    bool (*post)(struct vcpu *vcpu, uint8_t vector); /* vcpu_post(); NULL: it
                                                      * never runs */
};

/* Time 0, no timers. */
void fake_reset(void);

/* Lets `ns` pass; timers fire at their time. */
void fake_advance(uint64_t ns);

/* Lets `ns` pass, and only then the timers that are due fire: a scheduler
 * that was busy. */
void fake_advance_late(uint64_t ns);

/* Lets `ns` pass while the scheduler does not look: no timer fires yet. */
void fake_pass(uint64_t ns);

/* Timer callbacks since fake_reset(), and timers armed now. */
unsigned long fake_callbacks(void);
unsigned fake_armed(void);

/* Where time_wall_seconds() starts. */
void fake_set_wall(uint64_t seconds);
