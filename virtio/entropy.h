/* The entropy device, VIRTIO 1.4 section 5.4: one queue, filled from
 * env_entropy(). Made by vmm/. */
#pragma once

#include "virtio/device.h"

struct virtio_entropy {
    struct virtio_device device;
    struct virtio_queue queues[1];
};

const char *virtio_entropy_init(struct virtio_entropy *entropy,
                                const struct virtio_device_options *options,
                                void *host);
