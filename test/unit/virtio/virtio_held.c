/* What a device is held to (VIRTIO 1.4's device requirements), as far as it is
 * not another group's subject: what it offers and shows, and that it does the
 * same work whatever is negotiated and however buffers are framed. Which test
 * is whose is in test/clauses/device.tsv. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/support/virtio_driver.h"
#include "test/unit/virtio/virtio_groups.h"

static const enum rig_kind kinds[] = {RIG_CONSOLE, RIG_BLOCK, RIG_BLOCK_RO,
                                      RIG_ENTROPY};

enum {
    KINDS = 4
};

#define BIT(n) (UINT64_C(1) << (n))

static void offers(enum rig_kind kind, uint64_t off, uint64_t offered)
{
    rig_start(kind, VIRTIO_LINT_STRICT, off);
    driver_go(STAGE_DRIVER);
    assert_int_equal(driver_offered(), offered);
    for (uint32_t word = 2; word < 5; word++) {
        driver_write(VIRTIO_REG_DEVICE_FEATURES_SEL, word);
        assert_int_equal(driver_read(VIRTIO_REG_DEVICE_FEATURES), 0);
    }
    group_silent();
}

/* 2.2.2, 5.2.5.2, 6.2: no bit but those that are named here, each of which can
 * be switched off, except VERSION_1. */
static void only_what_is_supported_is_offered(void **state)
{
    static const uint64_t of_kind[KINDS] = {
        BIT(0) | BIT(2),                    /* SIZE, EMERG_WRITE */
        BIT(2) | BIT(6) | BIT(9) | BIT(10), /* SEG_MAX to TOPOLOGY */
        BIT(2) | BIT(5) | BIT(6) | BIT(9) | BIT(10),
        0,
    };
    static const uint64_t transport =
        BIT(VIRTIO_F_INDIRECT_DESC) | BIT(VIRTIO_F_EVENT_IDX) |
        BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_F_RING_PACKED) |
        BIT(VIRTIO_F_IN_ORDER) | BIT(VIRTIO_F_NOTIFICATION_DATA) |
        BIT(VIRTIO_F_RING_RESET);

    (void)state;
    for (unsigned i = 0; i < KINDS; i++) {
        uint64_t all = of_kind[i] | transport;

        offers(kinds[i], 0, all);
        for (unsigned bit = 0; bit < 64; bit++) {
            if ((all & BIT(bit)) != 0 && bit != VIRTIO_F_VERSION_1) {
                offers(kinds[i], BIT(bit), all & ~BIT(bit));
            }
        }
    }
}

/* 5.2.4: a disk in memory has no size of accesses that it likes best, which is
 * 0 in each field. Switched off, the fields are not there (2.5.1). */
static void a_disk_has_no_topology_of_its_own(void **state)
{
    static const struct {
        uint32_t offset;
        uint8_t size;
    } fields[] = {{24, 1}, {25, 1}, {26, 2}, {28, 4}};

    (void)state;
    group_live(RIG_BLOCK);
    for (unsigned i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        assert_int_equal(virtio_mmio_read(rig.device, 0x100 + fields[i].offset,
                                          fields[i].size),
                         0);
    }
    group_silent();
    rig_start(RIG_BLOCK, VIRTIO_LINT_STRICT, BIT(VIRTIO_BLOCK_F_TOPOLOGY));
    driver_go(STAGE_LIVE);
    virtio_mmio_read(rig.device, 0x100 + fields[2].offset, fields[2].size);
    group_only(CLAUSE_CFG_DRV_003);
}

/* 4.2.2.1, as little-endian registers. */
static void identity(void **state)
{
    static const uint32_t ids[KINDS] = {3, 2, 2, 4};

    (void)state;
    for (unsigned i = 0; i < KINDS; i++) {
        uint32_t magic;

        rig_start(kinds[i], VIRTIO_LINT_STRICT, 0);
        magic = driver_read(VIRTIO_REG_MAGIC_VALUE);
        assert_memory_equal(&magic, "virt", 4);
        assert_int_equal(driver_read(VIRTIO_REG_VERSION), 2);
        assert_int_equal(driver_read(VIRTIO_REG_DEVICE_ID), ids[i]);
    }
}

