/* Follows a chain of descriptors of a split queue (VIRTIO 1.4 sections 2.7.4
 * and 2.7.5), direct and indirect. The guest may rewrite a descriptor at any
 * time: each word is read once, then checked, then used, and the walk is
 * bounded whatever it reads. queue_split.c calls it. */
#include "virtio/queue_chain.h"

#include "virtio/chain.h"
#include "virtio/guest.h"
#include "virtio/queue.h"
#include "virtio/shadow.h"
#include "virtio/split.h"
#include "virtio/violation.h"

enum {
    /* A chain that is too long to be served is followed up to here, so that
     * a loop can be told from a long chain. */
    WALK_LIMIT = 2 * VIRTIO_SEGMENTS,
    EXCESSIVE_ELEMENTS = 64,
    EXCESSIVE_BYTES = 16,
    ANYWHERE = 0xffff, /* next_desc after a chain that cannot be trusted: no
                          place is expected */
};

struct descriptor {
    uint64_t address;
    uint32_t length;
    uint16_t flags;
    uint16_t next;
};

static const struct chain_clauses clauses = {
    .order = CLAUSE_SPLIT_DRV_004,
    .length = CLAUSE_SPLIT_DRV_011,
    .negotiated = CLAUSE_SPLIT_DRV_009,
    .linked = CLAUSE_SPLIT_DRV_012,
    .table = CLAUSE_SPLIT_TXT_005,
};

struct walk {
    struct chain_walk
        common; /* `table` is an indirect table if common.indirect is set */
    const uint8_t *table;
    uint32_t entries; /* of `table` */
    uint32_t steps;   /* taken in this table */
    bool disordered;  /* the chain is not in the order that IN_ORDER asks for */
};

static bool fail(struct walk *walk, enum clause_id id, const char *summary,
                 const char *name, uint64_t value)
{
    return chain_fail(&walk->common, id, summary, name, value);
}

static struct descriptor descriptor_read(const uint8_t *table, uint32_t index)
{
    const uint8_t *at = table + (size_t)DESC_SIZE * index;

    return (struct descriptor){
        .address = guest_read64(at),
        .length = guest_read32(at + DESC_LENGTH),
        .flags = guest_read16(at + SPLIT_FLAGS),
        .next = guest_read16(at + SPLIT_NEXT),
    };
}

/* The chain goes on in an indirect table (2.7.5.3). WRITE has no meaning in
 * the descriptor that leads there. */
static bool indirect_enter(struct walk *walk, const struct descriptor *desc)
{
    struct virtio_queue *queue = walk->common.queue;

    if (walk->common.indirect) {
        return fail(walk, CLAUSE_SPLIT_DRV_010,
                    "INDIRECT inside an indirect table", "flags", desc->flags);
    }
    if (!chain_indirect_judge(&walk->common, desc->flags, true)) {
        return false;
    }
    walk->table = chain_table_find(&walk->common, desc->address, desc->length);
    if (walk->table == NULL) {
        return false;
    }
    walk->entries = desc->length / DESC_SIZE;
    queue->chain.slots = (uint16_t)walk->steps;
    walk->steps = 0;
    walk->common.indirect = true;
    virtio_shadow_table(queue, walk->table, walk->entries);
    return true;
}

static bool element_add(struct walk *walk, const struct descriptor *desc)
{
    struct virtio_chain *chain = &walk->common.queue->chain;
    bool write = (desc->flags & DESC_F_WRITE) != 0;

    walk->common.elements++;
    if (!chain_order_judge(&walk->common, desc->address, write)) {
        return false;
    }
    *(write ? &chain->writable_bytes : &chain->readable_bytes) += desc->length;
    if (chain->readable_bytes + chain->writable_bytes > UINT64_C(1) << 32) {
        return fail(walk, CLAUSE_SPLIT_DRV_006, "the chain is too long",
                    "bytes", chain->readable_bytes + chain->writable_bytes);
    }
    if (desc->length == 0 || walk->common.elements > VIRTIO_SEGMENTS) {
        return true;
    }
    if (desc->address + desc->length - 1 < desc->address) {
        return fail(walk, CLAUSE_SPLIT_TXT_010,
                    "an element runs past the last address", "address",
                    desc->address);
    }
    return chain_segment_add(&walk->common, desc->address, desc->length, write);
}

/* 2.7.4.2 does not say how many descriptors are too many. Here they are too
 * many if they cost a device more than their few bytes of data do. */
