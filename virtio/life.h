/* When a device runs and when it stops: DRIVER_OK, reset, QueueReady = 0,
 * QueueReset = 1, DEVICE_NEEDS_RESET (VIRTIO 1.4 sections 2.1, 2.4, 2.6,
 * 4.2.2). All under the device's lock. */
#pragma once

#include "virtio/ops.h"

/* True if the device may consume buffers. It touches its queues only then. */
static inline bool virtio_life_running(const struct virtio_device *device)
{
    return (device->session.status &
            (VIRTIO_STATUS_DRIVER_OK | VIRTIO_STATUS_DEVICE_NEEDS_RESET)) ==
               VIRTIO_STATUS_DRIVER_OK &&
           !device->resetting;
}

/* The driver has set DRIVER_OK. */
void virtio_life_start(struct virtio_device *device);
/* The driver has written 0 to Status. */
void virtio_life_reset(struct virtio_device *device);
/* The driver has written 0 to QueueReady. */
void virtio_life_stop(struct virtio_queue *queue);
/* QueueReset = 1 (2.6.1): stops the queue and forgets its setup. */
void virtio_life_reset_queue(struct virtio_queue *queue);
