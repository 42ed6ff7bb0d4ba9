/* Following a list of descriptors of a packed queue, VIRTIO 1.4 sections 2.8.6
 * and 2.8.7, direct and indirect. The guest may rewrite a descriptor while it
 * is looked at: each word is read once, then checked, then used, and the walk
 * is bounded by the queue's size, or by what can be served of an indirect
 * table. A broken list is followed to its end all the same: only there is the
 * id by which it is given back. Called by queue_packed.c. */
#include "virtio/queue_packed_chain.h"

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

struct walk {
    struct virtio_queue *queue;
    uint32_t elements;
    bool indirect;
    bool broken;  /* reported; elements no longer matter */
    bool stopped; /* the device has */
};

/* Reports a broken list that can be given back; under strict lint the device
 * stops. Always false. */
static bool fail(struct walk *walk, enum clause_id id, const char *summary,
                 const char *name, uint64_t value)
{
    struct virtio_queue *queue = walk->queue;

    walk->broken = true;
    if (ring_violation(queue, id, .verdict = VIRTIO_VERDICT_NEEDS_RESET,
                       .tolerant = VIRTIO_VERDICT_DROPPED, .summary = summary,
                       .values = {{"begins at", queue->chain.head},
                                  {"element", walk->elements},
                                  {name, value}})) {
        walk->stopped = true;
        virtio_device_needs_reset(queue->device);
    }
    return false;
}

/* The same of a list whose end cannot be found: the device always stops. */
static bool fail_endless(struct walk *walk, enum clause_id id,
                         const char *summary, uint16_t position, uint16_t flags)
{
    struct virtio_queue *queue = walk->queue;

    ring_violation(queue, id, .verdict = VIRTIO_VERDICT_NEEDS_RESET,
                   .summary = summary,
                   .values = {{"begins at", queue->chain.head},
                              {"at", position},
                              {"flags", flags},
                              {"QueueSize", queue->size}});
    walk->broken = true;
    walk->stopped = true;
    virtio_device_needs_reset(queue->device);
    return false;
}

/* `flags` have been read already. */
static struct descriptor descriptor_read(const uint8_t *at, uint16_t flags)
{
    return (struct descriptor){
        .address = guest_read64(at),
        .length = guest_read32(at + PACKED_LENGTH),
        .id = guest_read16(at + PACKED_ID),
        .flags = flags,
    };
}

static bool element_add(struct walk *walk, const struct descriptor *desc)
{
    struct virtio_chain *chain = &walk->queue->chain;
    bool write = (desc->flags & PACKED_F_WRITE) != 0;

    walk->elements++;
    if (!write && chain->writable != 0) {
        return fail(walk, CLAUSE_PACKED_DRV_010,
                    "readable after writable elements", "address",
                    desc->address);
    }
    if (desc->length == 0) {
        return true;
    }
    uint8_t *memory = env_guest_range(
        walk->queue->device, (gpa_t){desc->address}, desc->length, write);

    if (memory == NULL) {
        return fail(walk, CLAUSE_RESV_DRV_005, "an element is not in memory",
                    "address", desc->address);
    }
    chain->segments[chain->readable + chain->writable] =
        (struct virtio_segment){memory, desc->length};
    if (write) {
        chain->writable++;
        chain->writable_bytes += desc->length;
    } else {
        chain->readable++;
        chain->readable_bytes += desc->length;
    }
    return true;
}

/* The table is to hold whole descriptors, in memory, and as many as can be
 * served. NULL after a report. More than the queue has is what Linux makes. */
static const uint8_t *table_find(struct walk *walk,
                                 const struct descriptor *desc)
{
    struct virtio_queue *queue = walk->queue;
    uint32_t entries = desc->length / PACKED_DESC_SIZE;

    if (entries == 0 || desc->length % PACKED_DESC_SIZE != 0) {
        fail(walk, CLAUSE_LINTEL_PACKED_001,
             "the indirect table is no whole number of descriptors", "length",
             desc->length);
        return NULL;
    }
    const uint8_t *table = env_guest_range(
        queue->device, (gpa_t){desc->address}, desc->length, false);
    if (table == NULL) {
        fail(walk, CLAUSE_RESV_DRV_005, "the indirect table is not in memory",
             "address", desc->address);
        return NULL;
    }
    if (!ring_judge(queue, CLAUSE_PACKED_DRV_016, entries > queue->size)) {
        return table;
    }
    if (entries > VIRTIO_SEGMENTS) {
        fail(walk, CLAUSE_PACKED_DRV_016,
             "the list has more elements than can be served", "elements",
             entries);
        return NULL;
    }
    ring_violation(queue, CLAUSE_PACKED_DRV_016, .arguable = true,
                   .verdict = VIRTIO_VERDICT_TAKEN,
                   .summary = "the list has more elements than the queue",
                   .values = {{"begins at", queue->chain.head},
                              {"elements", entries},
                              {"QueueSize", queue->size}});
    return table;
}

