/* What a device is held to, and that a correct driver - Linux' order of
 * accesses above all - is never reported: framing, notifications both ways,
 * indices that wrap, every subset of features, requests of each device. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/support/virtio_driver.h"
#include "test/unit/virtio/virtio_groups.h"

#define EVENT_IDX     (UINT64_C(1) << VIRTIO_F_EVENT_IDX)
#define INDIRECT_DESC (UINT64_C(1) << VIRTIO_F_INDIRECT_DESC)

static void live(enum rig_kind kind, uint64_t refuse)
{
    rig_start(kind, VIRTIO_LINT_STRICT, 0);
    driver_alloc_reset();
    driver_begin(STAGE_LIVE, ~refuse);
    /* Services look once at DRIVER_OK. */
    assert_true(rig_run());
}

/* One request to copy `length` bytes; used length as it should be. */
static void copy(struct driver_queue *queue, uint16_t head, bool kick)
{
    struct driver_piece pieces[2] = {
        {driver_alloc(4, 4), 4, false},
        {driver_alloc(4, 4), 4, true},
    };

    memcpy(rig_at(pieces[0].gpa, 4), "abcd", 4);
    driver_chain(queue, head, pieces, 2);
    if (kick) {
        driver_kick_if_wanted(queue);
        assert_true(rig_run());
    }
}

/* 3.1.1 and drivers/virtio of Linux 6.1, power-on to use to unbind, bind, and
 * a kernel started by kexec over a device in use. */
static void linux_life(enum rig_kind kind, uint64_t refuse)
{
    rig_start(kind, VIRTIO_LINT_STRICT, 0);
    driver_alloc_reset();
    driver_identify();
    for (unsigned round = 0; round < 3; round++) {
        /* register_virtio_device() */
        driver_write(VIRTIO_REG_STATUS, 0);
        driver_add_status(VIRTIO_STATUS_ACKNOWLEDGE);
        /* virtio_dev_probe() */
        driver_add_status(VIRTIO_STATUS_DRIVER);
        uint64_t features = driver_offered() & ~refuse;

        driver_accept(features);
        driver_accept(features);
        driver_add_status(VIRTIO_STATUS_FEATURES_OK);
        assert_true((driver_read(VIRTIO_REG_STATUS) & 8) != 0);
        for (uint16_t i = 0; i < rig.device->queue_count; i++) {
            driver_queue_setup(i, 0, true);
        }
        /* vm_setup_vq() of a queue that is not there. */
        driver_write(VIRTIO_REG_QUEUE_SEL, 7);
        driver_read(VIRTIO_REG_QUEUE_READY);
        driver_read(VIRTIO_REG_QUEUE_SIZE_MAX);
        driver_queue_delete(7);
        driver_add_status(VIRTIO_STATUS_DRIVER_OK);
        assert_true(rig_run());
        /* An interrupt that comes late finds nothing. */
        assert_int_equal(driver_interrupt(), 0);
        if (round == 2) {
            break; /* the next kernel starts from the top */
        }
        /* virtio_dev_remove(): reset, del_vqs, status */
        driver_write(VIRTIO_REG_STATUS, 0);
        for (uint16_t i = 0; i < rig.device->queue_count; i++) {
            driver_queue_delete(i);
        }
        assert_int_equal(driver_read(VIRTIO_REG_STATUS), 0);
        driver_add_status(VIRTIO_STATUS_ACKNOWLEDGE);
    }
    driver_go(STAGE_LIVE);
    group_silent();
}

static void linux_is_never_reported(void **state)
{
    static const enum rig_kind kinds[] = {RIG_CONSOLE, RIG_BLOCK, RIG_BLOCK_RO,
                                          RIG_ENTROPY};

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        linux_life(kinds[i], 0);
        linux_life(kinds[i], EVENT_IDX);
        linux_life(kinds[i], INDIRECT_DESC);
        linux_life(kinds[i], EVENT_IDX | INDIRECT_DESC);
    }
}

/* 2.2.2: any valid subset, and again after a reset. */
static void every_subset_of_features(void **state)
{
    (void)state;
    for (uint64_t subset = 0; subset < 64; subset++) {
        /* SEG_MAX, RO, BLK_SIZE, FLUSH, INDIRECT_DESC, EVENT_IDX */
        uint64_t refuse = (subset & 1) << 2 | (subset >> 1 & 1) << 6 |
                          (subset >> 2 & 1) << 9 | (subset >> 3 & 1) << 28 |
                          (subset >> 4 & 1) << 29 | (subset >> 5 & 1) << 5;
        struct driver_piece data;

        live(RIG_BLOCK, refuse);
        for (unsigned again = 0; again < 2; again++) {
            data = (struct driver_piece){driver_alloc(512, 16), 512, true};
            assert_int_equal(driver_block(&driver_queues[0], 0, 9, &data, 1),
                             0);
            assert_memory_equal(rig_at(data.gpa, 512), rig.disk + 9 * 512, 512);
            driver_begin(STAGE_LIVE, ~refuse);
            assert_true(rig_run());
        }
        group_silent();
    }
}

