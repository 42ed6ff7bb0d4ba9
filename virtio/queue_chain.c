/* Following a chain of descriptors, VIRTIO 1.4 sections 2.7.4 and 2.7.5, direct
 * and indirect. The guest may rewrite a descriptor while it is looked at: each
 * word is read once, then checked, then used, and the walk is bounded whatever
 * it reads. Called by queue_split.c. */
#include "virtio/queue_chain.h"

#include "virtio/guest.h"
#include "virtio/queue.h"
#include "virtio/shadow.h"
#include "virtio/violation.h"

enum {
    DESC_SIZE = 16,
    DESC_F_NEXT = 1,
    DESC_F_WRITE = 2,
    DESC_F_INDIRECT = 4,
    /* A chain too long to be served is followed so far, to tell a loop from
     * mere length. */
    WALK_LIMIT = 2 * VIRTIO_SEGMENTS,
    EXCESSIVE_ELEMENTS = 64,
    EXCESSIVE_BYTES = 16,
    ANYWHERE = 0xffff, /* next_desc after a chain that cannot be trusted */
};

struct descriptor {
    uint64_t address;
    uint32_t length;
    uint16_t flags;
    uint16_t next;
};

struct walk {
    struct virtio_queue *queue;
    const uint8_t *table;
    uint32_t entries;  /* of the table */
    uint32_t steps;    /* in this table */
    uint32_t elements; /* of the chain */
    bool indirect;     /* `table` is an indirect one */
    bool disordered;   /* not as IN_ORDER asks */
};

/* Reports a broken chain; under strict lint the device stops. Always false. */
static bool fail(struct walk *walk, enum clause_id id, const char *summary,
                 const char *name, uint64_t value)
{
    struct virtio_queue *queue = walk->queue;

    if (ring_violation(queue, id, .verdict = VIRTIO_VERDICT_NEEDS_RESET,
                       .tolerant = VIRTIO_VERDICT_DROPPED, .summary = summary,
                       .values = {{"head", queue->chain.head},
                                  {"element", walk->elements},
                                  {name, value}})) {
        virtio_device_needs_reset(queue->device);
    }
    return false;
}

static struct descriptor descriptor_read(const uint8_t *table, uint32_t index)
{
    const uint8_t *at = table + (size_t)DESC_SIZE * index;

    return (struct descriptor){
        .address = guest_read64(at),
        .length = guest_read32(at + 8),
        .flags = guest_read16(at + 12),
        .next = guest_read16(at + 14),
    };
}

/* 2.7.5.3: the chain goes on in a table of its own. WRITE is ignored here. */
static bool indirect_enter(struct walk *walk, const struct descriptor *desc)
{
    struct virtio_queue *queue = walk->queue;

    if (walk->indirect) {
        return fail(walk, CLAUSE_SPLIT_DRV_010,
                    "INDIRECT inside an indirect table", "flags", desc->flags);
    }
    if (!queue->indirect) {
        return fail(walk, CLAUSE_SPLIT_DRV_009, "INDIRECT was not negotiated",
                    "flags", desc->flags);
    }
    if ((desc->flags & DESC_F_NEXT) != 0) {
        return fail(walk, CLAUSE_SPLIT_DRV_012, "INDIRECT together with NEXT",
                    "flags", desc->flags);
    }
    if (desc->length == 0 || desc->length % DESC_SIZE != 0) {
        return fail(walk, CLAUSE_SPLIT_TXT_005,
                    "the indirect table is no whole number of descriptors",
                    "length", desc->length);
    }
    walk->table = env_guest_range(queue->device, (gpa_t){desc->address},
                                  desc->length, false);
    if (walk->table == NULL) {
        return fail(walk, CLAUSE_RESV_DRV_005,
                    "the indirect table is not in memory", "address",
                    desc->address);
    }
    walk->entries = desc->length / DESC_SIZE;
    queue->chain.slots = (uint16_t)walk->steps;
    walk->steps = 0;
    walk->indirect = true;
    virtio_shadow_table(queue, walk->table, walk->entries);
    return true;
}

