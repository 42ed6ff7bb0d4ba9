/* Counting a chip's own clock in nanoseconds of time_now(), without drift and
 * without 128-bit division: whole seconds and the rest are turned separately,
 * so nothing overflows within centuries. Called by the PIT, the ACPI PM timer
 * and the RTC. */
#pragma once

#include <stdint.h>

#include "kernel/time.h"

/* The shortest distance between two callbacks that a guest can have a chip
 * arm. Faster periodic timers keep their count, but several of their ticks
 * become one interrupt. */
#define CHIP_CLOCK_FLOOR (10 * TIME_US)

/* Ticks of a clock of `hz` that have passed after `ns`, rounded down. */
static inline uint64_t chip_clock_ticks(uint64_t ns, uint32_t hz)
{
    return ns / TIME_SECOND * hz + ns % TIME_SECOND * hz / TIME_SECOND;
}

/* The first nanosecond at which `ticks` ticks have passed. */
static inline uint64_t chip_clock_ns(uint64_t ticks, uint32_t hz)
{
    return ticks / hz * TIME_SECOND + (ticks % hz * TIME_SECOND + hz - 1) / hz;
}
