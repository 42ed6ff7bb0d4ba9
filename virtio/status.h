/* The Status register, VIRTIO 1.4 sections 2.1, 2.4 and 3.1. Called by
 * transport.c under the device's lock. */
#pragma once

#include "virtio/device.h"

uint32_t virtio_status_read(struct virtio_device *device);
void virtio_status_write(struct virtio_device *device, uint32_t value);
