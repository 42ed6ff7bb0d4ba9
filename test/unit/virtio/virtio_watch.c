/* The stall watchdog: that a driver which is right is left alone, however idle;
 * that a stall is told once, and again only after it was over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/support/virtio_driver.h"
#include "test/unit/virtio/virtio_groups.h"

#define EVENT_IDX   (UINT64_C(1) << VIRTIO_F_EVENT_IDX)
#define RING_PACKED (UINT64_C(1) << VIRTIO_F_RING_PACKED)

enum {
    HOUR = 3600
};

static void silent(void)
{
    if (rig.report_count != 0) {
        rig_print_reports();
    }
    assert_int_equal(rig.report_count, 0);
}

/* As Linux leaves it: interrupts taken, asked for again, buffers to receive
 * made available. */
static void settle(enum rig_kind kind)
{
    struct driver_used used;
    struct driver_piece data = {driver_alloc(512, 16), 512, true};
    struct driver_queue *queue = &driver_queues[0];

    if (kind == RIG_BLOCK) {
        assert_int_equal(driver_block(queue, 0, 0, &data, 1), 0);
        driver_want_interrupt(queue);
        return;
    }
    for (uint16_t i = 0; i < 4; i++) {
        driver_chain(queue, i, &data, 1);
        driver_kick_if_wanted(queue);
        assert_true(rig_run());
    }
    if (kind == RIG_CONSOLE) {
        data.write = false;
        driver_chain(&driver_queues[1], 0, &data, 1);
        driver_kick_if_wanted(&driver_queues[1]);
        assert_true(rig_run());
        assert_true(driver_take(&driver_queues[1], &used));
    }
    if (rig.line) {
        driver_interrupt();
    }
    while (driver_take(queue, &used)) {
        driver_want_interrupt(queue);
    }
}

static void an_idle_hour(void **state)
{
    static const enum rig_kind kinds[] = {RIG_CONSOLE, RIG_BLOCK, RIG_ENTROPY,
                                          RIG_OTHER, RIG_NOQUEUE};

    (void)state;
    rig_without = 0;
    for (unsigned i = 0; i < 20; i++) {
        enum rig_kind kind = kinds[i / 4];

        rig_start(kind, VIRTIO_LINT_STRICT,
                  (i % 2 != 0 ? EVENT_IDX : 0) |
                      (i / 2 % 2 != 0 ? RING_PACKED : 0));
        driver_go(STAGE_LIVE);
        assert_true(rig_run());
        rig_wait(HOUR);
        if (kind != RIG_NOQUEUE) {
            settle(kind);
        }
        rig_wait(HOUR);
        assert_false(virtio_device_watch(rig.device));
        silent();
        driver_reset();
        rig_wait(HOUR);
        driver_add_status(VIRTIO_STATUS_ACKNOWLEDGE); /* and no driver */
        rig_wait(HOUR);
        assert_false(virtio_device_watch(rig.device));
        silent();
    }
    rig_without = RIG_RINGS;
}

/* A driver that gave up and said so. */
static void failed_is_no_stall(void **state)
{
    (void)state;
    rig_start(RIG_BLOCK, VIRTIO_LINT_STRICT, 0);
    driver_go(STAGE_FEATURES);
    driver_add_status(VIRTIO_STATUS_FAILED);
    rig_wait(HOUR);
    silent();
}

/* One that takes its time, but moves. */
static void slow_is_no_stall(void **state)
{
    (void)state;
    rig_start(RIG_BLOCK, VIRTIO_LINT_STRICT, 0);
    driver_go(STAGE_DRIVER);
    for (unsigned i = 0; i < 100; i++) {
        driver_read(VIRTIO_REG_STATUS);
        rig_wait(4);
    }
    driver_accept(driver_offered());
    rig_wait(4);
    silent();
}

/* Interrupts that are taken within a second, for an hour. */
static void busy_is_no_stall(void **state)
{
    struct driver_piece data;

    (void)state;
    rig_start(RIG_ENTROPY, VIRTIO_LINT_STRICT, 0);
    driver_go(STAGE_LIVE);
    data = (struct driver_piece){driver_alloc(512, 16), 512, true};
    for (unsigned i = 0; i < HOUR; i++) {
        struct driver_used used;

        driver_chain(&driver_queues[0], 0, &data, 1);
        rig_wait(1);
        driver_kick(&driver_queues[0]);
        assert_true(rig_run());
        rig_wait(1);
        driver_interrupt();
        while (driver_take(&driver_queues[0], &used)) {
            driver_want_interrupt(&driver_queues[0]);
        }
    }
    silent();
}

/* hvc of Linux, whose reader was stopped (Ctrl-S): it took one line of several
 * that had come, asked to be told of the next, which was there by then, and
 * reads on only when it is let. */
static void throttled_is_no_stall(void **state)
{
    struct driver_queue *queue = &driver_queues[0];
    struct driver_used used;

    (void)state;
    for (unsigned packed = 0; packed < 2; packed++) {
        rig_without =
            packed != 0 ? RIG_RINGS & ~RING_PACKED : (uint64_t)RIG_RINGS;
        rig_start(RIG_CONSOLE, VIRTIO_LINT_STRICT, 0);
        driver_go(STAGE_LIVE);
        struct driver_piece data = {driver_alloc(16, 16), 16, true};

        driver_want_interrupt(queue);
        for (uint16_t i = 0; i < 4; i++) {
            driver_chain(queue, i, &data, 1);
        }
        driver_kick(queue);
        assert_true(rig_run());
        for (unsigned i = 0; i < 3; i++) {
            rig.typed_end++;
            env_queue_wake(&rig.device->queues[0]);
            assert_true(rig_run());
        }
        driver_interrupt();
        assert_true(driver_take(queue, &used));
        driver_want_interrupt(queue);
        rig_wait(HOUR);
        silent();
    }
    rig_without = RIG_RINGS;
}

static void told_once_an_episode(void **state)
{
    uint8_t bytes[4] = {100, 0, 40, 0};

    (void)state;
    rig_start(RIG_CONSOLE, VIRTIO_LINT_STRICT, 0);
    driver_go(STAGE_LIVE);
    virtio_device_changed_config(rig.device, 0, bytes, sizeof bytes);
    assert_true(virtio_device_watch(rig.device));
    rig_wait(HOUR);
    assert_int_equal(rig.report_count, 1);
    assert_true(rig_reported(CLAUSE_LINTEL_STALL_002));
    assert_non_null(rig.reports[0].story);
    assert_int_equal(virtio_device_broken(rig.device, CLAUSE_LINTEL_STALL_002),
                     1);
    /* Told, so there is nothing to come back for. */
    assert_false(virtio_device_watch(rig.device));
    driver_interrupt();
    rig_wait(2);
    bytes[0] = 90;
    virtio_device_changed_config(rig.device, 0, bytes, sizeof bytes);
    rig_wait(HOUR);
    assert_int_equal(virtio_device_broken(rig.device, CLAUSE_LINTEL_STALL_002),
                     2);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_idle_hour),
    cmocka_unit_test(failed_is_no_stall),
    cmocka_unit_test(slow_is_no_stall),
    cmocka_unit_test(busy_is_no_stall),
    cmocka_unit_test(throttled_is_no_stall),
    cmocka_unit_test(told_once_an_episode),
};

int virtio_watch_run(void)
{
    return cmocka_run_group_tests_name("stall watchdog", tests, NULL, NULL);
}
