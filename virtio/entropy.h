/* The entropy device, VIRTIO 1.4 section 5.4: one queue. Made by vmm/, which
 * has the entropy. */
#pragma once

#include "virtio/device.h"

extern const struct virtio_type virtio_entropy_type;

struct virtio_entropy {
    struct virtio_device device;
    struct virtio_queue queues[1];
};

const char *virtio_entropy_init(struct virtio_entropy *entropy,
                                const struct virtio_device_options *options,
                                void *host);

/* Fills `buffer` with entropy; how many bytes it had. 0: none just now (the
 * owner wakes queue 0 when it is worth trying again). Defined by the owner. */
size_t env_entropy(struct virtio_device *device, void *buffer, size_t length);
