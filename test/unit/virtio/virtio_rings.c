/* What split and packed rings, in any order and with any notification, are held
 * to: sizes, laps, chains as long as the queue, the reset of one queue; and
 * what a packed ring looks like afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/support/virtio_driver.h"
#include "test/unit/virtio/virtio_groups.h"

static struct driver_queue *const queue = &driver_queues[0];

static void live(enum rig_kind kind, uint16_t size)
{
    rig_start(kind, VIRTIO_LINT_STRICT, 0);
    driver_go(STAGE_FEATURES_OK);
    for (uint16_t i = 0; i < rig.device->queue_count; i++) {
        driver_queue_setup(i, size, true);
    }
    driver_add_status(VIRTIO_STATUS_DRIVER_OK);
    assert_true(rig_run());
}

static void silent(void)
{
    if (rig.report_count != 0) {
        rig_print_reports();
    }
    assert_int_equal(rig.report_count, 0);
}

/* `count` pieces, the first `readable` of them with a byte each to copy. */
static void pieces_make(struct driver_piece *pieces, unsigned count,
                        unsigned readable)
{
    for (unsigned i = 0; i < count; i++) {
        pieces[i] = (struct driver_piece){driver_alloc(1, 1), 1, i >= readable};
        *rig_at(pieces[i].gpa, 1) = i < readable ? (uint8_t)(i + 1) : 0xee;
    }
}

static void pieces_judge(const struct driver_piece *pieces, unsigned count,
                         unsigned readable, uint32_t length)
{
    unsigned writable = count - readable;
    unsigned copied = readable < writable ? readable : writable;

    assert_int_equal(length, copied);
    for (unsigned i = 0; i < writable; i++) {
        assert_int_equal(*rig_at(pieces[readable + i].gpa, 1),
                         i < copied ? i + 1 : 0xee);
    }
}

/* Chains of every length and direction, all around the ring, several laps. */
static void laps(uint16_t size)
{
    struct driver_piece pieces[8];
    struct driver_used used;

    live(RIG_OTHER, size);
    for (uint16_t count = 1; count <= size; count++) {
        for (uint16_t readable = 0; readable <= count; readable++) {
            for (unsigned round = 0; round < size + 1u; round++) {
                pieces_make(pieces, count, readable);
                driver_want_interrupt(queue);
                driver_chain(queue, 0, pieces, count);
                assert_true(driver_kick_if_wanted(queue));
                assert_true(rig_run());
                assert_int_equal(driver_interrupt(), VIRTIO_INTERRUPT_USED);
                assert_true(driver_take(queue, &used));
                assert_int_equal(used.id, 0);
                pieces_judge(pieces, count, readable, used.length);
                assert_false(driver_pending(queue));
            }
        }
    }
    silent();
}

/* 2.7, 2.8.10.1: of packed queues, any; of split ones, powers of 2. */
static void every_size(void **state)
{
    (void)state;
    for (uint16_t size = 1; size <= 8; size++) {
        if (rig_with(VIRTIO_F_RING_PACKED) || (size & (size - 1)) == 0) {
            laps(size);
        }
    }
}

/* Odd sizes of the largest queue there is, filled to the last. */
static void large_odd_sizes(void **state)
{
    static const uint16_t sizes[] = {3, 100, 255, 256};
    struct driver_used used;

    (void)state;
    ONLY_IF(rig_with(VIRTIO_F_RING_PACKED));
    for (unsigned i = 0; i < 4; i++) {
        live(RIG_BLOCK, sizes[i]);
        struct driver_piece pieces[256];

        for (unsigned j = 0; j < sizes[i]; j++) {
            pieces[j] = (struct driver_piece){driver_alloc(512, 1), 512, true};
        }
        pieces[0].write = false;
        pieces[0].length = 16;
        pieces[sizes[i] - 1].length = 1;
        for (unsigned round = 0; round < 3; round++) {
            driver_chain(queue, 9, pieces, sizes[i]);
            driver_kick(queue);
            assert_true(rig_run());
            assert_true(driver_take(queue, &used));
            assert_int_equal(used.id, 9);
            assert_int_equal(used.length, 512u * (sizes[i] - 2u) + 1);
        }
        silent();
    }
}

/* Used in the order in which they became available, whatever their lengths. */
static void order_is_kept(void **state)
{
    struct driver_piece pieces[2];
    struct driver_used used;
    uint16_t next = 0;

    (void)state;
    live(RIG_OTHER, 8);
    pieces_make(pieces, 2, 1);
    for (unsigned round = 0; round < 1000; round++) {
        unsigned count = 1 + round % 4;

        for (unsigned i = 0; i < count; i++) {
            driver_chain(queue, (uint16_t)(i * 2), pieces, 1 + (i + round) % 2);
        }
        driver_kick_if_wanted(queue);
        assert_true(rig_run());
        for (next = 0; next < count; next++) {
            assert_true(driver_take(queue, &used));
            assert_int_equal(used.id, next * 2);
        }
        assert_false(driver_take(queue, &used));
    }
    silent();
}