/* 2.8.7: the list is in a table of its own, in order, and only WRITE means
 * anything there. WRITE of the descriptor that leads to it does not. */
static bool indirect_follow(struct walk *walk, const struct descriptor *desc)
{
    struct virtio_queue *queue = walk->queue;
    walk->indirect = true;
    if (!queue->indirect) {
        return fail(walk, CLAUSE_PACKED_DRV_014, "INDIRECT was not negotiated",
                    "flags", desc->flags);
    }
    if ((desc->flags & PACKED_F_NEXT) != 0 || walk->elements != 0) {
        return fail(walk, CLAUSE_PACKED_DRV_017,
                    "INDIRECT in a list linked by NEXT", "flags", desc->flags);
    }
    const uint8_t *table = table_find(walk, desc);

    if (table == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < desc->length / PACKED_DESC_SIZE; i++) {
        const uint8_t *at = table + (size_t)PACKED_DESC_SIZE * i;
        struct descriptor entry =
            descriptor_read(at, guest_read16(at + PACKED_FLAGS));

        if (ring_judge(queue, CLAUSE_PACKED_DRV_015,
                       (entry.flags & ~(unsigned)PACKED_F_WRITE) != 0)) {
            ring_violation(queue, CLAUSE_PACKED_DRV_015,
                           .verdict = VIRTIO_VERDICT_BITS_IGNORED,
                           .summary = "an entry of an indirect table has flags "
                                      "besides WRITE",
                           .values = {{"begins at", queue->chain.head},
                                      {"entry", i},
                                      {"flags", entry.flags}});
        }
        if (!element_add(walk, &entry)) {
            return false;
        }
    }
    return true;
}

/* A descriptor after the first: it had to be made available before that. */
static bool member_judge(struct walk *walk, uint16_t position, bool wrap,
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
                       .values = {{"begins at", queue->chain.head},
                                  {"at", position},
                                  {"flags", flags},
                                  {"wrap counter", wrap}});
    }
    return true;
}

/* Marks what every good list was judged by; the words are constants. */
static void chain_exercised(struct walk *walk)
{
    struct virtio_queue *queue = walk->queue;

    ring_mark_exercised(queue, CLAUSE_PACKED_DRV_009);
    ring_mark_exercised(queue, CLAUSE_PACKED_DRV_010);
    ring_mark_exercised(queue, CLAUSE_RESV_DRV_005);
    if (walk->indirect) {
        ring_mark_exercised(queue, CLAUSE_PACKED_DRV_014);
        ring_mark_exercised(queue, CLAUSE_PACKED_DRV_017);
        ring_mark_exercised(queue, CLAUSE_LINTEL_PACKED_001);
    }
}

static void chain_begin(struct virtio_queue *queue)
{
    queue->chain.head = queue->last_avail;
    queue->chain.slots = 1;
    queue->chain.readable = 0;
    queue->chain.writable = 0;
    queue->chain.readable_bytes = 0;
    queue->chain.writable_bytes = 0;
}

bool virtio_queue_packed_chain_walk(struct virtio_queue *queue, uint16_t flags)
{
    struct walk walk = {.queue = queue};
    uint16_t position = queue->last_avail;
    bool wrap = queue->avail_wrap;

    chain_begin(queue);
    for (;;) {
        const uint8_t *at = queue->desc + (size_t)PACKED_DESC_SIZE * position;
        struct descriptor desc = descriptor_read(at, flags);

        queue->chain.id = desc.id;
        if (queue->chain.slots == 1) {
            queue->taken[0] = desc.address;
            queue->taken[1] = desc.length | (uint64_t)desc.id << 32 |
                              (uint64_t)desc.flags << 48;
        }
        if (walk.broken) {
            /* only its end is looked for */
        } else if ((flags & PACKED_F_INDIRECT) != 0) {
            indirect_follow(&walk, &desc);
        } else {
            element_add(&walk, &desc);
        }
        if (walk.stopped || (flags & PACKED_F_NEXT) == 0) {
            break;
        }
        if (queue->chain.slots == queue->size) {
            return fail_endless(&walk, CLAUSE_PACKED_DRV_009,
                                "the list is longer than the queue", position,
                                flags);
        }
        queue->chain.slots++;
        packed_advance(&position, &wrap, queue->size, 1);
        flags = guest_acquire16(
            queue->desc + (size_t)PACKED_DESC_SIZE * position + PACKED_FLAGS);
        if (!member_judge(&walk, position, wrap, flags)) {
            return false;
        }
    }
    if (walk.broken) {
        return false;
    }
    chain_exercised(&walk);
    return true;
}
