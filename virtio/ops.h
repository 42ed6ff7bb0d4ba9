/* What one type of device is made of: data where data will do, and the few
 * functions the transport calls. Filled by console.c, block.c, entropy.c;
 * judged once by device.c; used by all of the transport. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "virtio/device.h"

/* Reserved feature bits, VIRTIO 1.4 chapter 6. */
enum virtio_feature {
    VIRTIO_F_INDIRECT_DESC = 28,
    VIRTIO_F_EVENT_IDX = 29,
    VIRTIO_F_VERSION_1 = 32,
    VIRTIO_F_ACCESS_PLATFORM = 33,
    VIRTIO_F_RING_PACKED = 34,
    VIRTIO_F_IN_ORDER = 35,
    VIRTIO_F_ORDER_PLATFORM = 36,
    VIRTIO_F_SR_IOV = 37,
    VIRTIO_F_NOTIFICATION_DATA = 38,
    VIRTIO_F_NOTIF_CONFIG_DATA = 39,
    VIRTIO_F_RING_RESET = 40,
    VIRTIO_F_ADMIN_VQ = 41,
};

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

enum virtio_field_flags {
    VIRTIO_FIELD_WRITABLE = 1, /* by the driver */
    VIRTIO_FIELD_EARLY = 2,    /* even before FEATURES_OK */
    VIRTIO_FIELD_REREAD = 4,   /* to be read again after a change (5.2.6.1) */
};

/* A field of the configuration space; the tables are sorted by offset. */
struct virtio_field {
    const char *name;
    uint16_t offset;
    uint8_t width;  /* bytes of one element: 1, 2, 4, 8 */
    uint8_t count;  /* elements */
    int8_t feature; /* that has to be offered, or -1 */
    uint8_t flags;
};

struct virtio_feature_info {
    const char *name;
    uint8_t bit;
    uint8_t requires_count; /* how many of `requires` count: any one of them */
    uint8_t requires[2];
};

struct virtio_queue_info {
    const char *name;
    uint16_t size_max; /* power of 2 */
    uint16_t batch;    /* used entries to one interrupt decision */
    bool input;        /* what comes to it was not asked for just now */
};

struct virtio_device_ops {
    const char *name;
    uint32_t device_id;
    /* All features the specification gives this type, in rising order, and
     * those of them offered (besides the reserved ones, which all devices
     * offer alike). */
    const struct virtio_feature_info *features;
    size_t feature_count;
    uint64_t offered;
    const struct virtio_queue_info *queues;
    size_t queue_count;
    const struct virtio_field *fields;
    size_t field_count;

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
