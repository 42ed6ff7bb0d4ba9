/* The local APIC's timer (SDM 3A 11.5.4): one-shot, periodic, TSC-deadline.
 * Who calls it: lapic.c and lapic_registers.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vmm/chip/lapic.h"

/* Stopped, divider 2 as after reset. */
void lapic_timer_reset(struct lapic *lapic);

/* Writes to the registers of the same names. */
void lapic_timer_write_lvt(struct lapic *lapic, uint32_t value);
void lapic_timer_write_initial(struct lapic *lapic, uint32_t value);
void lapic_timer_write_divide(struct lapic *lapic, uint32_t value);

uint32_t lapic_timer_current(const struct lapic *lapic);

bool lapic_timer_valid(const struct lapic *lapic);
