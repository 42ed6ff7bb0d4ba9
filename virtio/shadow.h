/* A shadow of what the driver has exposed in a ring (VIRTIO 1.4 sections
 * 2.7.8, 2.7.13 and 3.3.1). Of a split ring the device notes each head and
 * its first descriptor when it first sees them, and the descriptors of the
 * chain that it serves. What differs later was altered while the device
 * owned it. Of a packed ring (2.8.6) it notes the ids of the lists that it
 * owns. Each queue has one shadow of a fixed size. queue_split.c,
 * queue_chain.c and queue_packed.c call it in the queue's service. With lint
 * off it does nothing. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "virtio/device.h"

/* Begins the shadow of a ring. The ring's areas are set in `queue`. */
void virtio_shadow_start(struct virtio_queue *queue);

/* From now on the device owns the entries of the available ring from
 * avail_shadow up to `idx`. */
void virtio_shadow_expose(struct virtio_queue *queue, uint16_t idx);

/* The head that the driver exposed in `slot`. `entry` is what memory says
 * there now. */
uint16_t virtio_shadow_head(struct virtio_queue *queue, unsigned slot,
                            uint16_t entry);

/* Notes a direct descriptor inside a chain: it must not be the head of
 * another chain. */
void virtio_shadow_element(struct virtio_queue *queue, uint32_t index);

/* The chain is given back: judges whether it and the used ring are
 * unchanged. Called before the used ring is written. */
void virtio_shadow_give_back(struct virtio_queue *queue, uint16_t head);

/* For packed rings: the ring starts; the device owns every list that is
 * complete from now on; the oldest of these lists is given back. */
void virtio_shadow_packed_start(struct virtio_queue *queue);
void virtio_shadow_packed_expose(struct virtio_queue *queue);
void virtio_shadow_packed_give_back(struct virtio_queue *queue);
/* The device is about to write its event suppression. */
void virtio_shadow_packed_wish(struct virtio_queue *queue, uint32_t event);

/* The number of buffers that the driver made available and did not get back;
 * of a packed queue, 1 if there is any. Under the lock, for a queue that is
 * ready. */
uint16_t virtio_shadow_outstanding(const struct virtio_queue *queue);

/* True if the next descriptor of a packed ring is available. */
bool virtio_shadow_packed_waiting(const struct virtio_queue *queue);

/* Mixes a value into a sum. Every bit and the order of the values count. */
static inline uint64_t virtio_shadow_mix(uint64_t sum, uint64_t low,
                                         uint64_t high)
{
    sum = (sum ^ low) * UINT64_C(0x9e3779b97f4a7c15);
    sum = (sum << 31 | sum >> 33) ^ high;
    return sum * UINT64_C(0xbf58476d1ce4e5b9);
}

/* A walk over a chain begins. */
static inline void virtio_shadow_walk(struct virtio_queue *queue)
{
    queue->shadow.walked = false;
    queue->shadow.descriptors = 0;
    queue->shadow.sum = 0;
    queue->shadow.table = NULL;
}

/* Notes a descriptor as it was read: its address, and the rest of it. */
static inline void virtio_shadow_descriptor(struct virtio_queue *queue,
                                            uint64_t low, uint64_t high)
{
    queue->shadow.sum = virtio_shadow_mix(queue->shadow.sum, low, high);
    queue->shadow.descriptors++;
}

static inline void virtio_shadow_table(struct virtio_queue *queue,
                                       const uint8_t *table, uint32_t entries)
{
    queue->shadow.table = table;
    queue->shadow.entries = entries;
}

/* Notes what the device has written into the used ring. */
static inline void virtio_shadow_used_flags(struct virtio_queue *queue,
                                            uint16_t flags)
{
    queue->shadow.used_word =
        (queue->shadow.used_word & 0xffff0000u) | (uint32_t)flags;
}

static inline void virtio_shadow_used_entry(struct virtio_queue *queue,
                                            uint32_t id, uint32_t length)
{
    queue->shadow.used_word =
        (queue->shadow.used_word & 0xffffu) | (uint32_t)queue->used_idx << 16;
    queue->shadow.used_last = (uint64_t)length << 32 | id;
}