static bool element_add(struct walk *walk, const struct descriptor *desc)
{
    struct virtio_chain *chain = &walk->queue->chain;
    bool write = (desc->flags & DESC_F_WRITE) != 0;

    walk->elements++;
    if (!write && chain->writable != 0) {
        return fail(walk, CLAUSE_SPLIT_DRV_004,
                    "readable after writable elements", "address",
                    desc->address);
    }
    uint64_t *bytes = write ? &chain->writable_bytes : &chain->readable_bytes;

    *bytes += desc->length;
    if (chain->readable_bytes + chain->writable_bytes > UINT64_C(1) << 32) {
        return fail(walk, CLAUSE_SPLIT_DRV_006, "the chain is too long",
                    "bytes", chain->readable_bytes + chain->writable_bytes);
    }
    if (desc->length == 0 || walk->elements > VIRTIO_SEGMENTS) {
        return true;
    }
    if (desc->address + desc->length - 1 < desc->address) {
        return fail(walk, CLAUSE_SPLIT_TXT_010,
                    "an element runs past the last address", "address",
                    desc->address);
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
    } else {
        chain->readable++;
    }
    return true;
}

/* 2.7.4.2: how many are too many is not said; this many, of a few bytes each,
 * cost a device more than the data. */
static void count_judge(struct walk *walk)
{
    const struct virtio_chain *chain = &walk->queue->chain;
    uint64_t bytes = chain->readable_bytes + chain->writable_bytes;

    if (ring_judge(walk->queue, CLAUSE_SPLIT_DRV_005,
                   walk->elements > EXCESSIVE_ELEMENTS &&
                       bytes < EXCESSIVE_BYTES * walk->elements)) {
        ring_violation(walk->queue, CLAUSE_SPLIT_DRV_005, .arguable = true,
                       .verdict = VIRTIO_VERDICT_TAKEN,
                       .summary = "many elements of a few bytes each",
                       .values = {{"head", chain->head},
                                  {"elements", walk->elements},
                                  {"bytes", bytes}});
    }
}

/* 2.7.5.3.1: more elements than the queue has. Linux makes such chains when
 * indirect, so what can be served is. */
static bool length_judge(struct walk *walk)
{
    if (!ring_judge(walk->queue, CLAUSE_SPLIT_DRV_011,
                    walk->elements > walk->queue->size)) {
        count_judge(walk);
        return true;
    }
    if (walk->elements > VIRTIO_SEGMENTS) {
        return fail(walk, CLAUSE_SPLIT_DRV_011,
                    "the chain has more elements than can be served",
                    "QueueSize", walk->queue->size);
    }
    ring_violation(walk->queue, CLAUSE_SPLIT_DRV_011, .arguable = true,
                   .verdict = VIRTIO_VERDICT_TAKEN,
                   .summary = "the chain has more elements than the queue",
                   .values = {{"head", walk->queue->chain.head},
                              {"elements", walk->elements},
                              {"QueueSize", walk->queue->size}});
    return true;
}

/* Marks what every good chain was judged by; the words are constants. */
static void chain_exercised(struct walk *walk)
{
    struct virtio_queue *queue = walk->queue;

    ring_mark_exercised(queue, CLAUSE_SPLIT_DRV_004);
    ring_mark_exercised(queue, CLAUSE_SPLIT_DRV_006);
    ring_mark_exercised(queue, CLAUSE_SPLIT_DRV_007);
    ring_mark_exercised(queue, CLAUSE_SPLIT_TXT_003);
    ring_mark_exercised(queue, CLAUSE_SPLIT_TXT_010);
    ring_mark_exercised(queue, CLAUSE_RESV_DRV_005);
    if (walk->indirect) {
        ring_mark_exercised(queue, CLAUSE_SPLIT_DRV_009);
        ring_mark_exercised(queue, CLAUSE_SPLIT_DRV_010);
        ring_mark_exercised(queue, CLAUSE_SPLIT_DRV_012);
        ring_mark_exercised(queue, CLAUSE_SPLIT_TXT_005);
    }
}

