/* Breaches in a ring's memory and in chains of descriptors. */
#include "test/unit/virtio/virtio_breaches.h"

#include <string.h>

/* Offers descriptor 0 as it stands, and has the device look. */
static void go(void)
{
    driver_offer(queue(), 0);
    kick();
}

static void idx_back(void)
{
    queue()->avail_idx = (uint16_t)-1;
    driver_put16(queue()->avail + 2, queue()->avail_idx);
    kick();
}

static void idx_ahead(void)
{
    driver_put16(queue()->avail + 2, (uint16_t)(queue()->size + 1));
    kick();
}

static void head_too_large(void)
{
    driver_offer(queue(), queue()->size);
    kick();
}

static void next_too_large(void)
{
    driver_desc(queue()->desc, 0, page(), 16, DESC_NEXT, queue()->size);
    go();
}

static void loop_of_one(void)
{
    driver_desc(queue()->desc, 0, page(), 16, DESC_NEXT, 0);
    go();
}

static void loop_of_three(void)
{
    driver_desc(queue()->desc, 0, page(), 16, DESC_NEXT, 1);
    driver_desc(queue()->desc, 1, page(), 16, DESC_NEXT, 2);
    driver_desc(queue()->desc, 2, page(), 16, DESC_NEXT, 0);
    go();
}

static uint64_t table(uint32_t entries)
{
    uint64_t at = driver_alloc(16u * entries, 16);

    driver_desc(queue()->desc, 0, at, 16 * entries, DESC_INDIRECT, 0);
    return at;
}

static void loop_in_table(void)
{
    uint64_t at = table(600);

    driver_desc(at, 0, page(), 16, DESC_NEXT, 1);
    driver_desc(at, 1, page(), 16, DESC_NEXT, 0);
    go();
}

static void readable_after_writable(void)
{
    driver_desc(queue()->desc, 0, page(), 16, DESC_NEXT | DESC_WRITE, 1);
    driver_desc(queue()->desc, 1, page(), 16, 0, 0);
    go();
}

static void too_many_bytes(void)
{
    for (unsigned i = 0; i < 256; i++) {
        driver_desc(queue()->desc, i, 0, RIG_RAM, i < 255 ? DESC_NEXT : 0,
                    (uint16_t)(i + 1));
    }
    go();
}

static void indirect_not_negotiated(void)
{
    driver_desc(table(2), 0, page(), 16, 0, 0);
    go();
}

static void indirect_twice(void)
{
    driver_desc(table(2), 0, page(), 32, DESC_INDIRECT, 0);
    go();
}

static void indirect_and_next(void)
{
    table(2);
    driver_desc(queue()->desc, 0, page(), 32, DESC_INDIRECT | DESC_NEXT, 1);
    go();
}

static void table_empty(void)
{
    driver_desc(queue()->desc, 0, page(), 0, DESC_INDIRECT, 0);
    go();
}

static void table_partial(void)
{
    driver_desc(queue()->desc, 0, page(), 40, DESC_INDIRECT, 0);
    go();
}

static void table_next_outside(void)
{
    driver_desc(table(2), 0, page(), 16, DESC_NEXT, 2);
    go();
}

static void table_outside(void)
{
    driver_desc(queue()->desc, 0, RIG_RAM - 16, 32, DESC_INDIRECT, 0);
    go();
}

static void element_outside(void)
{
    driver_desc(queue()->desc, 0, RIG_RAM - 8, 16, 0, 0);
    go();
}

static void element_in_rom(void)
{
    driver_desc(queue()->desc, 0, RIG_ROM_BASE, 16, DESC_WRITE, 0);
    go();
}

static void element_wraps(void)
{
    driver_desc(queue()->desc, 0, UINT64_MAX - 7, 16, 0, 0);
    go();
}

static uint64_t text_only(unsigned entries)
{
    uint64_t at = table(entries);
    uint64_t text = page();

    for (unsigned i = 0; i < entries; i++) {
        driver_desc(at, i, text, 1, i + 1 < entries ? DESC_NEXT : 0,
                    (uint16_t)(i + 1));
    }
    return at;
}

