/* The block device (VIRTIO 1.4 section 5.2), with one queue. vmm/ makes it
 * and owns the medium. */
#pragma once

#include "virtio/device.h"

enum {
    VIRTIO_BLOCK_SECTOR = 512,
    VIRTIO_BLOCK_SERIAL = 20,
    VIRTIO_BLOCK_QUEUE_SIZE = 256,
};

/* 5.2.3 */
enum virtio_block_feature {
    VIRTIO_BLOCK_F_SIZE_MAX = 1,
    VIRTIO_BLOCK_F_SEG_MAX = 2,
    VIRTIO_BLOCK_F_GEOMETRY = 4,
    VIRTIO_BLOCK_F_RO = 5,
    VIRTIO_BLOCK_F_BLK_SIZE = 6,
    VIRTIO_BLOCK_F_FLUSH = 9,
    VIRTIO_BLOCK_F_TOPOLOGY = 10,
    VIRTIO_BLOCK_F_CONFIG_WCE = 11,
    VIRTIO_BLOCK_F_MQ = 12,
    VIRTIO_BLOCK_F_DISCARD = 13,
    VIRTIO_BLOCK_F_WRITE_ZEROES = 14,
    VIRTIO_BLOCK_F_LIFETIME = 15,
    VIRTIO_BLOCK_F_SECURE_ERASE = 16,
    VIRTIO_BLOCK_F_ZONED = 17,
};

/* Offsets of the fields that have a value, 5.2.4. */
enum virtio_block_field {
    VIRTIO_BLOCK_CAPACITY = 0,
    VIRTIO_BLOCK_SEG_MAX = 12,
    VIRTIO_BLOCK_BLK_SIZE = 20,
};

extern const struct virtio_type virtio_block_type;

struct virtio_block {
    struct virtio_device device;
    struct virtio_queue queues[1];
    uint64_t capacity; /* sectors of 512 bytes */
    bool read_only;
    uint8_t serial[VIRTIO_BLOCK_SERIAL]; /* padded with zeros */
};

/* Makes the device. `bytes` is the size of the medium, rounded down to whole
 * sectors; of `serial` the first 20 characters are shown. NULL, or a
 * sentence that says what is wrong. */
const char *virtio_block_init(struct virtio_block *block,
                              const struct virtio_device_options *options,
                              uint64_t bytes, bool read_only,
                              const char *serial, void *host);

/* Tells the driver that the medium now has `bytes` bytes. */
void virtio_block_resize(struct virtio_block *block, uint64_t bytes);

/* Read and write the medium. `offset` is in bytes from its start; the device
 * has checked the range against its capacity. False: the medium failed. May
 * sleep. The owner of the device defines both. */
bool env_disk_read(struct virtio_device *device, uint64_t offset, void *buffer,
                   size_t length);
bool env_disk_write(struct virtio_device *device, uint64_t offset,
                    const void *buffer, size_t length);
bool env_disk_flush(struct virtio_device *device);
