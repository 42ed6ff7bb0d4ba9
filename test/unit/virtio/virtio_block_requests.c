/* Block requests of each type, in any pieces, and their failures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/support/virtio_driver.h"
#include "test/unit/virtio/virtio_groups.h"

enum {
    T_IN = 0,
    T_OUT = 1,
    T_FLUSH = 4,
    T_GET_ID = 8
};

static struct driver_queue *const queue = &driver_queues[0];

static void block_reads_and_writes(void **state)
{
    (void)state;
    group_live(RIG_BLOCK);
    struct driver_piece out = group_piece(4096, false);
    struct driver_piece in = group_piece(4096, true);

    memset(rig_at(out.gpa, 4096), 0x5a, 4096);
    assert_int_equal(driver_block(queue, T_OUT, 16, &out, 1), 0);
    assert_int_equal(driver_block(queue, T_IN, 16, &in, 1), 0);
    assert_memory_equal(rig_at(in.gpa, 4096), rig_at(out.gpa, 4096), 4096);
    /* The last sector is inside. */
    in.length = 512;
    assert_int_equal(driver_block(queue, T_IN, RIG_DISK / 512 - 1, &in, 1), 0);
    /* No data is no mistake. */
    assert_int_equal(driver_block(queue, T_IN, RIG_DISK / 512, NULL, 0), 0);
    assert_int_equal(rig.report_count, 0);
}

static void block_id_and_flush(void **state)
{
    static const char id[20] = "lintel-0";

    (void)state;
    group_live(RIG_BLOCK);
    struct driver_piece in = group_piece(20, true);

    assert_int_equal(driver_block(queue, T_GET_ID, 0, &in, 1), 0);
    assert_memory_equal(rig_at(in.gpa, 20), id, 20);
    assert_int_equal(driver_block(queue, T_FLUSH, 0, NULL, 0), 0);
    assert_int_equal(rig.flushes, 1);
    assert_int_equal(rig.report_count, 0);
}

static void block_refuses(void **state)
{
    (void)state;
    group_live(RIG_BLOCK);
    struct driver_piece in = group_piece(512, true);

    /* DISCARD, and a type that nobody knows. */
    assert_int_equal(driver_block(queue, 11, 0, &in, 1), 2);
    assert_int_equal(driver_block(queue, 0xdeadbeef, 0, NULL, 0), 2);
    rig.disk_fails = true;
    memset(rig_at(in.gpa, 512), 0xee, 512);
    assert_int_equal(driver_block(queue, T_IN, 0, &in, 1), 1);
    assert_int_equal(*rig_at(in.gpa, 1), 0); /* counted, so written */
    assert_int_equal(driver_block(queue, T_FLUSH, 0, NULL, 0), 1);
    in.write = false;
    assert_int_equal(driver_block(queue, T_OUT, 0, &in, 1), 1);
    assert_int_equal(rig.report_count, 0);
}

static void block_read_only(void **state)
{
    (void)state;
    group_live(RIG_BLOCK_RO);
    assert_true((driver_offered() & 1u << 5) != 0);
    struct driver_piece out = group_piece(512, false);
    uint8_t before = rig.disk[0];

    memset(rig_at(out.gpa, 512), before + 1, 512);
    assert_int_equal(driver_block(queue, T_OUT, 0, &out, 1), 1);
    assert_int_equal(rig.disk[0], before);
    out.write = true;
    assert_int_equal(driver_block(queue, T_IN, 0, &out, 1), 0);
}

/* 2.7.8.2: what a failed request did not write is not counted, or zero. */
static void block_failure_of_a_large_request(void **state)
{
    struct driver_used used;

    (void)state;
    group_live(RIG_BLOCK);
    struct driver_piece pieces[3] = {group_piece(16, false),
                                     group_piece(2 << 20, true),
                                     group_piece(1, true)};

    driver_chain(queue, 0, pieces, 3); /* 2 MiB of a disk of 1 MiB */
    driver_kick(queue);
    assert_true(rig_run());
    assert_true(driver_take(queue, &used));
    assert_int_equal(used.length, 0);
    assert_int_equal(*rig_at(pieces[2].gpa, 1), 1);
    assert_true(rig_reported(CLAUSE_BLK_DRV_012));
}

static void block_resizes(void **state)
{
    (void)state;
    group_live(RIG_BLOCK);
    struct driver_piece in = group_piece(512, true);

    virtio_block_resize(&rig.block, 4096);
    assert_int_equal(driver_interrupt(), VIRTIO_INTERRUPT_CONFIG);
    driver_read(VIRTIO_REG_CONFIG_GENERATION);
    assert_int_equal(driver_read(0x100), 8);
    assert_int_equal(driver_read(0x104), 0);
    driver_read(VIRTIO_REG_CONFIG_GENERATION);
    assert_int_equal(driver_block(queue, T_IN, 8, &in, 1), 1);
    assert_true(rig_reported(CLAUSE_BLK_DRV_012));
}

