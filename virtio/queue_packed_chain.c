/* Follows a list of descriptors of a packed queue (VIRTIO 1.4 sections 2.8.6
 * and 2.8.7), direct and indirect. The guest may rewrite a descriptor at any
 * time: each word is read once, then checked, then used. The walk is bounded
 * by the queue's size, and in an indirect table by what can be served. A
 * broken list is followed to its end all the same, since its end has the id
 * by which it is given back. queue_packed.c calls it. */
#include "virtio/queue_packed_chain.h"

#include "virtio/chain.h"
#include "virtio/guest.h"
#include "virtio/packed.h"
#include "virtio/queue.h"
#include "virtio/violation.h"

struct descriptor {
    uint64_t address;
    uint32_t length;
    uint16_t id;
    uint16_t flags;
};

static const struct chain_clauses clauses = {
    .order = CLAUSE_PACKED_DRV_010,
    .length = CLAUSE_PACKED_DRV_016,
    .negotiated = CLAUSE_PACKED_DRV_014,
    .linked = CLAUSE_PACKED_DRV_017,
    .table = CLAUSE_LINTEL_PACKED_001,
};

/* Reports a list whose end cannot be found. The device stops under any lint
 * level. Always false. */
static bool fail_endless(struct chain_walk *walk, enum clause_id id,
                         const char *summary, uint16_t position, uint16_t flags)
{
    struct virtio_queue *queue = walk->queue;

    ring_violation(queue, id, .verdict = VIRTIO_VERDICT_NEEDS_RESET,
                   .summary = summary,
                   .values = {{"head", queue->chain.head},
                              {"at", position},
                              {"flags", flags},
                              {"QueueSize", queue->size}});
    walk->stopped = true;
    virtio_device_needs_reset(queue->device);
    return false;
}

/* Reads a descriptor whose `flags` have been read already. */
static struct descriptor descriptor_read(const uint8_t *at, uint16_t flags)
{
    return (struct descriptor){
        .address = guest_read64(at),
        .length = guest_read32(at + DESC_LENGTH),
        .id = guest_read16(at + PACKED_ID),
        .flags = flags,
    };
}

static bool element_add(struct chain_walk *walk, const struct descriptor *desc)
{
    struct virtio_chain *chain = &walk->queue->chain;
    bool write = (desc->flags & DESC_F_WRITE) != 0;

    walk->elements++;
    if (!chain_order_judge(walk, desc->address, write)) {
        return false;
    }
    *(write ? &chain->writable_bytes : &chain->readable_bytes) += desc->length;
    return desc->length == 0 ||
           chain_segment_add(walk, desc->address, desc->length, write);
}

/* The list is in an indirect table, in order (2.8.7). Only WRITE has a
 * meaning in the table, and none in the descriptor that leads there. */
static bool indirect_follow(struct chain_walk *walk,
                            const struct descriptor *desc)
{
    struct virtio_queue *queue = walk->queue;
    uint32_t entries = desc->length / DESC_SIZE;

    walk->indirect = true;
    if (!chain_indirect_judge(walk, desc->flags, walk->elements == 0)) {
        return false;
    }
    const uint8_t *table = chain_table_find(walk, desc->address, desc->length);

    if (table == NULL || !chain_length_judge(walk, entries)) {
        return false;
    }
    for (uint32_t i = 0; i < entries; i++) {
        const uint8_t *at = table + (size_t)DESC_SIZE * i;
        struct descriptor entry =
            descriptor_read(at, guest_read16(at + PACKED_FLAGS));

        if (ring_judge(queue, CLAUSE_PACKED_DRV_015,
                       (entry.flags & ~(unsigned)DESC_F_WRITE) != 0)) {
            ring_violation(queue, CLAUSE_PACKED_DRV_015,
                           .verdict = VIRTIO_VERDICT_BITS_IGNORED,
                           .summary = "an entry of an indirect table has flags "
                                      "besides WRITE",
                           .values = {{"head", queue->chain.head},
                                      {"entry", i},
                                      {"flags", entry.flags}});
        }
        if (!element_add(walk, &entry)) {
            return false;
        }
    }
    return true;
}

/* Judges a descriptor after the first: the driver makes it available before
 * it makes the first available. */
static bool member_judge(struct chain_walk *walk, uint16_t position, bool wrap,
                         uint16_t flags)
{
    struct virtio_queue *queue = walk->queue;
    bool avail = ((flags & PACKED_F_AVAIL) != 0) == wrap;

    if (ring_judge(queue, CLAUSE_PACKED_DRV_013, !avail)) {
        return fail_endless(walk, CLAUSE_PACKED_DRV_013,
                            "a list's first descriptor is available, a later "
                            "one is not",
                            position, flags);
    }
    if (ring_judge(queue, CLAUSE_PACKED_TXT_003,
                   !packed_available(flags, wrap))) {
        ring_violation(queue, CLAUSE_PACKED_TXT_003,
                       .verdict = VIRTIO_VERDICT_TAKEN,
                       .summary = "USED is not the inverse of AVAIL in a "
                                  "list's later descriptor",
                       .values = {{"head", queue->chain.head},
                                  {"at", position},
                                  {"flags", flags},
                                  {"wrap counter", wrap}});
    }
    return true;
}

bool virtio_queue_packed_chain_walk(struct virtio_queue *queue, uint16_t flags)
{
    struct chain_walk walk = {.queue = queue, .clauses = &clauses};
    uint16_t position = queue->last_avail;
    bool wrap = queue->avail_wrap;
    bool good = true;

    chain_begin(queue, position, 1);
    for (;;) {
        const uint8_t *at = queue->desc + (size_t)DESC_SIZE * position;
        struct descriptor desc = descriptor_read(at, flags);

        queue->chain.id = desc.id;
        if (queue->chain.slots == 1) {
            queue->taken[0] = desc.address;
            queue->taken[1] = desc.length | (uint64_t)desc.id << 32 |
                              (uint64_t)desc.flags << 48;
        }
        /* Of a broken list only the end matters. */
        good = good &&
               ((flags & DESC_F_INDIRECT) != 0 ? indirect_follow(&walk, &desc)
                                               : element_add(&walk, &desc));
        if (walk.stopped || (flags & DESC_F_NEXT) == 0) {
            break;
        }
        if (queue->chain.slots == queue->size) {
            return fail_endless(&walk, CLAUSE_PACKED_DRV_009,
                                "the list is longer than the queue", position,
                                flags);
        }
        queue->chain.slots++;
        packed_advance(&position, &wrap, queue->size, 1);
        flags = guest_acquire16(queue->desc + (size_t)DESC_SIZE * position +
                                PACKED_FLAGS);
        if (!member_judge(&walk, position, wrap, flags)) {
            return false;
        }
    }
    if (good) {
        chain_mark_exercised(&walk);
        ring_mark_exercised(queue, CLAUSE_PACKED_DRV_009);
    }
    return good;
}