/* Console, 64 entries: Linux does that. */
static void chain_longer_than_queue(void)
{
    struct driver_queue *transmit = &driver_queues[1];
    uint64_t at = text_only(65);

    driver_desc(transmit->desc, 0, at, 16 * 65, DESC_INDIRECT, 0);
    driver_offer(transmit, 0);
    driver_kick(transmit);
    rig_run();
}

static void chain_too_long(void)
{
    text_only(VIRTIO_SEGMENTS + 1);
    go();
}

static void chain_much_too_long(void)
{
    text_only(4 * VIRTIO_SEGMENTS);
    go();
}

/* One byte of entropy, so that something is used. */
static void entropy_once(void)
{
    driver_desc(queue()->desc, 0, page(), 1, DESC_WRITE, 0);
    go();
}

static void flags_without_event_idx(void)
{
    driver_put16(queue()->avail, 2);
    entropy_once();
}

static void flags_with_event_idx(void)
{
    driver_put16(queue()->avail, 1);
    entropy_once();
}

static void used_ring_written(void)
{
    entropy_once();
    driver_put16(queue()->used + 2, 9);
    entropy_once();
    driver_put16(queue()->used + 2, 2);
}

/* A chain that cannot be served. */
#define BROKEN(name_, clause_, kind_, ...)                                     \
    BREACH(name_, clause_, kind_, LIVE, NEEDS_RESET,                           \
           .tolerant = VIRTIO_VERDICT_DROPPED, __VA_ARGS__)

const struct breach breaches_ring[] = {
    BREACH(idx_back, SPLIT_DRV_014, BLOCK, LIVE, NEEDS_RESET),
    BREACH(idx_ahead, SPLIT_DRV_014, BLOCK, LIVE, NEEDS_RESET),
    BREACH(head_too_large, SPLIT_TXT_006, BLOCK, LIVE, NEEDS_RESET,
           .tolerant = VIRTIO_VERDICT_IGNORED),
    BROKEN(next_too_large, SPLIT_TXT_003, BLOCK, .refuse = 0),
    BROKEN(loop_of_one, SPLIT_DRV_007, BLOCK, .refuse = 0),
    BROKEN(loop_of_three, SPLIT_DRV_007, BLOCK, .refuse = 0),
    BROKEN(loop_in_table, SPLIT_DRV_007, BLOCK, .refuse = 0),
    BROKEN(readable_after_writable, SPLIT_DRV_004, BLOCK, .refuse = 0),
    BROKEN(too_many_bytes, SPLIT_DRV_006, BLOCK, .refuse = 0),
    BROKEN(indirect_not_negotiated, SPLIT_DRV_009, BLOCK,
           .refuse = WITH(INDIRECT_DESC)),
    BROKEN(indirect_twice, SPLIT_DRV_010, BLOCK, .refuse = 0),
    BROKEN(indirect_and_next, SPLIT_DRV_012, BLOCK, .refuse = 0),
    BROKEN(table_empty, SPLIT_TXT_005, BLOCK, .refuse = 0),
    BROKEN(table_partial, SPLIT_TXT_005, BLOCK, .refuse = 0),
    BROKEN(table_next_outside, SPLIT_TXT_005, BLOCK, .refuse = 0),
    BROKEN(table_outside, RESV_DRV_005, BLOCK, .refuse = 0),
    BROKEN(element_outside, RESV_DRV_005, BLOCK, .refuse = 0),
    BROKEN(element_in_rom, RESV_DRV_005, BLOCK, .refuse = 0),
    BROKEN(element_wraps, SPLIT_TXT_010, BLOCK, .refuse = 0),
    BREACH(chain_longer_than_queue, SPLIT_DRV_011, CONSOLE, LIVE, TAKEN,
           .arguable = true),
    BROKEN(chain_too_long, SPLIT_DRV_011, BLOCK, .refuse = 0),
    BROKEN(chain_much_too_long, SPLIT_DRV_011, BLOCK, .refuse = 0),
    BREACH(flags_without_event_idx, SPLIT_DRV_015, ENTROPY, LIVE, TAKEN,
           .refuse = WITH(EVENT_IDX)),
    BREACH(flags_with_event_idx, SPLIT_DRV_017, ENTROPY, LIVE, TAKEN),
    BREACH(used_ring_written, SPLIT_TXT_008, ENTROPY, LIVE, TAKEN),
};
const size_t breaches_ring_count =
    sizeof breaches_ring / sizeof breaches_ring[0];
