/* The shadow of a split ring; see the header. */
#include "virtio/shadow.h"

#include "virtio/guest.h"
#include "virtio/packed.h"
#include "virtio/split.h"
#include "virtio/violation.h"

enum {
    SLOTS_A_WORD = 64
};

static bool exposed_test(const struct virtio_shadow *shadow, uint32_t head)
{
    return (shadow->exposed[head / SLOTS_A_WORD] >> head % SLOTS_A_WORD & 1) !=
           0;
}

static void exposed_set(struct virtio_shadow *shadow, uint32_t head, bool set)
{
    uint64_t bit = UINT64_C(1) << head % SLOTS_A_WORD;

    if (set) {
        shadow->exposed[head / SLOTS_A_WORD] |= bit;
    } else {
        shadow->exposed[head / SLOTS_A_WORD] &= ~bit;
    }
}

static uint64_t descriptor_sum(const uint8_t *table, uint32_t index,
                               uint64_t sum, uint64_t *high)
{
    const uint8_t *at = table + (size_t)DESC_SIZE * index;

    *high = guest_read64(at + 8);
    return virtio_shadow_mix(sum, guest_read64(at), *high);
}

void virtio_shadow_start(struct virtio_queue *queue)
{
    struct virtio_shadow *shadow = &queue->shadow;

    shadow->on = queue->device->lint != VIRTIO_LINT_OFF;
    shadow->walked = false;
    for (unsigned i = 0; i < VIRTIO_QUEUE_SIZE_MAX / SLOTS_A_WORD; i++) {
        shadow->exposed[i] = 0;
    }
    shadow->used_word = guest_read16(queue->used);
}

void virtio_shadow_expose(struct virtio_queue *queue, uint16_t idx)
{
    struct virtio_shadow *shadow = &queue->shadow;

    if (!shadow->on) {
        return;
    }
    for (uint16_t at = queue->avail_shadow; at != idx; at++) {
        unsigned slot = at & (queue->size - 1u);
        uint16_t head = guest_read16(split_avail_entry(queue, at));
        uint64_t high;

        shadow->heads[slot] = head;
        if (head >= queue->size) {
            continue; /* reported when the entry is taken */
        }
        shadow->sums[slot] = descriptor_sum(queue->desc, head, 0, &high);
        if (ring_judge(queue, CLAUSE_SPLIT_TXT_009,
                       exposed_test(shadow, head))) {
            ring_violation(queue, CLAUSE_SPLIT_TXT_009,
                           .verdict = VIRTIO_VERDICT_TAKEN,
                           .summary = "a chain was made available again "
                                      "before it was used",
                           .values = {{"head", head}, {"at", slot}});
        }
        exposed_set(shadow, head, true);
    }
}

/* Reports that something was altered. The breach is arguable: the device knows
 * of it by a copy alone, and not only the driver may write the memory. */
static void altered(struct virtio_queue *queue, const char *summary,
                    const char *name, uint64_t was, uint64_t is)
{
    ring_violation(queue, CLAUSE_CLEANUP_DRV_001, .arguable = true,
                   .verdict = VIRTIO_VERDICT_TAKEN, .summary = summary,
                   .values = {{name, was}, {"now", is}});
}

uint16_t virtio_shadow_head(struct virtio_queue *queue, unsigned slot,
                            uint16_t entry)
{
    struct virtio_shadow *shadow = &queue->shadow;
    uint64_t high;

    if (!shadow->on) {
        return entry;
    }
    uint16_t head = shadow->heads[slot];

    if (ring_judge(queue, CLAUSE_CLEANUP_DRV_001, entry != head)) {
        altered(queue, "an available entry was altered", "entry", head, entry);
    } else if (head < queue->size &&
               descriptor_sum(queue->desc, head, 0, &high) !=
                   shadow->sums[slot]) {
        altered(queue,
                "the first descriptor of a buffer was altered before "
                "the device used it",
                "head", head, head);
    }
    return head;
}

void virtio_shadow_element(struct virtio_queue *queue, uint32_t index)
{
    if (queue->shadow.on && ring_judge(queue, CLAUSE_SPLIT_TXT_009,
                                       exposed_test(&queue->shadow, index))) {
        ring_violation(
            queue, CLAUSE_SPLIT_TXT_009, .verdict = VIRTIO_VERDICT_TAKEN,
            .summary = "a descriptor is in two chains that the "
                       "device has",
            .values = {{"head", queue->chain.head}, {"descriptor", index}});
    }
}

/* Reads the chain once more, no further than the first time. Returns its
 * sum. */
static uint64_t chain_sum(const struct virtio_queue *queue, uint16_t head)
{
    const struct virtio_shadow *shadow = &queue->shadow;
    const uint8_t *table = queue->desc;
    uint32_t entries = queue->size;
    uint32_t index = head;
    uint64_t sum = 0;

    for (unsigned i = 0; i < shadow->descriptors && index < entries; i++) {
        uint64_t high;

        sum = descriptor_sum(table, index, sum, &high);
        index = (uint32_t)(high >> 48);
        if ((high >> 32 & DESC_F_INDIRECT) != 0 && shadow->table != NULL) {
            table = shadow->table;
            entries = shadow->entries;
            index = 0;
        }
    }
    return sum;
}

/* Only the device writes the used ring (2.7.8). */
static void used_ring_judge(struct virtio_queue *queue)
{
    const struct virtio_shadow *shadow = &queue->shadow;
    uint32_t word = guest_read32(queue->used);
    uint64_t last =
        guest_read64(split_used_entry(queue, (uint16_t)(queue->used_idx - 1)));
    bool wrong = word != shadow->used_word;

    if (ring_judge(queue, CLAUSE_SPLIT_TXT_008,
                   queue->pushed && (wrong || last != shadow->used_last))) {
        ring_violation(queue, CLAUSE_SPLIT_TXT_008,
                       .verdict = VIRTIO_VERDICT_TAKEN,
                       .summary = wrong ? "idx or flags of the used ring were "
                                          "changed"
                                        : "an entry of the used ring was "
                                          "changed",
                       .values = {{"used.idx", word >> 16},
                                  {"used.flags", word & 0xffff},
                                  {"the device wrote idx", queue->used_idx},
                                  {"last entry", last},
                                  {"the device wrote", shadow->used_last}});
    }
}

void virtio_shadow_give_back(struct virtio_queue *queue, uint16_t head)
{
    struct virtio_shadow *shadow = &queue->shadow;

    if (!shadow->on) {
        return;
    }
    if (shadow->walked && chain_sum(queue, head) != shadow->sum) {
        altered(queue,
                "a buffer's descriptors were altered while the device "
                "used it",
                "head", head, head);
    }
    shadow->walked = false;
    exposed_set(shadow, head, false);
    used_ring_judge(queue);
}

bool virtio_shadow_packed_waiting(const struct virtio_queue *queue)
{
    const uint8_t *at = queue->desc + (size_t)DESC_SIZE * queue->last_avail;

    return packed_available(guest_read16(at + PACKED_FLAGS), queue->avail_wrap);
}

uint16_t virtio_shadow_outstanding(const struct virtio_queue *queue)
{
    if (queue->packed) {
        return virtio_shadow_packed_waiting(queue) ? 1 : 0;
    }
    return (uint16_t)(guest_read16(queue->avail + AVAIL_IDX) - queue->used_idx);
}