/* 2.8.15: nothing is used of a zeroed ring; a used descriptor is the head's
 * place with id, length and flags, and nothing else is written. */
static void packed_ring_as_seen(void **state)
{
    struct driver_piece pieces[3];
    uint8_t before[8 * 16];
    uint16_t flags;
    uint32_t length;

    (void)state;
    ONLY_IF(rig_with(VIRTIO_F_RING_PACKED));
    live(RIG_OTHER, 8);
    driver_kick(queue);
    assert_true(rig_run());
    memset(before, 0, sizeof before);
    assert_memory_equal(rig_at(queue->desc, 128), before, 128);
    pieces_make(pieces, 3, 1);
    for (unsigned lap = 0; lap < 4; lap++) {
        bool wrap = queue->avail_wrap;
        uint16_t at = queue->avail_idx;
        uint8_t *ring = rig_at(queue->desc, 128);
        struct driver_used used;

        driver_chain(queue, 5, pieces, 3);
        driver_chain(queue, 6, pieces, 1); /* nothing to write */
        memcpy(before, ring, 128);
        driver_kick(queue);
        assert_true(rig_run());
        memcpy(&flags, ring + 16 * at + 14, 2);
        assert_int_equal(flags,
                         (wrap ? DESC_AVAIL | DESC_USED : 0u) | DESC_WRITE);
        memcpy(&length, ring + 16 * at + 8, 4);
        assert_int_equal(length, 1);
        assert_int_equal(ring[16 * at + 12], 5);
        memcpy(&flags, ring + 16 * (at + 3) + 14, 2);
        assert_int_equal(flags, wrap ? DESC_AVAIL | DESC_USED : 0u);
        assert_int_equal(ring[16 * (at + 3) + 12], 6);
        memcpy(before + 16 * at + 8, ring + 16 * at + 8, 8);
        memcpy(before + 16 * (at + 3) + 8, ring + 16 * (at + 3) + 8, 8);
        assert_memory_equal(ring, before, 128);
        assert_true(driver_take(queue, &used) && driver_take(queue, &used));
    }
    silent();
}

/* 2.6.1 */

static void queue_reset(void)
{
    driver_write(VIRTIO_REG_QUEUE_SEL, 0);
    driver_write(VIRTIO_REG_QUEUE_RESET, 1);
}

static void one_works(void)
{
    struct driver_piece pieces[2];
    struct driver_used used;

    pieces_make(pieces, 2, 1);
    driver_chain(queue, 0, pieces, 2);
    driver_kick(queue);
    assert_true(rig_run());
    assert_true(driver_take(queue, &used));
    assert_int_equal(used.length, 1);
}

static void a_queue_is_reset(void **state)
{
    struct driver_piece pieces[1];
    struct driver_used used;

    (void)state;
    ONLY_IF(rig_with(VIRTIO_F_RING_RESET));
    live(RIG_OTHER, 8);
    one_works();
    pieces_make(pieces, 1, 1);
    driver_chain(queue, 0, pieces, 1); /* and no kick */
    driver_interrupt();
    queue_reset();
    assert_int_equal(driver_read(VIRTIO_REG_QUEUE_RESET), 0);
    assert_int_equal(driver_read(VIRTIO_REG_QUEUE_READY), 0);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(rig.device->queues[0].setup.address[i], 0);
    }
    virtio_queue_service(&rig.device->queues[0]);
    assert_false(driver_take(queue, &used));
    assert_false(rig.line);
    silent();
    driver_kick(queue);
    assert_true(rig_reported(CLAUSE_MMIO_TXT_004));
    rig_forget();
    /* Again, smaller, elsewhere. */
    driver_queue_setup(0, rig_with(VIRTIO_F_RING_PACKED) ? 5 : 4, true);
    assert_int_equal(driver_read(VIRTIO_REG_QUEUE_READY), 1);
    assert_int_equal(driver_read(VIRTIO_REG_QUEUE_RESET), 0);
    for (unsigned i = 0; i < 20; i++) {
        one_works();
    }
    /* One that is not in use, or was stopped before, is reset just as well. */
    driver_queue_delete(0);
    queue_reset();
    assert_int_equal(driver_read(VIRTIO_REG_QUEUE_RESET), 0);
    queue_reset();
    assert_int_equal(driver_read(VIRTIO_REG_QUEUE_RESET), 0);
    driver_queue_setup(0, 8, true);
    one_works();
    silent();
}