static void features_turned_off(void **state)
{
    (void)state;
    ONLY_IF(rig_without == RIG_RINGS);
    rig_start(RIG_BLOCK, VIRTIO_LINT_STRICT, EVENT_IDX | 1u << 9);
    driver_go(STAGE_DRIVER);
    assert_int_equal(driver_offered(), INDIRECT_DESC | 1u << 2 | 1u << 6 |
                                           1u << 10 | UINT64_C(1) << 32);
    /* 2.2.2: not without what it requires. */
    rig_start(RIG_OTHER, VIRTIO_LINT_STRICT, 1u << OTHER_F_BASE);
    driver_go(STAGE_DRIVER);
    assert_int_equal(driver_offered() & UINT32_MAX, INDIRECT_DESC | EVENT_IDX);
}

/* 2.7.7.2 without EVENT_IDX: flags alone count; used_event does not. */
static void interrupts_by_flags(void **state)
{
    struct driver_queue *queue = &driver_queues[0];

    (void)state;
    live(RIG_OTHER, EVENT_IDX);
    if (queue->packed) {
        driver_put16(queue->avail, 0x7777);
    } else {
        driver_put16(queue->avail + 4 + 2u * queue->size, 0x7777);
    }
    copy(queue, 0, true);
    assert_true(rig.line);
    driver_interrupt();
    driver_hush(queue);
    copy(queue, 2, true);
    assert_false(rig.line);
    driver_want_interrupt(queue);
    copy(queue, 4, true);
    assert_true(rig.line);
    assert_true(driver_get16(queue->used + (queue->packed ? 2 : 0)) <= 1);
    group_silent();
}

/* With EVENT_IDX: exactly when the entry asked for is written. */
static void interrupts_by_event_idx(void **state)
{
    struct driver_queue *queue = &driver_queues[0];

    (void)state;
    ONLY_IF(rig_with(VIRTIO_F_EVENT_IDX));
    live(RIG_OTHER, 0);
    struct driver_piece pieces[2] = {{driver_alloc(4, 4), 4, false},
                                     {driver_alloc(4, 4), 4, true}};

    for (unsigned i = 0; i < 70000; i++) {
        uint16_t ahead = (uint16_t)(i % 4);
        struct driver_used used;

        driver_want_interrupt_after(queue, ahead, 2);
        for (unsigned j = 0; j <= ahead; j++) {
            driver_chain(queue, (uint16_t)(j * 2), pieces, 2);
            driver_kick_if_wanted(queue);
            assert_true(rig_run());
            if (rig.line != (j == ahead)) {
                fail_msg("round %u, entry %u of %u", i, j, ahead);
            }
        }
        driver_interrupt();
        while (driver_take(queue, &used)) {
            assert_int_equal(used.length, 4);
        }
        if (!queue->packed) {
            assert_int_equal(driver_get16(queue->used), 0);
        }
    }
    group_silent();
}

/* 2.7.7.2: with EVENT_IDX, the flag does not suppress. */
static void event_idx_ignores_the_flag(void **state)
{
    (void)state;
    ONLY_IF(!rig_with(VIRTIO_F_RING_PACKED) && rig_with(VIRTIO_F_EVENT_IDX));
    live(RIG_OTHER, 0);
    driver_put16(driver_queues[0].avail, 1);
    copy(&driver_queues[0], 0, true);
    assert_true(rig.line);
    assert_int_equal(rig.report_count, 1);
    assert_true(rig_reported(CLAUSE_SPLIT_DRV_017));
}

static void spurious_kicks(void **state)
{
    (void)state;
    live(RIG_CONSOLE, 0);
    for (unsigned i = 0; i < 100; i++) {
        driver_kick(&driver_queues[i % 2]);
        assert_true(rig_run());
    }
    assert_false(rig.line);
    group_silent();
}

