/* The entropy device (VIRTIO 1.4 section 5.4), with one queue. vmm/ makes it
 * and has the entropy. */
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

/* Fills `buffer` with entropy. Returns how many bytes there were; 0: none
 * now, and the owner wakes queue 0 when another try is worth it. The owner
 * defines it. */
size_t env_entropy(struct virtio_device *device, void *buffer, size_t length);
