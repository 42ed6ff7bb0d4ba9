/* What differs between a split queue (VIRTIO 1.4 section 2.7; queue_split.c)
 * and a packed queue (2.8; queue_packed.c). queue.c does the rest for both.
 * The queue's service calls these functions without a lock, unless a comment
 * says otherwise. A branch chooses between the two, not a table of
 * functions: these paths are the hottest, and the optimiser sees through a
 * branch. */
#pragma once

#include "virtio/device.h"

enum virtio_ring_next {
    VIRTIO_RING_EMPTY,   /* nothing is available; a kick comes when that changes
                          */
    VIRTIO_RING_CHAIN,   /* a chain was taken into queue->chain */
    VIRTIO_RING_SKIPPED, /* an entry was reported and passed over */
    VIRTIO_RING_BROKEN,  /* a chain was taken and reported; it is to be given
                            back empty, unless the queue has halted */
};

void virtio_queue_split_start(struct virtio_queue *queue);
enum virtio_ring_next virtio_queue_split_next(struct virtio_queue *queue);
bool virtio_queue_split_waiting(const struct virtio_queue *queue);
/* Looks at what has become available, without taking it. */
void virtio_queue_split_look(struct virtio_queue *queue);
void virtio_queue_split_back(struct virtio_queue *queue);
void virtio_queue_split_put(struct virtio_queue *queue,
                            const struct virtio_chain *chain, uint32_t written);
bool virtio_queue_split_wanted(struct virtio_queue *queue);
void virtio_queue_split_kicked(struct virtio_queue *queue);
void virtio_queue_split_notified(struct virtio_queue *queue, uint16_t next);

void virtio_queue_packed_start(struct virtio_queue *queue);
enum virtio_ring_next virtio_queue_packed_next(struct virtio_queue *queue);
bool virtio_queue_packed_waiting(const struct virtio_queue *queue);
void virtio_queue_packed_back(struct virtio_queue *queue);
void virtio_queue_packed_put(struct virtio_queue *queue,
                             const struct virtio_chain *chain,
                             uint32_t written);
bool virtio_queue_packed_wanted(struct virtio_queue *queue);
void virtio_queue_packed_notified(struct virtio_queue *queue, uint16_t next);

/* Starts the ring. Under the lock. */
static inline void virtio_ring_start(struct virtio_queue *queue)
{
    if (queue->packed) {
        virtio_queue_packed_start(queue);
    } else {
        virtio_queue_split_start(queue);
    }
}

static inline enum virtio_ring_next virtio_ring_next(struct virtio_queue *queue)
{
    return queue->packed ? virtio_queue_packed_next(queue)
                         : virtio_queue_split_next(queue);
}

/* True if another chain is available. Changes nothing. */
static inline bool virtio_ring_waiting(const struct virtio_queue *queue)
{
    return queue->packed ? virtio_queue_packed_waiting(queue)
                         : virtio_queue_split_waiting(queue);
}

/* Undoes the last call of virtio_ring_next() that gave a chain. */
static inline void virtio_ring_back(struct virtio_queue *queue)
{
    if (queue->packed) {
        virtio_queue_packed_back(queue);
    } else {
        virtio_queue_split_back(queue);
    }
}

/* Gives a chain back to the driver. */
static inline void virtio_ring_put(struct virtio_queue *queue,
                                   const struct virtio_chain *chain,
                                   uint32_t written)
{
    if (queue->packed) {
        virtio_queue_packed_put(queue, chain, written);
    } else {
        virtio_queue_split_put(queue, chain, written);
    }
}

/* True if the driver wants to know of the chains that were given back since
 * the last call. */
static inline bool virtio_ring_wanted(struct virtio_queue *queue)
{
    return queue->packed ? virtio_queue_packed_wanted(queue)
                         : virtio_queue_split_wanted(queue);
}

/* Judges a notification of a queue that is being served: was it wanted?
 * Under the lock. In a packed ring nothing shows it. */
static inline void virtio_ring_kicked(struct virtio_queue *queue)
{
    if (!queue->packed) {
        virtio_queue_split_kicked(queue);
    }
}

/* Judges the place that the driver names for its next buffer
 * (NOTIFICATION_DATA, 2.9). Under the lock. */
static inline void virtio_ring_notified(struct virtio_queue *queue,
                                        uint16_t next)
{
    if (queue->packed) {
        virtio_queue_packed_notified(queue, next);
    } else {
        virtio_queue_split_notified(queue, next);
    }
}

/* True if the entry or descriptor `event` is among the last `count` that
 * were written before `next`. All are 16-bit counters (2.7.10.1). */
static inline bool virtio_ring_passed(uint16_t event, uint16_t next,
                                      uint16_t count)
{
    return (uint16_t)(next - event - 1) < count;
}