/* 4.2.2.1: what happened, from then on until it is acknowledged; nothing else;
 * and nothing after a reset. */
static void events_stay_until_acknowledged(void **state)
{
    (void)state;
    group_live(RIG_CONSOLE);
    assert_int_equal(driver_read(VIRTIO_REG_INTERRUPT_STATUS), 0);
    struct driver_piece out = {driver_alloc(4, 4), 4, false};

    driver_want_interrupt(&driver_queues[1]);
    driver_chain(&driver_queues[1], 0, &out, 1);
    driver_kick(&driver_queues[1]);
    assert_true(rig_run());
    assert_int_equal(driver_read(VIRTIO_REG_INTERRUPT_STATUS), 1);
    virtio_console_resize(&rig.console, 7, 7);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(driver_read(VIRTIO_REG_INTERRUPT_STATUS), 3);
    }
    driver_write(VIRTIO_REG_INTERRUPT_ACK, 1);
    assert_int_equal(driver_read(VIRTIO_REG_INTERRUPT_STATUS), 2);
    assert_true(rig.line);
    driver_write(VIRTIO_REG_INTERRUPT_ACK, 2);
    assert_int_equal(driver_read(VIRTIO_REG_INTERRUPT_STATUS), 0);
    assert_false(rig.line);
    virtio_console_resize(&rig.console, 8, 8);
    assert_true(rig.line);
    driver_reset();
    assert_int_equal(driver_read(VIRTIO_REG_INTERRUPT_STATUS), 0);
    assert_false(rig.line);
    group_silent();
}

/* 4.2.2: ConfigGeneration without a change. */
static void generation_stays_without_a_change(void **state)
{
    (void)state;
    group_live(RIG_BLOCK);
    uint32_t generation = driver_read(VIRTIO_REG_CONFIG_GENERATION);

    driver_read(0x100);
    driver_read(0x104);
    assert_int_equal(driver_read(VIRTIO_REG_CONFIG_GENERATION), generation);
    virtio_block_resize(&rig.block, RIG_DISK); /* as large as it is */
    assert_int_equal(driver_read(VIRTIO_REG_CONFIG_GENERATION), generation);
    assert_false(rig.line);
    group_silent();
}

/* 4.2.2: there is no shared memory. */
static void no_shared_memory(void **state)
{
    (void)state;
    group_live(RIG_BLOCK);
    for (uint32_t id = 0; id < 3; id++) {
        driver_write(VIRTIO_REG_SHM_SEL, id);
        assert_int_equal(driver_read(VIRTIO_REG_SHM_LEN_LOW), UINT32_MAX);
        assert_int_equal(driver_read(VIRTIO_REG_SHM_LEN_HIGH), UINT32_MAX);
        assert_int_equal(driver_read(VIRTIO_REG_SHM_BASE_LOW), UINT32_MAX);
        assert_int_equal(driver_read(VIRTIO_REG_SHM_BASE_HIGH), UINT32_MAX);
    }
}

/* 4.2.2.1: a queue that is not ready is left alone, wherever it points. */
static void a_queue_not_ready_is_not_touched(void **state)
{
    uint8_t before[4096];

    (void)state;
    rig_start(RIG_ENTROPY, VIRTIO_LINT_STRICT, 0);
    driver_go(STAGE_FEATURES_OK);
    driver_queue_setup(0, 8, false);
    driver_add_status(VIRTIO_STATUS_DRIVER_OK);
    memset(rig_at(0x10000, 4096), 0xa5, 4096);
    memcpy(before, rig_at(0x10000, 4096), 4096);
    unsigned ranges = rig.ranges;

    driver_write(VIRTIO_REG_QUEUE_NOTIFY, 0);
    virtio_queue_service(&rig.device->queues[0]);
    assert_true(rig_run());
    assert_int_equal(rig.ranges, ranges);
    assert_memory_equal(rig_at(0x10000, 4096), before, 4096);
}

