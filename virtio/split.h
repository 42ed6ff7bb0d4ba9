/* The layout of a split queue (VIRTIO 1.4 sections 2.7.5, 2.7.6 and 2.7.8).
 * queue_split.c, queue_chain.c, shadow.c, watchdog.c and, at the start of a
 * queue, queue_areas.c use it. */
#pragma once

#include "virtio/device.h"
#include "virtio/guest.h"

enum {
    SPLIT_FLAGS = 12, /* offset in a descriptor, le16 */
    SPLIT_NEXT = 14,  /* le16 */
    AVAIL_FLAGS = 0,
    AVAIL_IDX = 2,
    AVAIL_RING = 4, /* the entries, 2 bytes each; used_event lies behind them */
    AVAIL_ENTRY = 2,
    AVAIL_F_NO_INTERRUPT = 1,
    USED_FLAGS = 0,
    USED_IDX = 2,
    USED_RING = 4, /* the entries, 8 bytes each; avail_event lies behind them */
    USED_ENTRY = 8,
    USED_F_NO_NOTIFY = 1,
};

/* Entry `at` of the available ring and of the used ring. `at` counts as idx
 * does, without wrapping at the queue's size. */
static inline uint8_t *split_avail_entry(const struct virtio_queue *queue,
                                         uint16_t at)
{
    return queue->avail + AVAIL_RING +
           (size_t)AVAIL_ENTRY * (at & (queue->size - 1u));
}

static inline uint8_t *split_used_entry(const struct virtio_queue *queue,
                                        uint16_t at)
{
    return queue->used + USED_RING +
           (size_t)USED_ENTRY * (at & (queue->size - 1u));
}

/* The words behind the entries, with EVENT_IDX: where the driver wants to be
 * interrupted, and where the device wants to be notified. */
static inline uint8_t *split_used_event(const struct virtio_queue *queue)
{
    return queue->avail + AVAIL_RING + (size_t)AVAIL_ENTRY * queue->size;
}

static inline uint8_t *split_avail_event(const struct virtio_queue *queue)
{
    return queue->used + USED_RING + (size_t)USED_ENTRY * queue->size;
}
