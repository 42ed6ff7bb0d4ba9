/* The guest's MP tables (Intel, MultiProcessor Specification 1.4, chapter 4):
 * processors, IOAPIC and the wiring of its pins. They are for kernels that do
 * not read ACPI; kernels that do ignore them.
 *
 * Who calls it: vmm/vm/vm.c, once while it builds a machine. */
#pragma once

#include <stdint.h>

#include "vmm/memory/guest_memory.h"

struct mp_request {
    unsigned cpu_count;
    const uint32_t *apic_ids; /* of each processor; NULL: 0, 1, 2 ... */
    uint32_t signature;       /* CPUID.1:EAX */
    uint32_t features;        /* CPUID.1:EDX */
    uint32_t level_lines;     /* bit n: GSI n is level-triggered, active high */
};

/* Writes the tables at MAP_MP_BASE. NULL, or a sentence that says why it
 * cannot. An MP table cannot hold APIC ids above 254, so it leaves out those
 * processors. */
const char *mp_build(const struct guest_memory *memory,
                     const struct mp_request *request);
