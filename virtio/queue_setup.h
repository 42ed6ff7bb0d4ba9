/* The registers that find, size, place, enable and notify queues (VIRTIO 1.4
 * sections 4.2.2, 4.2.3.2 and 4.2.3.3). transport.c calls it under the
 * device's lock. */
#pragma once

#include "virtio/device.h"

void virtio_queue_setup_select(struct virtio_device *device, uint32_t value);
uint32_t virtio_queue_setup_size_max(struct virtio_device *device);
uint32_t virtio_queue_setup_ready(struct virtio_device *device);
void virtio_queue_setup_write_ready(struct virtio_device *device,
                                    uint32_t value);
uint32_t virtio_queue_setup_reset(struct virtio_device *device);
void virtio_queue_setup_write_reset(struct virtio_device *device,
                                    uint32_t value);
/* Writes QueueSize or one of the six address registers. */
void virtio_queue_setup_write(struct virtio_device *device, uint32_t offset,
                              uint32_t value);
void virtio_queue_setup_notify(struct virtio_device *device, uint32_t value);