/* 2.4.1: after a reset, rings that were in use are the driver's. */
static void after_a_reset_rings_are_left_alone(void **state)
{
    uint8_t before[0x4000];

    (void)state;
    group_live(RIG_BLOCK);
    struct driver_piece data = {driver_alloc(512, 16), 512, true};

    assert_int_equal(driver_block(&driver_queues[0], 0, 1, &data, 1), 0);
    driver_chain(&driver_queues[0], 0, &data, 1);
    driver_kick(&driver_queues[0]);
    driver_reset();
    memset(rig_at(0x10000, sizeof before), 0xa5, sizeof before);
    memcpy(before, rig_at(0x10000, sizeof before), sizeof before);
    assert_true(rig_run());
    virtio_queue_service(&rig.device->queues[0]);
    virtio_block_resize(&rig.block, 4096);
    assert_memory_equal(rig_at(0x10000, sizeof before), before, sizeof before);
    assert_false(rig.line);
    group_silent();
}

/* 5.2.5.2, 5.2.6.2: padding is 0; zones, and what else is not offered, are
 * refused by status. */
static void block_leaves_out(void **state)
{
    static const uint32_t types[] = {10, 11, 13, 14, 15, 16,
                                     17, 18, 20, 22, 24, 26};

    (void)state;
    group_live(RIG_BLOCK);
    static const uint32_t padding[] = {33, 57, 58, 59};

    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(virtio_mmio_read(rig.device, 0x100 + padding[i], 1),
                         0);
    }
    for (unsigned i = 0; i < sizeof types / sizeof types[0]; i++) {
        assert_int_equal(driver_block(&driver_queues[0], types[i], 0, NULL, 0),
                         2);
    }
    group_silent();
}

/* ---- everything negotiated, in every framing ---- */

enum framing {
    WHOLE,    /* one descriptor a direction, where the device has two */
    BYTES,    /* a descriptor a byte */
    INDIRECT, /* the same in a table */
    MIXED,    /* some direct, the rest in a table; split queues */
    FRAMINGS
};

/* Bytes to be read and to be written, as one chain. */
struct work {
    uint64_t out;
    uint64_t in;
    uint32_t out_bytes;
    uint32_t in_bytes;
    uint32_t step; /* bytes a descriptor, but for WHOLE */
};

/* Does it, with nothing changed that is the driver's (2.7.5.1, 2.8.15); the
 * used length. */
static uint32_t work_do(struct driver_queue *queue, const struct work *work,
                        enum framing framing)
{
    struct driver_piece pieces[128];
    struct driver_used used;
    uint8_t out[1024];
    uint8_t table[16 * 256];
    uint32_t step = framing == WHOLE ? UINT32_MAX / 2 : work->step;
    unsigned count = group_cut(pieces, work->out, work->out_bytes, step, false);

    count += group_cut(pieces + count, work->in, work->in_bytes, step, true);
    memcpy(out, rig_at(work->out, 1), work->out_bytes);
    if (framing == INDIRECT) {
        driver_indirect(queue, 3, pieces, count);
    } else if (framing == MIXED && count > 1) {
        driver_mixed(queue, 3, pieces, count, count / 2);
    } else {
        driver_chain(queue, 3, pieces, count);
    }
    memcpy(table, rig_at(queue->desc, 16u * queue->size), 16u * queue->size);
    driver_want_interrupt(queue);
    driver_kick_if_wanted(queue);
    assert_true(rig_run());
    assert_int_equal(driver_interrupt(), VIRTIO_INTERRUPT_USED);
    assert_true(driver_take(queue, &used));
    assert_int_equal(used.id, 3);
    assert_false(driver_pending(queue));
    assert_memory_equal(out, rig_at(work->out, 1), work->out_bytes);
    if (!queue->packed) {
        assert_memory_equal(table, rig_at(queue->desc, 16u * queue->size),
                            16u * queue->size);
    }
    return used.length;
}

