/* Words for the command line; see the header. */
#include "vmm/plan/discover.h"

#include "kernel/base/format.h"
#include "kernel/base/panic.h"

unsigned discover_acpi_count(const struct config_entry *entry, unsigned count)
{
    return entry->discover == DISCOVER_CMDLINE ? 0 : count;
}

/* Before the user's options: what follows a "--" in those is for init. */
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
                          MAP_VIRTIO_GSI + i, i);
    }
    used += format_sn(line + used, DISCOVER_COMMAND_LINE - used, "%s",
                      entry->options);
    CHECK(used < DISCOVER_COMMAND_LINE);
}
