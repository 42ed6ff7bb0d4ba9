/* The block device, VIRTIO 1.4 section 5.2: one queue. Made by vmm/; the
 * medium is behind env_disk_read(), env_disk_write(), env_disk_flush(). */
#pragma once

#include "virtio/device.h"

enum {
    VIRTIO_BLOCK_SERIAL = 20
};

struct virtio_block {
    struct virtio_device device;
    struct virtio_queue queues[1];
    uint64_t capacity; /* sectors of 512 bytes */
    bool read_only;
    uint8_t serial[VIRTIO_BLOCK_SERIAL]; /* padded with zeros */
};

/* `bytes` is rounded down to sectors; of `serial` the first 20 characters
 * count. */
const char *virtio_block_init(struct virtio_block *block,
                              const struct virtio_device_options *options,
                              uint64_t bytes, bool read_only,
                              const char *serial, void *host);

/* The medium changed size. */
void virtio_block_resize(struct virtio_block *block, uint64_t bytes);
