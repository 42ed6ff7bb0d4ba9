/* How a kernel is told of its virtio devices (the entry's `discover`): by nodes
 * in the DSDT, by words on its command line (Linux, Documentation/admin-guide/
 * kernel-parameters.txt, virtio_mmio.device=), or both. The words are part of
 * the command line, whichever protocol passes it.
 *
 * Who calls it: vmm/vm/vm.c and vmm/vm/vm_device.c while they build a
 * machine */
#pragma once

#include "vmm/config/config.h"
#include "vmm/memory/memory_map.h"

/* Room for the options, and for one word of each device. */
#define DISCOVER_WORD 64
#define DISCOVER_COMMAND_LINE                                                  \
    (CONFIG_OPTIONS + MAP_VIRTIO_DEVICES * DISCOVER_WORD)

/* The interrupt line (GSI) of device `index`. The DSDT has 16 and up. Where
 * the command line alone tells of the devices, the kernel may have no
 * IOAPIC: then the first six lines are ones that the PIC pair has and that
 * no other chip drives. */
unsigned discover_gsi(const struct config_entry *entry, unsigned index);

/* The lines of `count` devices, bit n for GSI n. They are level-triggered
 * and active high; the PIC pair's ELCR, the MADT and the MP table have to
 * say so. */
uint32_t discover_gsis(const struct config_entry *entry, unsigned count);

/* The number of devices that the DSDT shows. */
unsigned discover_acpi_count(const struct config_entry *entry, unsigned count);

/* Writes the command line of a kernel with `count` devices. */
void discover_command_line(char line[DISCOVER_COMMAND_LINE],
                           const struct config_entry *entry, unsigned count);