/* More chains than one call serves, and none is forgotten. */
static void the_budget_ends_a_call_not_the_work(void **state)
{
    struct driver_queue *queue = &driver_queues[0];
    struct driver_used used;
    unsigned count = 0;

    (void)state;
    live(RIG_BLOCK, 0);
    uint64_t header = driver_alloc(16, 16);
    uint64_t status = driver_alloc(128, 16);

    *rig_at(header, 1) = 4; /* flush */
    for (uint16_t i = 0; i < 128; i++) {
        struct driver_piece pieces[2] = {{header, 16, false},
                                         {status + i, 1, true}};

        driver_chain(queue, (uint16_t)(2 * i), pieces, 2);
    }
    driver_kick(queue);
    unsigned wakes = rig.wakes;

    virtio_queue_service(&rig.device->queues[0]);
    assert_in_range(rig.flushes, 1, 127);
    assert_int_equal(rig.wakes, wakes + 1);
    assert_true(rig_run());
    assert_int_equal(rig.flushes, 128);
    while (driver_take(queue, &used)) {
        assert_int_equal(used.id, 2 * count);
        count++;
    }
    assert_int_equal(count, 128);
    group_silent();
}

/* As many chains as the ring has entries are available at once: legal, and how
 * Linux keeps a receive queue. One more is not. */
static void a_full_ring(void **state)
{
    struct driver_queue *queue = &driver_queues[0];
    struct driver_used used;

    (void)state;
    live(RIG_ENTROPY, 0);
    uint64_t buffer = driver_alloc(16, 16);

    for (unsigned round = 0; round < 5000; round++) {
        driver_want_interrupt_after(queue, (uint16_t)(queue->size - 1), 1);
        for (uint16_t i = 0; i < queue->size; i++) {
            driver_chain(queue, i, &(struct driver_piece){buffer + i, 1, true},
                         1);
        }
        driver_kick_if_wanted(queue);
        assert_true(rig_run());
        assert_int_equal(driver_interrupt(), VIRTIO_INTERRUPT_USED);
        for (uint16_t i = 0; i < queue->size; i++) {
            assert_true(driver_take(queue, &used));
            assert_int_equal(used.id, i);
        }
    }
    assert_int_equal(rig.edges, 5000);
    group_silent();
}

/* The figures that dumps and the stall watchdog show. */
static void figures(void **state)
{
    struct driver_queue *queue = &driver_queues[0];
    const struct virtio_queue *device_queue;

    (void)state;
    live(RIG_OTHER, EVENT_IDX);
    device_queue = &rig.device->queues[0];
    copy(queue, 0, true);
    driver_hush(queue);
    copy(queue, 2, true);
    copy(queue, 4, true);
    assert_int_equal(device_queue->kicks, 3);
    assert_int_equal(device_queue->kicks_ignored, 0);
    assert_int_equal(device_queue->chains, 3);
    assert_int_equal(device_queue->interrupts, 1);
    assert_int_equal(device_queue->interrupts_suppressed, 2);
    driver_queue_delete(0);
    driver_kick(queue);
    assert_int_equal(device_queue->kicks_ignored, 1);
}

/* Several used entries are one interrupt, where that is the device's batch. */
static void batches(void **state)
{
    struct driver_queue *queue = &driver_queues[0];

    (void)state;
    live(RIG_OTHER, EVENT_IDX);
    for (uint16_t i = 0; i < 3; i++) {
        copy(queue, (uint16_t)(2 * i), false);
    }
    driver_kick(queue);
    assert_true(rig_run());
    assert_int_equal(rig.device->queues[0].interrupts, 2); /* of 2, of 1 */
    assert_int_equal(rig.edges, 1);
    group_silent();
}

static uint16_t flags_seen;

static void look_at_flags(void)
{
    flags_seen =
        driver_get16(driver_queues[0].used + (driver_queues[0].packed ? 2 : 0));
}

/* A kick while the service looks is one that need not have been. */
static void kicks_are_suppressed_while_serving(void **state)
{
    (void)state;
    live(RIG_OTHER, EVENT_IDX);
    look_at_flags();
    assert_int_equal(flags_seen, 0);
    rig.on_disk = look_at_flags;
    copy(&driver_queues[0], 0, true);
    assert_int_equal(flags_seen, 1);
    look_at_flags();
    assert_int_equal(flags_seen, 0);
}

/* 2.7.4.1: framing means nothing; 2.7.5.3.2: direct, indirect, mixed; nothing
 * readable and no descriptor is written (2.7.5.1). */
