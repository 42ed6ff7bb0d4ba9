/* What following a chain of a split queue (VIRTIO 1.4 sections 2.7.4 and
 * 2.7.5; queue_chain.c) and a list of a packed queue (2.8.6 and 2.8.7;
 * queue_packed_chain.c) have in common: the limits, and the elements found.
 * Each layout has its own clauses for the same faults, so a walk carries the
 * ids. The functions are inline because the walk is the hottest path, and
 * because the ids are constants there. */
#pragma once

#include "virtio/descriptor.h"
#include "virtio/device.h"
#include "virtio/violation.h"

struct chain_clauses {
    enum clause_id order;      /* readable elements come before writable ones */
    enum clause_id length;     /* a chain has no more elements than the queue */
    enum clause_id negotiated; /* INDIRECT is used only if it was negotiated */
    enum clause_id linked;     /* INDIRECT and NEXT do not stand together */
    enum clause_id table; /* an indirect table consists of whole descriptors */
};

struct chain_walk {
    struct virtio_queue *queue;
    const struct chain_clauses *clauses;
    uint32_t elements;
    bool indirect; /* the walk has entered an indirect table */
    bool stopped;  /* a breach was reported, and the device has stopped */
};

/* Reports a broken chain at its element of that number (chain.c). True: the
 * device has stopped, as it does under strict lint. */
bool virtio_chain_fail(struct virtio_queue *queue, uint32_t element,
                       enum clause_id id, const char *summary, const char *name,
                       uint64_t value);
/* Reports a chain of more elements than the queue has (chain.c). */
void virtio_chain_exceeds(struct virtio_queue *queue, uint32_t elements,
                          enum clause_id id);

/* Reports; always returns false. */
static inline bool chain_fail(struct chain_walk *walk, enum clause_id id,
                              const char *summary, const char *name,
                              uint64_t value)
{
    /* The arguments go by value, so that the walk's members can stay in
     * registers. */
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

/* Judges the number of elements. True: the walk can go on. A chain of more
 * elements than the queue is served too, since Linux makes such chains with
 * indirect tables. */
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

/* Judges whether an element of this direction may come next. */
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

/* Adds an element. The caller has checked that it is not empty and that
 * there is room. */
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

/* Judges an element with INDIRECT set. True: the chain may go on in the
 * table. */
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

/* The indirect table in memory, of whole descriptors. NULL: that was
 * reported. */
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

/* Marks the clauses that every good chain has come under. */
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
