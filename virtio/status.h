/* The Status register, VIRTIO 1.4 sections 2.1, 2.4 and 3.1. Called by
 * transport.c under the device's lock. */
#pragma once

#include "virtio/device.h"

uint32_t virtio_status_read(struct virtio_device *device);
void virtio_status_write(struct virtio_device *device, uint32_t value);

/* The driver, on a step of its setup, writes `value`, of `queue` unless that is
 * NULL. True after a report that says `summary`: the step is to be ignored, for
 * the driver has set FAILED, and only a reset may follow (2.1.1). */
bool virtio_status_failed_judge(struct virtio_device *device,
                                const struct virtio_queue *queue,
                                const char *summary, uint32_t value);
