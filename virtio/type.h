/* What a driver can see of one type of device: its number, features, queues
 * and the fields of its configuration space. All of it is data, so that the
 * owner can ask what a type offers without making a device. Each type has a
 * file of its own, *_type.c. ops.h has what a device does. */
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
    VIRTIO_FIELD_WRITABLE = 1, /* the driver may write it */
    VIRTIO_FIELD_EARLY =
        2, /* the driver may access it even before FEATURES_OK */
    VIRTIO_FIELD_REREAD =
        4, /* the driver has to read it again after a change (5.2.6.1) */
};

/* A field of the configuration space. The tables are sorted by offset. */
struct virtio_field {
    const char *name;
    uint16_t offset;
    uint8_t width;  /* bytes of one element: 1, 2, 4, 8 */
    uint8_t count;  /* elements */
    int8_t feature; /* the field needs this offered feature; -1: none */
    uint8_t flags;
};

struct virtio_feature_info {
    const char *name; /* as in the specification, without its prefix */
    uint8_t bit;
    uint8_t requires_count; /* how many members of `requires` are set; one of
                               these features is enough */
    uint8_t requires[2];
};

struct virtio_queue_info {
    const char *name;
    uint16_t size_max; /* power of 2 */
    uint16_t batch;    /* used entries between two interrupt decisions */
    bool
        input; /* buffers of the queue are for input, which comes at any time */
};

struct virtio_type {
    const char
        *name; /* the name in reports, to which the device's number is added */
    uint32_t device_id;
    /* All features that the specification gives this type, in rising order,
     * and the mask of those that are offered. The reserved features, which
     * all devices offer alike, are not among them. */
    const struct virtio_feature_info *features;
    size_t feature_count;
    uint64_t offered;
    const struct virtio_queue_info *queues;
    size_t queue_count;
    const struct virtio_field *fields;
    size_t field_count;
};

/* The bits that every device here offers, and the bits that a driver over
 * MMIO may accept if they are offered. */
extern const uint64_t virtio_type_common;
extern const uint64_t virtio_type_known;

/* The type's own feature of that bit; NULL: there is none. */
const struct virtio_feature_info *
virtio_type_feature(const struct virtio_type *type, unsigned bit);

/* "EVENT_IDX", "RO"; NULL where the specification has no name for the bit. */
const char *virtio_type_feature_name(const struct virtio_type *type,
                                     unsigned bit);
