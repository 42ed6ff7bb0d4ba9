/* What a driver sees of an entropy device (VIRTIO 1.4 sections 5.4.2 to
 * 5.4.4). entropy.c uses it, and the owner. */
#include "virtio/entropy.h"
#include "virtio/type.h"

static const struct virtio_queue_info queues[] = {
    {"requestq", 16, 16, false},
};

const struct virtio_type virtio_entropy_type = {
    .name = "entropy",
    .device_id = 4,
    .queues = queues,
    .queue_count = sizeof queues / sizeof queues[0],
};