static void reset_meanwhile(void)
{
    rig.on_disk = NULL;
    queue_reset();
    assert_int_equal(driver_read(VIRTIO_REG_QUEUE_RESET), 1);
    assert_int_equal(driver_read(VIRTIO_REG_QUEUE_READY), 1);
    assert_false(virtio_device_settled(rig.device));
    queue_reset(); /* once more changes nothing */
    driver_kick(queue);
    silent();
}

static void a_queue_is_reset_with_work_in_flight(void **state)
{
    struct driver_piece pieces[1];
    uint8_t before[128];

    (void)state;
    ONLY_IF(rig_with(VIRTIO_F_RING_RESET));
    live(RIG_OTHER, 8);
    pieces_make(pieces, 1, 1);
    for (uint16_t i = 0; i < 4; i++) {
        driver_chain(queue, i, pieces, 1);
    }
    rig.on_disk = reset_meanwhile;
    driver_kick(queue);
    assert_true(rig_run());
    assert_true(virtio_device_settled(rig.device));
    assert_int_equal(driver_read(VIRTIO_REG_QUEUE_RESET), 0);
    assert_int_equal(driver_read(VIRTIO_REG_QUEUE_READY), 0);
    assert_int_equal(rig.device->queues[0].chains, 1);
    /* Now the memory is the driver's. */
    memset(rig_at(queue->desc, 128), 0xa5, 128);
    memcpy(before, rig_at(queue->desc, 128), 128);
    virtio_queue_service(&rig.device->queues[0]);
    assert_memory_equal(rig_at(queue->desc, 128), before, 128);
    driver_queue_setup(0, 8, true);
    one_works();
    silent();
    /* A reset of all is one of this, too. */
    driver_chain(queue, 0, pieces, 1);
    rig.on_disk = reset_meanwhile;
    driver_kick(queue);
    assert_true(rig_run());
    driver_reset();
    assert_false(rig.device->queues[0].resets);
    driver_go(STAGE_LIVE);
    one_works();
    silent();
}

static unsigned lingered;

/* The driver shows something, and takes it back before the service looks. */
static bool is_teased(struct virtio_queue *unused)
{
    (void)unused;
    lingered++;
    if (lingered > 1000) {
        fail_msg("the service does not end");
    }
    return true;
}

static void a_driver_that_teases_is_left(void **state)
{
    struct driver_piece pieces[1];
    struct driver_used used;

    (void)state;
    live(RIG_OTHER, 8);
    rig.device->queues[0].lingers = true;
    rig.on_linger = is_teased;
    lingered = 0;
    pieces_make(pieces, 1, 1);
    driver_chain(queue, 0, pieces, 1);
    rig.woken = 0;
    virtio_queue_service(&rig.device->queues[0]);
    assert_true(driver_take(queue, &used));
    assert_in_range(lingered, 1, 100);
    assert_int_equal(rig.woken, 1); /* it comes again, after others */
    rig.on_linger = NULL;
    assert_true(rig_run());
    driver_want_interrupt(queue);
    driver_chain(queue, 0, pieces, 1);
    assert_true(driver_kick_if_wanted(queue));
    assert_true(rig_run());
    assert_true(driver_take(queue, &used));
    driver_interrupt();
    silent();
}

static bool is_reset_meanwhile(struct virtio_queue *unused)
{
    (void)unused;
    rig.on_linger = NULL;
    reset_meanwhile();
    return true;
}

static void a_queue_is_reset_while_its_service_lingers(void **state)
{
    struct driver_piece pieces[1];

    (void)state;
    ONLY_IF(rig_with(VIRTIO_F_RING_RESET));
    live(RIG_OTHER, 8);
    rig.device->queues[0].lingers = true;
    rig.on_linger = is_reset_meanwhile;
    pieces_make(pieces, 1, 1);
    driver_chain(queue, 0, pieces, 1);
    driver_kick(queue);
    assert_true(rig_run());
    assert_null(rig.on_linger);
    assert_true(virtio_device_settled(rig.device));
    assert_int_equal(driver_read(VIRTIO_REG_QUEUE_RESET), 0);
    assert_int_equal(driver_read(VIRTIO_REG_QUEUE_READY), 0);
    driver_queue_setup(0, 8, true);
    one_works();
    silent();
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_size),
    cmocka_unit_test(large_odd_sizes),
    cmocka_unit_test(order_is_kept),
    cmocka_unit_test(packed_ring_as_seen),
    cmocka_unit_test(a_queue_is_reset),
    cmocka_unit_test(a_queue_is_reset_with_work_in_flight),
    cmocka_unit_test(a_driver_that_teases_is_left),
    cmocka_unit_test(a_queue_is_reset_while_its_service_lingers),
};

int virtio_rings_run(void)
{
    return cmocka_run_group_tests_name("rings", tests, NULL, NULL);
}