/* A block request; the status byte stands behind the data. */
static void request(enum framing framing, uint32_t type, uint64_t sector,
                    const void *data, uint32_t in_bytes, uint8_t status)
{
    struct work work = {
        .out = driver_alloc(16 + 512, 16),
        .in = driver_alloc(in_bytes + 1, 16),
        .out_bytes = 16 + (data != NULL ? 512 : 0),
        .in_bytes = in_bytes + 1,
        .step = in_bytes == 512 || data != NULL ? 16 : 1,
    };

    memcpy(rig_at(work.out, 4), &type, 4);
    memcpy(rig_at(work.out + 8, 8), &sector, 8);
    if (data != NULL) {
        memcpy(rig_at(work.out + 16, 512), data, 512);
    }
    memset(rig_at(work.in, work.in_bytes), 0xee, work.in_bytes);
    assert_int_equal(work_do(&driver_queues[0], &work, framing), work.in_bytes);
    assert_int_equal(*rig_at(work.in + in_bytes, 1), status);
    if (type == 0) {
        assert_memory_equal(rig_at(work.in, 512), rig.disk + sector * 512, 512);
    } else if (type == 8) {
        assert_memory_equal(rig_at(work.in, 9), "lintel-0", 9);
    }
}

static void block_work(enum rig_kind kind, enum framing framing)
{
    uint8_t data[512];

    for (unsigned i = 0; i < 512; i++) {
        data[i] = (uint8_t)(i * 3 + framing);
    }
    bool refused = kind == RIG_BLOCK_RO;

    request(framing, 1, 5, data, 0, refused ? 1 : 0);
    assert_int_equal(memcmp(rig.disk + 5 * 512, data, 512) == 0, !refused);
    request(framing, 0, 5, NULL, 512, 0);
    request(framing, 8, 0, NULL, 20, 0);
    request(framing, 4, 0, NULL, 0, 0);
}

static void console_work(enum framing framing)
{
    struct work print = {.out = driver_alloc(6, 1), .out_bytes = 6, .step = 1};
    struct work type = {.in = driver_alloc(6, 1), .in_bytes = 6, .step = 1};

    print.in = print.out;
    type.out = type.in;
    memcpy(rig_at(print.out, 6), "hello\n", 6);
    rig.printed_count = 0;
    assert_int_equal(work_do(&driver_queues[1], &print, framing), 0);
    assert_int_equal(rig.printed_count, 6);
    assert_memory_equal(rig.printed, "hello\n", 6);
    memcpy(rig.typed + rig.typed_end, "typed!", 6);
    rig.typed_end += 6;
    env_queue_wake(&rig.device->queues[0]);
    assert_int_equal(work_do(&driver_queues[0], &type, framing), 6);
    assert_memory_equal(rig_at(type.in, 6), "typed!", 6);
}

static void entropy_work(enum framing framing)
{
    struct work work = {.in = driver_alloc(40, 1), .in_bytes = 40, .step = 4};
    uint8_t next = rig.entropy_next;

    work.out = work.in;
    uint32_t length = work_do(&driver_queues[0], &work, framing);

    assert_in_range(length, 1, 40); /* 5.4.6.2 */
    for (uint32_t i = 0; i < length; i++) {
        next = (uint8_t)(next * 5 + 7); /* the rig's noise */
        assert_int_equal(*rig_at(work.in + i, 1), next);
    }
}

/* Twice, with a reset between: what was agreed on once is agreed on again. */
static void agree_and_work(enum rig_kind kind, uint64_t refuse)
{
    rig_start(kind, VIRTIO_LINT_STRICT, 0);
    for (unsigned again = 0; again < 2; again++) {
        driver_alloc_reset();
        driver_begin(STAGE_LIVE, ~refuse);
        assert_true((driver_read(VIRTIO_REG_STATUS) & 8) != 0);
        assert_int_equal(rig.device->session.accepted[0],
                         rig.device->offered[0] & ~refuse);
        assert_true(rig_run());
        for (enum framing framing = 0; framing < FRAMINGS; framing++) {
            bool indirect = (refuse & BIT(VIRTIO_F_INDIRECT_DESC)) == 0;
            bool packed = (refuse & BIT(VIRTIO_F_RING_PACKED)) == 0;

            if ((framing >= INDIRECT && !indirect) ||
                (framing == MIXED && packed)) {
                continue;
            }
            if (kind == RIG_CONSOLE) {
                console_work(framing);
            } else if (kind == RIG_ENTROPY) {
                entropy_work(framing);
            } else {
                block_work(kind, framing);
            }
        }
    }
    for (unsigned i = 0; i < rig.report_count; i++) {
        const struct virtio_clause *clause = rig.reports[i].clause;

        /* A warning of what was refused on purpose is right. */
        if (clause != virtio_clause_get(CLAUSE_RESV_DRV_006) &&
            clause != virtio_clause_get(CLAUSE_BLK_DRV_013)) {
            rig_print_reports();
            fail_msg("reported without %#lx", refuse);
        }
    }
}

