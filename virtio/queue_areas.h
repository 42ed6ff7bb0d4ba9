/* A queue's places in memory, judged when the queue is enabled (VIRTIO 1.4
 * sections 2.7, 2.8 and 4.2.3.2). queue_setup.c calls it under the device's
 * lock. */
#pragma once

#include "virtio/device.h"

/* Bits of virtio_queue.setup.written; the six address registers stand in
 * their order. */
enum virtio_queue_written {
    VIRTIO_WROTE_DESC_LOW = 1,
    VIRTIO_WROTE_LOWS = 0x15,
    VIRTIO_WROTE_HIGHS = 0x2a,
    VIRTIO_WROTE_SIZE = 0x40,
};

/* Judges size and addresses, finds the areas in guest memory and starts the
 * ring on them. False after a report: the queue cannot be enabled. */
bool virtio_queue_areas_judge(struct virtio_queue *queue);
