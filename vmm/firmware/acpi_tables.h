/* The guest's ACPI tables (ACPI 6.4): RSDP, RSDT, XSDT, FADT with FACS and
 * DSDT, MADT. The build compiles the DSDT from vmm/firmware/dsdt.asl by iasl.
 * acpi_build() sets how many of its virtio devices are present.
 *
 * Who calls it: vmm/vm/vm.c, once while it builds a machine. */
#pragma once

#include <stdint.h>

#include "vmm/memory/guest_memory.h"

/* The window at MAP_ACPI_BASE has no room for more processors. */
#define ACPI_CPUS 256

struct acpi_request {
    unsigned cpu_count;
    const uint32_t *apic_ids; /* of each processor; NULL: 0, 1, 2 ... */
    unsigned virtio_count;    /* windows 0 to virtio_count - 1 have a device */
    uint32_t level_lines;     /* bit n: GSI n is level-triggered, active high */
};

/* Writes the tables at MAP_ACPI_BASE, and sets *rsdp to the RSDP's address.
 * NULL, or a sentence that says why it cannot. */
const char *acpi_build(const struct guest_memory *memory,
                       const struct acpi_request *request, gpa_t *rsdp);
