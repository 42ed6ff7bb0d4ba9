/* Converts between the ticks of a chip's clock and nanoseconds of time_now().
 * Whole seconds and the rest are converted separately. So nothing overflows
 * within centuries, nothing drifts, and no 128-bit division is needed.
 *
 * The PIT, the ACPI PM timer, the RTC and the local APIC's timer use it. */
#pragma once

#include <stdint.h>

#include "kernel/time.h"

/* The shortest time between two callbacks of a periodic chip timer, in
 * nanoseconds. A faster timer still counts correctly, but several of its ticks
 * become one interrupt. */
#define CHIP_CLOCK_FLOOR (10 * TIME_US)

/* How many ticks of a clock of `hz` have passed after `ns` nanoseconds, rounded
 * down. */
static inline uint64_t chip_clock_ticks(uint64_t ns, uint32_t hz)
{
    return ns / TIME_SECOND * hz + ns % TIME_SECOND * hz / TIME_SECOND;
}

/* After how many nanoseconds `ticks` ticks of a clock of `hz` have passed,
 * rounded up. */
static inline uint64_t chip_clock_ns(uint64_t ticks, uint32_t hz)
{
    return ticks / hz * TIME_SECOND + (ticks % hz * TIME_SECOND + hz - 1) / hz;
}
