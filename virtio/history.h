/* The driver's last accesses to a device's window, for reports. transport.c
 * records them under the device's lock. */
#pragma once

#include "virtio/device.h"

void virtio_history_record(struct virtio_device *device, uint32_t offset,
                           unsigned size, bool write, uint64_t value);
