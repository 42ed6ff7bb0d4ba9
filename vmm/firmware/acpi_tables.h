/* The guest's ACPI tables (ACPI 6.4): RSDP, XSDT, FADT with FACS and DSDT,
 * MADT. The DSDT is vmm/firmware/dsdt.asl, compiled by iasl at build time; how
 * many of its virtio devices are present is set here.
 *
 * Who calls it: vmm/vm/vm.c, once while it builds a machine. */
#pragma once

#include <stdint.h>

#include "vmm/memory/guest_memory.h"

/* More do not fit in the window of MAP_ACPI_BASE. */
#define ACPI_CPUS 256

struct acpi_request {
    unsigned cpu_count;
    const uint32_t *apic_ids; /* NULL: 0, 1, 2 ... */
    unsigned virtio_count;    /* windows 0 .. count - 1 have a device */
    uint32_t level_lines;     /* bit n: GSI n is level-triggered, active high */
};

/* Writes the tables at MAP_ACPI_BASE and tells where the RSDP is. NULL, or the
 * sentence of what is wrong. */
const char *acpi_build(const struct guest_memory *memory,
                       const struct acpi_request *request, gpa_t *rsdp);
