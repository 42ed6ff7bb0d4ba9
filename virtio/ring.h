/* What tells a split queue (VIRTIO 1.4 section 2.7; queue_split.c) from a
 * packed one (2.8; queue_packed.c); queue.c does the rest for both. Called by
 * the queue's service without a lock, where nothing else is said. Chosen by a
 * branch, not by a table of functions: these are the hottest paths, and the
 * linker's optimiser sees through a branch. */
#pragma once

#include "virtio/device.h"

enum virtio_ring_next {
    VIRTIO_RING_EMPTY,   /* a kick comes when that changes */
    VIRTIO_RING_CHAIN,   /* one was taken: queue->chain */
    VIRTIO_RING_SKIPPED, /* an entry was passed over, after a report */
    VIRTIO_RING_BROKEN,  /* one was taken and reported: to be given back empty,
                            unless the queue has halted */
};

void virtio_queue_split_start(struct virtio_queue *queue);
enum virtio_ring_next virtio_queue_split_next(struct virtio_queue *queue);
bool virtio_queue_split_waiting(const struct virtio_queue *queue);
/* Only looks what has become available. */
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

/* Under the lock. */
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

/* Is there a next one? Changes nothing. */
static inline bool virtio_ring_waiting(const struct virtio_queue *queue)
{
    return queue->packed ? virtio_queue_packed_waiting(queue)
                         : virtio_queue_split_waiting(queue);
}

/* Undoes the last next() that gave a chain. */
static inline void virtio_ring_back(struct virtio_queue *queue)
{
    if (queue->packed) {
        virtio_queue_packed_back(queue);
    } else {
        virtio_queue_split_back(queue);
    }
}

/* Gives it back. */
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

/* Does the driver want to know of what was put since it was last asked? */
static inline bool virtio_ring_wanted(struct virtio_queue *queue)
{
    return queue->packed ? virtio_queue_packed_wanted(queue)
                         : virtio_queue_split_wanted(queue);
}

/* The driver notifies a queue that is served. Was that wanted? Under the lock;
 * in a packed ring it does not show. */
static inline void virtio_ring_kicked(struct virtio_queue *queue)
{
    if (!queue->packed) {
        virtio_queue_split_kicked(queue);
    }
}

/* The driver says where it will make the next buffer available
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

/* Was entry or descriptor `event` among the last `count` that were written
 * before `next`? As 16-bit counters (2.7.10.1). */
static inline bool virtio_ring_passed(uint16_t event, uint16_t next,
                                      uint16_t count)
{
    return (uint16_t)(next - event - 1) < count;
}
