/* Words for the command line; see the header. */
#include "vmm/plan/discover.h"

#include "kernel/base/format.h"
#include "kernel/base/panic.h"

unsigned discover_gsi(const struct config_entry *entry, unsigned index)
{
    static const uint8_t isa[] = {5, 6, 7, 10, 11, 12};
    const unsigned count = sizeof(isa) / sizeof(isa[0]);

    CHECK(index < MAP_VIRTIO_DEVICES);
    if (entry->discover != DISCOVER_CMDLINE) {
        return MAP_VIRTIO_GSI + index;
    }
    return index < count ? isa[index] : MAP_VIRTIO_GSI + index - count;
}

uint32_t discover_gsis(const struct config_entry *entry, unsigned count)
{
    uint32_t lines = 0;

    for (unsigned i = 0; i < count; i++) {
        lines |= 1U << discover_gsi(entry, i);
    }
    return lines;
}

unsigned discover_acpi_count(const struct config_entry *entry, unsigned count)
{
    return entry->discover == DISCOVER_CMDLINE ? 0 : count;
}

/* The words stand before the user's options, since what follows a "--" there
 * is for init. */
void discover_command_line(char line[DISCOVER_COMMAND_LINE],
                           const struct config_entry *entry, unsigned count)
{
    size_t used = 0;

    CHECK(count <= MAP_VIRTIO_DEVICES);
    if (entry->discover == DISCOVER_ACPI) {
        count = 0;
    }
    for (unsigned i = 0; i < count; i++) {
        used += format_sn(line + used, DISCOVER_COMMAND_LINE - used,
                          "virtio_mmio.device=%#x@%#x:%u:%u ", MAP_VIRTIO_SIZE,
                          MAP_VIRTIO_BASE + i * MAP_VIRTIO_STRIDE,
                          discover_gsi(entry, i), i);
    }
    used += format_sn(line + used, DISCOVER_COMMAND_LINE - used, "%s",
                      entry->options);
    CHECK(used < DISCOVER_COMMAND_LINE);
}
