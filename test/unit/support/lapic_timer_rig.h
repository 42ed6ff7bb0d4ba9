/* What the tests of the local APIC's timer share: one local APIC, by its page,
 * with the timer dividing by 1. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "test/unit/support/chips_fake.h"
#include "vmm/chip/lapic.h"

#define VECTOR   0xecU
#define PERIODIC (1U << 17)
#define DEADLINE (2U << 17)
#define MASKED   LAPIC_LVT_MASKED

#define INITIAL_COUNT 0x380U
#define CURRENT_COUNT 0x390U
#define DIVIDE        0x3e0U

extern struct lapic lapic;

/* Before each test. */
int rig_setup(void **state);

void rig_put(unsigned offset, uint32_t value);
uint32_t rig_get(unsigned offset);

/* The LVT's entry of the timer, and its counts. */
void rig_lvt(uint32_t value);
void rig_initial(uint32_t value);
uint32_t rig_current(void);

/* Takes the timer's interrupt to its end; false: there was none. */
bool rig_interrupted(void);

/* The TSC as this APIC's guest reads it. */
uint64_t rig_guest_tsc(void);
