/* The driver's last accesses to the window, shown with each report.
 * transport.c records them, vmm/ reads them. */
#include "virtio/history.h"

#include "virtio/registers.h"

/* The value of the selector that belongs to the register. */
static uint32_t selected(const struct virtio_device *device, uint32_t offset)
{
    if (offset >= VIRTIO_REG_QUEUE_SEL) {
        return device->session.queue_sel;
    }
    return offset < VIRTIO_REG_DRIVER_FEATURES
               ? device->session.device_features_sel
               : device->session.driver_features_sel;
}

void virtio_history_record(struct virtio_device *device, uint32_t offset,
                           unsigned size, bool write, uint64_t value)
{
    struct virtio_history *history = &device->history;
    struct virtio_history_entry *entry =
        &history->entries[(history->total - 1) % VIRTIO_HISTORY];

    /* Equal accesses count as one entry: a driver that polls or kicks many
     * times should not push out the accesses before. */
    if (history->total != 0 && entry->offset == offset &&
        entry->value == value && entry->size == size && entry->write == write) {
        entry->count++;
        return;
    }
    history->entries[history->total % VIRTIO_HISTORY] =
        (struct virtio_history_entry){
            .value = value,
            .count = 1,
            .offset = (uint16_t)offset,
            .size = (uint8_t)size,
            .write = write,
            .selected = selected(device, offset),
        };
    history->total++;
}

bool virtio_history_get(const struct virtio_device *device, unsigned age,
                        struct virtio_history_entry *entry)
{
    uint32_t total = device->history.total;

    if (age >= VIRTIO_HISTORY || age >= total) {
        return false;
    }
    *entry = device->history.entries[(total - 1 - age) % VIRTIO_HISTORY];
    return true;
}
