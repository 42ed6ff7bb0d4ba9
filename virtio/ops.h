/* What the transport shares with the devices: the functions of a device that
 * it calls (a device's data is in type.h), and the bits of the registers
 * that both look at. console.c, block.c and entropy.c fill the structure in;
 * device.c judges it once. */
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

    /* Serves the queue until virtio_queue_pop() has no more. The lock is not
     * held. */
    void (*service)(struct virtio_queue *queue);
    /* Gives advice about the accepted features at FEATURES_OK, beside the
     * checks for all devices. May be NULL. The lock is held. */
    void (*judge_features)(struct virtio_device *device);
    /* The driver has written `field`. May be NULL. The lock is not held, and
     * the function may sleep. */
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