static void framed(uint32_t step, unsigned direct, bool use_indirect)
{
    struct driver_queue *queue = &driver_queues[0];
    struct driver_piece pieces[600];
    struct driver_used used;
    unsigned count;

    live(RIG_BLOCK, 0);
    uint64_t out = driver_alloc(16, 16);
    uint64_t in = driver_alloc(513, 16);
    uint64_t table = driver_alloc(16 * 600, 1);

    *rig_at(out + 8, 1) = 6; /* read sector 6 */
    *rig_at(in + 512, 1) = 0xee;
    count = group_cut(pieces, out, 16, step, false);
    count += group_cut(pieces + count, in, 513, step, true);
    if (direct > count - 1) {
        direct = count - 1;
    }
    if (!use_indirect) {
        direct = count;
    }
    for (unsigned i = 0; i < count; i++) {
        bool inside = i >= direct;
        unsigned at = inside ? i - direct : i;

        driver_desc(inside ? table : queue->desc, at, pieces[i].gpa,
                    pieces[i].length,
                    (uint16_t)((i + 1 < count ? DESC_NEXT : 0u) |
                               (pieces[i].write ? DESC_WRITE : 0u)),
                    (uint16_t)(at + 1));
    }
    if (use_indirect) {
        /* WRITE is to be ignored here. */
        driver_desc(queue->desc, direct, table, 16 * (count - direct),
                    DESC_INDIRECT | DESC_WRITE, 0);
    }
    uint8_t before[16 * 256];

    memcpy(before, rig_at(queue->desc, sizeof before), sizeof before);
    driver_offer(queue, 0);
    driver_kick(queue);
    assert_true(rig_run());
    assert_true(driver_take(queue, &used));
    assert_int_equal(used.id, 0);
    assert_int_equal(used.length, 513);
    assert_int_equal(*rig_at(in + 512, 1), 0);
    assert_memory_equal(rig_at(in, 512), rig.disk + 6 * 512, 512);
    assert_memory_equal(before, rig_at(queue->desc, sizeof before),
                        sizeof before);
    assert_int_equal(*rig_at(out + 8, 1), 6);
}

/* The same in a packed ring: direct, or in a table. */
static void packed_framed(uint32_t step, bool use_indirect)
{
    struct driver_queue *queue = &driver_queues[0];
    struct driver_piece pieces[600];
    struct driver_used used;
    unsigned count;

    live(RIG_BLOCK, 0);
    uint64_t out = driver_alloc(16, 16);
    uint64_t in = driver_alloc(513, 16);

    *rig_at(out + 8, 1) = 6; /* read sector 6 */
    *rig_at(in + 512, 1) = 0xee;
    count = group_cut(pieces, out, 16, step, false);
    count += group_cut(pieces + count, in, 513, step, true);
    (use_indirect ? driver_indirect : driver_chain)(queue, 7, pieces, count);
    driver_kick(queue);
    assert_true(rig_run());
    assert_true(driver_take(queue, &used));
    assert_int_equal(used.id, 7);
    assert_int_equal(used.length, 513);
    assert_int_equal(*rig_at(in + 512, 1), 0);
    assert_memory_equal(rig_at(in, 512), rig.disk + 6 * 512, 512);
    assert_int_equal(*rig_at(out + 8, 1), 6);
    assert_int_equal(rig_reported(CLAUSE_PACKED_DRV_016), count > queue->size);
}

static void any_framing(void **state)
{
    static const uint32_t steps[] = {3, 5, 7, 16, 100, 511, 512, 513, 600};
    bool indirect = rig_with(VIRTIO_F_INDIRECT_DESC);

    (void)state;
    for (unsigned i = 0;
         rig_with(VIRTIO_F_RING_PACKED) && i < sizeof steps / sizeof steps[0];
         i++) {
        packed_framed(steps[i], false);
        if (indirect) {
            packed_framed(steps[i], true);
            packed_framed(2, true);
        }
    }
    if (rig_with(VIRTIO_F_RING_PACKED)) {
        return;
    }
    for (unsigned i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        framed(steps[i], 0, false);
        for (unsigned direct = 0; indirect && direct < 4; direct++) {
            framed(steps[i], direct, true);
        }
    }
    /* Two bytes a descriptor: longer than the queue, and served (Linux). */
    if (indirect) {
        framed(2, 0, true);
        assert_true(rig_reported(CLAUSE_SPLIT_DRV_011));
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_full_ring),
    cmocka_unit_test(figures),
    cmocka_unit_test(batches),
    cmocka_unit_test(kicks_are_suppressed_while_serving),
    cmocka_unit_test(linux_is_never_reported),
    cmocka_unit_test(every_subset_of_features),
    cmocka_unit_test(features_turned_off),
    cmocka_unit_test(interrupts_by_flags),
    cmocka_unit_test(interrupts_by_event_idx),
    cmocka_unit_test(event_idx_ignores_the_flag),
    cmocka_unit_test(spurious_kicks),
    cmocka_unit_test(the_budget_ends_a_call_not_the_work),
    cmocka_unit_test(any_framing),
};

int virtio_rules_run(void)
{
    return cmocka_run_group_tests_name("rules of the device", tests, NULL,
                                       NULL);
}
