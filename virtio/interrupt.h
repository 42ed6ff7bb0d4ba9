/* InterruptStatus, InterruptACK and the interrupt line (VIRTIO 1.4 sections
 * 4.2.2 and 4.2.3.4). All under the device's lock, so that the line always
 * agrees with InterruptStatus. */
#pragma once

#include "virtio/device.h"

uint32_t virtio_interrupt_read(struct virtio_device *device);
void virtio_interrupt_acknowledge(struct virtio_device *device, uint32_t value);
void virtio_interrupt_raise(struct virtio_device *device, uint32_t bit);
void virtio_interrupt_clear(struct virtio_device *device); /* for a reset */