/* The features of the rings in every combination; with each, those of the
 * device's own in every combination. VERSION_1 alone cannot be refused. */
static void every_agreement_in_every_framing(void **state)
{
    static const unsigned own[KINDS][6] = {
        {0, 2}, {2, 6, 9, 10}, {2, 5, 6, 9, 10}, {0}};
    static const unsigned own_count[KINDS] = {2, 4, 5, 0};
    static const unsigned rings[] = {28, 29, 34, 35, 38, 40};
    unsigned agreements = 0;

    (void)state;
    rig_without = 0;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        unsigned count = own_count[kind];

        for (unsigned set = 0; set < 64u << count; set++) {
            uint64_t refuse = 0;

            for (unsigned i = 0; i < 6 + count; i++) {
                unsigned bit = i < 6 ? rings[i] : own[kind][i - 6];

                refuse |= (uint64_t)(set >> i & 1) << bit;
            }
            agree_and_work(kinds[kind], refuse);
            agreements++;
        }
    }
    rig_without = RIG_RINGS;
    print_message("%u agreements\n", agreements);
}

/* 2.7.5.1, 2.8.15: whatever stands where the device is to write, the same comes
 * out. */
static void nothing_is_read_of_what_is_to_be_written(void **state)
{
    static const uint8_t before[] = {0, 0xff, 0x55};
    uint8_t first[513];

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct work work = {.out_bytes = 16, .in_bytes = 513, .step = 16};

        group_live(RIG_BLOCK);
        work.out = driver_alloc(16, 16);
        work.in = driver_alloc(513, 16);
        memset(rig_at(work.in, 513), before[i], 513);
        assert_int_equal(work_do(&driver_queues[0], &work, BYTES), 513);
        if (i == 0) {
            memcpy(first, rig_at(work.in, 513), 513);
        }
        assert_memory_equal(first, rig_at(work.in, 513), 513);
        group_silent();
    }
}

/* In one packed ring, lists of both kinds may follow each other (2.8.5). */
static void packed_lists_of_both_kinds(void **state)
{
    (void)state;
    rig_without = 0;
    group_live(RIG_BLOCK);
    for (unsigned i = 0; i < 40; i++) {
        block_work(RIG_BLOCK, (enum framing)(i % 3));
    }
    rig_without = RIG_RINGS;
    group_silent();
}

int virtio_held_run(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_supported_is_offered),
        cmocka_unit_test(a_disk_has_no_topology_of_its_own),
        cmocka_unit_test(identity),
        cmocka_unit_test(events_stay_until_acknowledged),
        cmocka_unit_test(generation_stays_without_a_change),
        cmocka_unit_test(no_shared_memory),
        cmocka_unit_test(a_queue_not_ready_is_not_touched),
        cmocka_unit_test(after_a_reset_rings_are_left_alone),
        cmocka_unit_test(block_leaves_out),
        cmocka_unit_test(every_agreement_in_every_framing),
        cmocka_unit_test(nothing_is_read_of_what_is_to_be_written),
        cmocka_unit_test(packed_lists_of_both_kinds),
    };
    rig_without = 0;
    int failed = cmocka_run_group_tests_name("what a device is held to", tests,
                                             NULL, NULL);

    rig_without = RIG_RINGS;
    return failed;
}
