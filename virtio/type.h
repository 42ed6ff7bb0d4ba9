/* What a driver can see of one type of device: its number, features, queues and
 * the fields of its configuration space. Data alone, so that the owner may ask
 * what a type offers without any device (each type is in a file of its own,
 * *_type.c). What a device does is in ops.h. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reserved feature bits, VIRTIO 1.4 chapter 6. */
enum virtio_feature {
#define FEATURE(name, bit, who) VIRTIO_F_##name = bit,
#include "virtio/features.def"
#undef FEATURE
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
    const char *name; /* as in the specification, without its prefix */
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

struct virtio_type {
    const char *name; /* in reports, with the device's number behind it */
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
};

/* Bits that every device here offers, and those that a driver over MMIO may
 * accept if they are offered. */
extern const uint64_t virtio_type_common;
extern const uint64_t virtio_type_known;

/* The type's own feature of that bit, or NULL. */
const struct virtio_feature_info *
virtio_type_feature(const struct virtio_type *type, unsigned bit);

/* "EVENT_IDX", "RO"; NULL where the specification has no name for the bit. */
const char *virtio_type_feature_name(const struct virtio_type *type,
                                     unsigned bit);