/* 2.7.5.2, 2.7.5.3.1: with IN_ORDER, next is the next one in the table. */
static void next_judge(struct walk *walk, uint32_t index, uint16_t next)
{
    struct virtio_queue *queue = walk->queue;
    enum clause_id id =
        walk->indirect ? CLAUSE_SPLIT_DRV_013 : CLAUSE_SPLIT_DRV_008;
    uint32_t expected =
        !walk->indirect && index + 1 == queue->size ? 0 : index + 1;

    if (ring_judge(queue, id, next != expected)) {
        walk->disordered = true;
        ring_violation(queue, id, .verdict = VIRTIO_VERDICT_TAKEN,
                       .summary = walk->indirect
                                      ? "an indirect table is out of order"
                                      : "a chain is out of order",
                       .values = {{"head", queue->chain.head},
                                  {"descriptor", index},
                                  {"next", next},
                                  {"QueueSize", queue->size}});
    }
}

/* 2.7.5: with IN_ORDER, each chain begins where the last one ended. */
static void head_judge(struct walk *walk, uint16_t expected)
{
    struct virtio_queue *queue = walk->queue;
    const struct virtio_chain *chain = &queue->chain;

    if (ring_judge(queue, CLAUSE_SPLIT_TXT_004,
                   expected != ANYWHERE && chain->head != expected)) {
        ring_violation(queue, CLAUSE_SPLIT_TXT_004,
                       .verdict = VIRTIO_VERDICT_TAKEN,
                       .summary = "a chain does not follow the one before",
                       .values = {{"head", chain->head},
                                  {"expected", expected},
                                  {"QueueSize", queue->size}});
    }
    if (!walk->disordered) {
        queue->next_desc =
            (uint16_t)((chain->head + chain->slots) & (queue->size - 1u));
    }
}

/* One descriptor; *index becomes the next one's, *more whether there is one. */
static bool descriptor_follow(struct walk *walk, uint32_t *index, bool *more)
{
    if (*index >= walk->entries) {
        return fail(
            walk, walk->indirect ? CLAUSE_SPLIT_TXT_005 : CLAUSE_SPLIT_TXT_003,
            "next leads out of the table", "next", *index);
    }
    if (++walk->steps > walk->entries) {
        return fail(walk, CLAUSE_SPLIT_DRV_007, "the chain loops", "entries",
                    walk->entries);
    }
    struct descriptor desc = descriptor_read(walk->table, *index);

    virtio_shadow_descriptor(walk->queue, desc.address,
                             (uint64_t)desc.next << 48 |
                                 (uint64_t)desc.flags << 32 | desc.length);
    if (!walk->indirect && *index != walk->queue->chain.head) {
        virtio_shadow_element(walk->queue, *index);
    }
    if ((desc.flags & DESC_F_INDIRECT) != 0) {
        *index = 0;
        *more = true;
        return indirect_enter(walk, &desc);
    }
    *more = (desc.flags & DESC_F_NEXT) != 0;
    if (*more && walk->queue->in_order) {
        next_judge(walk, *index, desc.next);
    }
    *index = desc.next;
    return element_add(walk, &desc);
}

bool virtio_queue_chain_walk(struct virtio_queue *queue, uint16_t head)
{
    struct walk walk = {
        .queue = queue,
        .table = queue->desc,
        .entries = queue->size,
    };
    uint16_t expected = queue->next_desc;
    uint32_t index = head;
    bool more = true;

    virtio_shadow_walk(queue);
    queue->chain.head = head;
    queue->chain.slots = 0;
    queue->next_desc = ANYWHERE;
    queue->chain.readable = 0;
    queue->chain.writable = 0;
    queue->chain.readable_bytes = 0;
    queue->chain.writable_bytes = 0;
    /* The walk ends for certain: `steps` is bounded in each of at most two
     * tables, `elements` in all. */
    while (more && walk.elements <= WALK_LIMIT) {
        if (!descriptor_follow(&walk, &index, &more)) {
            return false;
        }
    }
    if (!length_judge(&walk)) {
        return false;
    }
    queue->shadow.walked = true;
    if (!walk.indirect) {
        queue->chain.slots = (uint16_t)walk.steps;
    }
    if (queue->in_order) {
        head_judge(&walk, expected);
    }
    chain_exercised(&walk);
    return true;
}