/* Data in many pieces lands where it belongs; seg_max of them is legal. */
static void block_in_pieces(void **state)
{
    struct driver_piece out[254];
    struct driver_piece in[254];

    (void)state;
    group_live(RIG_BLOCK);
    uint64_t from = driver_alloc(4096, 16);
    uint64_t to = driver_alloc(4096, 16);

    for (unsigned i = 0; i < 254; i++) {
        uint32_t length = i < 253 ? 16 : 4096 - 253 * 16;

        out[i] = (struct driver_piece){from + 16 * i, length, false};
        in[i] = (struct driver_piece){to + 16 * i, length, true};
    }
    for (unsigned i = 0; i < 4096; i++) {
        *rig_at(from + i, 1) = (uint8_t)(i * 7 + i / 256);
    }
    assert_int_equal(driver_block(queue, T_OUT, 100, out, 254), 0);
    assert_memory_equal(rig.disk + 100 * 512, rig_at(from, 4096), 4096);
    assert_int_equal(driver_block(queue, T_IN, 100, in, 254), 0);
    assert_memory_equal(rig_at(to, 4096), rig_at(from, 4096), 4096);
    assert_int_equal(rig.report_count, 0);
}

/* More than one step of the device's, both ways. */
static void block_large(void **state)
{
    (void)state;
    group_live(RIG_BLOCK);
    struct driver_piece out = group_piece(300 * 1024, false);
    struct driver_piece in = group_piece(300 * 1024, true);

    for (unsigned i = 0; i < out.length; i++) {
        *rig_at(out.gpa + i, 1) = (uint8_t)(i / 509);
    }
    assert_int_equal(driver_block(queue, T_OUT, 7, &out, 1), 0);
    assert_int_equal(driver_block(queue, T_IN, 7, &in, 1), 0);
    assert_memory_equal(rig_at(in.gpa, in.length), rig_at(out.gpa, out.length),
                        in.length);
    assert_int_equal(rig.report_count, 0);
}

/* Data that the device may not write cannot be read into, and data that it may
 * not read cannot be written: the request fails, and nothing is touched. */
static void block_wrong_direction(void **state)
{
    static const struct {
        uint32_t type;
        bool write[2]; /* WRITE of its two pieces of data */
    } cases[] = {
        {T_IN, {false, false}},     {T_IN, {false, true}},
        {T_OUT, {true, true}},      {T_OUT, {false, true}},
        {T_GET_ID, {false, false}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        group_live(RIG_BLOCK);
        struct driver_piece data[2] = {group_piece(512, cases[i].write[0]),
                                       group_piece(512, cases[i].write[1])};
        uint8_t before[1024];

        memcpy(before, rig.disk + 16 * 512, sizeof before);
        for (unsigned j = 0; j < 2; j++) {
            memset(rig_at(data[j].gpa, 512), 0x5a, 512);
        }
        assert_int_equal(driver_block(queue, cases[i].type, 16, data, 2), 1);
        for (unsigned j = 0; j < 1024; j++) {
            assert_int_equal(*rig_at(data[j / 512].gpa + j % 512, 1), 0x5a);
        }
        assert_memory_equal(rig.disk + 16 * 512, before, sizeof before);
        assert_int_not_equal(rig.report_count, 0);
    }
}

/* Nowhere to put a status: the chain comes back all the same. */
static void block_without_status(void **state)
{
    struct driver_used used;

    (void)state;
    group_live(RIG_BLOCK);
    struct driver_piece header = group_piece(16, false);

    driver_chain(queue, 3, &header, 1);
    driver_kick(queue);
    assert_true(rig_run());
    assert_true(driver_take(queue, &used));
    assert_int_equal(used.id, 3);
    assert_int_equal(used.length, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(block_reads_and_writes),
    cmocka_unit_test(block_id_and_flush),
    cmocka_unit_test(block_refuses),
    cmocka_unit_test(block_read_only),
    cmocka_unit_test(block_failure_of_a_large_request),
    cmocka_unit_test(block_resizes),
    cmocka_unit_test(block_in_pieces),
    cmocka_unit_test(block_large),
    cmocka_unit_test(block_wrong_direction),
    cmocka_unit_test(block_without_status),
};

int virtio_block_requests_run(void)
{
    return cmocka_run_group_tests_name("block requests", tests, NULL, NULL);
}
