/* The layout of a split queue, VIRTIO 1.4 sections 2.7.5, 2.7.6 and 2.7.8. Used
 * by queue_split.c, queue_chain.c, shadow.c, watchdog.c and, at the start,
 * queue_areas.c. */
#pragma once

#include "virtio/device.h"
#include "virtio/guest.h"

enum {
    SPLIT_FLAGS = 12, /* of a descriptor, le16 */
    SPLIT_NEXT = 14,  /* le16 */
    AVAIL_FLAGS = 0,
    AVAIL_IDX = 2,
    AVAIL_RING = 4, /* entries of 2 bytes, then used_event */
    AVAIL_ENTRY = 2,
    AVAIL_F_NO_INTERRUPT = 1,
    USED_FLAGS = 0,
    USED_IDX = 2,
    USED_RING = 4, /* entries of 8 bytes, then avail_event */
    USED_ENTRY = 8,
    USED_F_NO_NOTIFY = 1,
};

/* Entry `at` of the available ring, of the used ring: counted as idx is. */
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

/* Behind them, with EVENT_IDX: where the driver wants to be interrupted, where
 * the device wants to be notified. */
static inline uint8_t *split_used_event(const struct virtio_queue *queue)
{
    return queue->avail + AVAIL_RING + (size_t)AVAIL_ENTRY * queue->size;
}

static inline uint8_t *split_avail_event(const struct virtio_queue *queue)
{
    return queue->used + USED_RING + (size_t)USED_ENTRY * queue->size;
}
