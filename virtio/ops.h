/* What the transport shares with the devices: the functions it calls of each
 * (their data is in type.h), and the bits of the registers that both look at.
 * Filled by console.c, block.c, entropy.c; judged once by device.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "virtio/device.h"
#include "virtio/type.h"

/* Status bits, section 2.1. */
enum virtio_status {
    VIRTIO_STATUS_ACKNOWLEDGE = 1,
    VIRTIO_STATUS_DRIVER = 2,
    VIRTIO_STATUS_DRIVER_OK = 4,
    VIRTIO_STATUS_FEATURES_OK = 8,
    VIRTIO_STATUS_DEVICE_NEEDS_RESET = 64,
    VIRTIO_STATUS_FAILED = 128,
};

/* Bits of InterruptStatus, section 4.2.2. */
enum virtio_interrupt {
    VIRTIO_INTERRUPT_USED = 1,
    VIRTIO_INTERRUPT_CONFIG = 2,
};

struct virtio_device_ops {
    const struct virtio_type *type;

    /* Serves the queue till virtio_queue_pop() has no more. No lock held. */
    void (*service)(struct virtio_queue *queue);
    /* Advice at FEATURES_OK, beyond what is wrong for any device; may be NULL.
     * Under the lock. */
    void (*judge_features)(struct virtio_device *device);
    /* The driver wrote `field`; may be NULL. No lock held, may sleep. */
    void (*config_written)(struct virtio_device *device,
                           const struct virtio_field *field, uint64_t value);
};

static inline bool virtio_offered(const struct virtio_device *device,
                                  unsigned bit)
{
    return (device->offered[bit / 64] >> (bit % 64) & 1) != 0;
}

static inline bool virtio_accepted(const struct virtio_device *device,
                                   unsigned bit)
{
    return (device->session.accepted[bit / 64] >> (bit % 64) & 1) != 0;
}
