/* What tells a split queue (VIRTIO 1.4 section 2.7) from a packed one (2.8):
 * queue.c does the rest for both. Chosen when a queue is enabled. All are
 * called by the queue's service, without a lock, except `start` and
 * `notified`. */
#pragma once

#include "virtio/device.h"

enum virtio_ring_next {
    VIRTIO_RING_EMPTY,   /* a kick comes when that changes */
    VIRTIO_RING_CHAIN,   /* one was taken: queue->chain */
    VIRTIO_RING_SKIPPED, /* an entry was passed over, after a report */
    VIRTIO_RING_BROKEN,  /* one was taken and reported: to be given back empty,
                            unless the queue has halted */
};

struct virtio_ring_ops {
    void (*start)(struct virtio_queue *queue);
    enum virtio_ring_next (*next)(struct virtio_queue *queue);
    /* Undoes the last next() that gave a chain. */
    void (*back)(struct virtio_queue *queue);
    void (*put)(struct virtio_queue *queue, const struct virtio_chain *chain,
                uint32_t written);
    /* Does the driver want to know of what was put since it was last asked? */
    bool (*wanted)(struct virtio_queue *queue);
    /* The driver says where it will make the next buffer available
     * (NOTIFICATION_DATA, 2.9). Under the device's lock. */
    void (*notified)(struct virtio_queue *queue, uint16_t next);
};

extern const struct virtio_ring_ops virtio_ring_split;
extern const struct virtio_ring_ops virtio_ring_packed;

/* Was entry or descriptor `event` among the last `count` that were written
 * before `next`? As 16-bit counters (2.7.10.1). */
static inline bool virtio_ring_passed(uint16_t event, uint16_t next,
                                      uint16_t count)
{
    return (uint16_t)(next - event - 1) < count;
}
