/* What following a chain of a split queue (VIRTIO 1.4 sections 2.7.4 and 2.7.5;
 * queue_chain.c) and a list of a packed one (2.8.6 and 2.8.7;
 * queue_packed_chain.c) have in common: the limits, and the elements found.
 * Each layout has clauses of its own for the same faults. Inline: the walk is
 * the hottest path of all, and the clauses are constants in it. */
#pragma once

#include "virtio/descriptor.h"
#include "virtio/device.h"
#include "virtio/violation.h"

struct chain_clauses {
    enum clause_id order;      /* readable elements before writable ones */
    enum clause_id length;     /* no more elements than the queue has */
    enum clause_id negotiated; /* INDIRECT only if it was */
    enum clause_id linked;     /* INDIRECT without NEXT */
    enum clause_id table;      /* an indirect table is whole descriptors */
};

struct chain_walk {
    struct virtio_queue *queue;
    const struct chain_clauses *clauses;
    uint32_t elements;
    bool indirect; /* the walk is, or was, in an indirect table */
    bool stopped;  /* reported, and the device has stopped */
};

/* chain.c: reports a broken chain, at its element of that number. True if the
 * device has stopped, as it does under strict lint. */
bool virtio_chain_fail(struct virtio_queue *queue, uint32_t element,
                       enum clause_id id, const char *summary, const char *name,
                       uint64_t value);
/* chain.c: reports more elements than the queue has. */
void virtio_chain_exceeds(struct virtio_queue *queue, uint32_t elements,
                          enum clause_id id);

/* Always false. */
static inline bool chain_fail(struct chain_walk *walk, enum clause_id id,
                              const char *summary, const char *name,
                              uint64_t value)
{
    /* By value: what is in the walk can then be in registers. */
    walk->stopped |= virtio_chain_fail(walk->queue, walk->elements, id, summary,
                                       name, value);
    return false;
}

static inline void chain_begin(struct virtio_queue *queue, uint16_t head,
                               uint16_t slots)
{
    queue->chain.head = head;
    queue->chain.slots = slots;
    queue->chain.readable = 0;
    queue->chain.writable = 0;
    queue->chain.readable_bytes = 0;
    queue->chain.writable_bytes = 0;
}

/* True if so many elements can be served: more than the queue has, too, for
 * Linux makes such chains when indirect. */
static inline bool chain_length_judge(struct chain_walk *walk,
                                      uint32_t elements)
{
    enum clause_id id = walk->clauses->length;

    if (!ring_judge(walk->queue, id, elements > walk->queue->size)) {
        return true;
    }
    if (elements > VIRTIO_SEGMENTS) {
        return chain_fail(walk, id,
                          "the chain has more elements than can be served",
                          "QueueSize", walk->queue->size);
    }
    virtio_chain_exceeds(walk->queue, elements, id);
    return true;
}

/* May an element of this direction come next? */
static inline bool chain_order_judge(struct chain_walk *walk, uint64_t address,
                                     bool write)
{
    if (!write && walk->queue->chain.writable != 0) {
        return chain_fail(walk, walk->clauses->order,
                          "readable after writable elements", "address",
                          address);
    }
    return true;
}

/* Adds an element that is not empty and for which there is room. */
static inline bool chain_segment_add(struct chain_walk *walk, uint64_t address,
                                     uint32_t length, bool write)
{
    struct virtio_chain *chain = &walk->queue->chain;
    uint8_t *memory =
        env_guest_range(walk->queue->device, (gpa_t){address}, length, write);

    if (memory == NULL) {
        return chain_fail(walk, CLAUSE_RESV_DRV_005,
                          "an element is not in memory", "address", address);
    }
    chain->segments[chain->readable + chain->writable] =
        (struct virtio_segment){memory, length};
    if (write) {
        chain->writable++;
    } else {
        chain->readable++;
    }
    return true;
}

/* INDIRECT with these flags, where the chain or list may go on in a table. */
static inline bool chain_indirect_judge(struct chain_walk *walk, uint16_t flags,
                                        bool alone)
{
    if (!walk->queue->indirect) {
        return chain_fail(walk, walk->clauses->negotiated,
                          "INDIRECT was not negotiated", "flags", flags);
    }
    if ((flags & DESC_F_NEXT) != 0 || !alone) {
        return chain_fail(walk, walk->clauses->linked,
                          "INDIRECT together with NEXT", "flags", flags);
    }
    return true;
}

/* The table, in memory and of whole descriptors; NULL after a report. */
static inline const uint8_t *chain_table_find(struct chain_walk *walk,
                                              uint64_t address, uint32_t length)
{
    if (length == 0 || length % DESC_SIZE != 0) {
        chain_fail(walk, walk->clauses->table,
                   "the indirect table is no whole number of "
                   "descriptors",
                   "length", length);
        return NULL;
    }
    const uint8_t *table =
        env_guest_range(walk->queue->device, (gpa_t){address}, length, false);

    if (table == NULL) {
        chain_fail(walk, CLAUSE_RESV_DRV_005,
                   "the indirect table is not in memory", "address", address);
    }
    return table;
}

/* Marks what every good chain was judged by. */
static inline void chain_mark_exercised(const struct chain_walk *walk)
{
    struct virtio_queue *queue = walk->queue;

    ring_mark_exercised(queue, walk->clauses->order);
    ring_mark_exercised(queue, CLAUSE_RESV_DRV_005);
    if (walk->indirect) {
        ring_mark_exercised(queue, walk->clauses->negotiated);
        ring_mark_exercised(queue, walk->clauses->linked);
        ring_mark_exercised(queue, walk->clauses->table);
    }
}