static void count_judge(struct walk *walk)
{
    const struct virtio_chain *chain = &walk->common.queue->chain;
    uint64_t bytes = chain->readable_bytes + chain->writable_bytes;

    if (ring_judge(walk->common.queue, CLAUSE_SPLIT_DRV_005,
                   walk->common.elements > EXCESSIVE_ELEMENTS &&
                       bytes < EXCESSIVE_BYTES * walk->common.elements)) {
        ring_violation(walk->common.queue, CLAUSE_SPLIT_DRV_005,
                       .arguable = true, .verdict = VIRTIO_VERDICT_TAKEN,
                       .summary = "many elements of a few bytes each",
                       .values = {{"head", chain->head},
                                  {"elements", walk->common.elements},
                                  {"bytes", bytes}});
    }
}

/* Marks the clauses that every good chain has come under. */
static void mark_good(struct walk *walk)
{
    struct virtio_queue *queue = walk->common.queue;

    chain_mark_exercised(&walk->common);
    ring_mark_exercised(queue, CLAUSE_SPLIT_DRV_006);
    ring_mark_exercised(queue, CLAUSE_SPLIT_DRV_007);
    ring_mark_exercised(queue, CLAUSE_SPLIT_TXT_003);
    ring_mark_exercised(queue, CLAUSE_SPLIT_TXT_010);
    if (walk->common.indirect) {
        ring_mark_exercised(queue, CLAUSE_SPLIT_DRV_010);
    }
}

/* With IN_ORDER, `next` is the next descriptor of the table (2.7.5.2,
 * 2.7.5.3.1). */
static void next_judge(struct walk *walk, uint32_t index, uint16_t next)
{
    struct virtio_queue *queue = walk->common.queue;
    enum clause_id id =
        walk->common.indirect ? CLAUSE_SPLIT_DRV_013 : CLAUSE_SPLIT_DRV_008;
    uint32_t expected =
        !walk->common.indirect && index + 1 == queue->size ? 0 : index + 1;

    if (ring_judge(queue, id, next != expected)) {
        walk->disordered = true;
        ring_violation(queue, id, .verdict = VIRTIO_VERDICT_TAKEN,
                       .summary = walk->common.indirect
                                      ? "an indirect table is out of order"
                                      : "a chain is out of order",
                       .values = {{"head", queue->chain.head},
                                  {"descriptor", index},
                                  {"next", next},
                                  {"QueueSize", queue->size}});
    }
}

/* With IN_ORDER, each chain begins where the last one ended (2.7.5). */
static void head_judge(struct walk *walk, uint16_t expected)
{
    struct virtio_queue *queue = walk->common.queue;
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

/* Takes one descriptor. Sets *more to whether the chain goes on, and *index
 * to the next descriptor. */
static bool descriptor_follow(struct walk *walk, uint32_t *index, bool *more)
{
    if (*index >= walk->entries) {
        return fail(walk,
                    walk->common.indirect ? CLAUSE_SPLIT_TXT_005
                                          : CLAUSE_SPLIT_TXT_003,
                    "next leads out of the table", "next", *index);
    }
    if (++walk->steps > walk->entries) {
        return fail(walk, CLAUSE_SPLIT_DRV_007, "the chain loops", "entries",
                    walk->entries);
    }
    struct descriptor desc = descriptor_read(walk->table, *index);

    virtio_shadow_descriptor(walk->common.queue, desc.address,
                             (uint64_t)desc.next << 48 |
                                 (uint64_t)desc.flags << 32 | desc.length);
    if (!walk->common.indirect && *index != walk->common.queue->chain.head) {
        virtio_shadow_element(walk->common.queue, *index);
    }
    if ((desc.flags & DESC_F_INDIRECT) != 0) {
        *index = 0;
        *more = true;
        return indirect_enter(walk, &desc);
    }
    *more = (desc.flags & DESC_F_NEXT) != 0;
    if (*more && walk->common.queue->in_order) {
        next_judge(walk, *index, desc.next);
    }
    *index = desc.next;
    return element_add(walk, &desc);
}

bool virtio_queue_chain_walk(struct virtio_queue *queue, uint16_t head)
{
    struct walk walk = {
        .common = {.queue = queue, .clauses = &clauses},
        .table = queue->desc,
        .entries = queue->size,
    };
    uint16_t expected = queue->next_desc;
    uint32_t index = head;
    bool more = true;

    virtio_shadow_walk(queue);
    chain_begin(queue, head, 0);
    queue->next_desc = ANYWHERE;
    /* The walk ends whatever the guest writes: `steps` is bounded in each of
     * at most two tables, `elements` in all. */
    while (more && walk.common.elements <= WALK_LIMIT) {
        if (!descriptor_follow(&walk, &index, &more)) {
            return false;
        }
    }
    if (!chain_length_judge(&walk.common, walk.common.elements)) {
        return false;
    }
    if (walk.common.elements <= queue->size) {
        count_judge(&walk);
    }
    queue->shadow.walked = true;
    if (!walk.common.indirect) {
        queue->chain.slots = (uint16_t)walk.steps;
    }
    if (queue->in_order) {
        head_judge(&walk, expected);
    }
    mark_good(&walk);
    return true;
}
