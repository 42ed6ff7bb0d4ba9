/* The local APIC's timer (SDM 3A 11.5.4): one-shot, periodic, TSC-deadline.
 * Who calls it: lapic.c and lapic_registers.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vmm/chip/lapic.h"

/* Stops the timer and sets its divider to 2, as reset does. */
void lapic_timer_reset(struct lapic *lapic);

/* Handle writes to the LVT timer, initial-count and divide-configuration
 * registers. */
void lapic_timer_write_lvt(struct lapic *lapic, uint32_t value);
void lapic_timer_write_initial(struct lapic *lapic, uint32_t value);
void lapic_timer_write_divide(struct lapic *lapic, uint32_t value);

uint32_t lapic_timer_current(const struct lapic *lapic);

bool lapic_timer_valid(const struct lapic *lapic);
