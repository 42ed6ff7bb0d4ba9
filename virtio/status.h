/* The Status register (VIRTIO 1.4 sections 2.1, 2.4 and 3.1). transport.c
 * calls it under the device's lock. */
#pragma once

#include "virtio/device.h"

uint32_t virtio_status_read(struct virtio_device *device);
void virtio_status_write(struct virtio_device *device, uint32_t value);

/* Judges a step of the setup by a driver that may have set FAILED; then only
 * a reset may follow (2.1.1). The driver writes `value`; `queue` is the
 * queue that it is for, or NULL. True: the step was reported with `summary`,
 * and is to be ignored. */
bool virtio_status_failed_judge(struct virtio_device *device,
                                const struct virtio_queue *queue,
                                const char *summary, uint32_t value);
