/* What a device forgets at a reset: the driver does something wrong, or leaves
 * something half done; after the reset it is right, and the device may hold
 * none of that against it. virtio_test.c has the other half: what the driver
 * did right before a reset excuses nothing after it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/virtio/virtio_breaches.h"
#include "test/unit/virtio/virtio_groups.h"

static void queue_stopped(void)
{
    driver_write(VIRTIO_REG_QUEUE_SEL, 0);
    driver_write(VIRTIO_REG_QUEUE_READY, 0);
}

static void queue_reset(void)
{
    driver_write(VIRTIO_REG_QUEUE_SEL, 0);
    driver_write(VIRTIO_REG_QUEUE_RESET, 1);
}

static void notified_too_early(void)
{
    driver_go(STAGE_QUEUES);
    driver_kick(&driver_queues[0]);
}

static void capacity_changed(void)
{
    virtio_block_resize(&rig.block, RIG_DISK / 2);
    driver_interrupt();
}

static void accepted_beyond(void)
{
    driver_go(STAGE_DRIVER);
    driver_accept(driver_offered());
    driver_write(VIRTIO_REG_DRIVER_FEATURES_SEL, 2);
    driver_write(VIRTIO_REG_DRIVER_FEATURES, 1);
    driver_write(VIRTIO_REG_DRIVER_FEATURES_SEL, 4);
    driver_write(VIRTIO_REG_DRIVER_FEATURES, 1);
    driver_add_status(VIRTIO_STATUS_FEATURES_OK);
}

static void features_ok_not_read(void)
{
    driver_go(STAGE_FEATURES);
    driver_write(VIRTIO_REG_STATUS, VIRTIO_STATUS_ACKNOWLEDGE |
                                        VIRTIO_STATUS_DRIVER |
                                        VIRTIO_STATUS_FEATURES_OK);
}

static void failed(void)
{
    driver_add_status(VIRTIO_STATUS_FAILED);
}

static void needed_reset(void)
{
    virtio_device_needs_reset(rig.device);
}

static void (*const wrongs[])(void) = {
    queue_stopped,    queue_reset,     notified_too_early,
    capacity_changed, accepted_beyond, features_ok_not_read,
    failed,           needed_reset,
};

static void a_reset_forgets_what_was_wrong(void **state)
{
    struct driver_piece data;

    (void)state;
    for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
        group_live(RIG_BLOCK);
        wrongs[i]();
        driver_reset();
        rig_forget();
        rig_wait(20); /* nothing waits for anything */
        driver_go(STAGE_LIVE);
        data = group_piece(512, true);
        assert_int_equal(driver_block(&driver_queues[0], 0, 9, &data, 1), 0);
        driver_interrupt();
        rig_wait(20);
        group_silent();
    }
}

static void size_written(void)
{
    driver_write(VIRTIO_REG_QUEUE_SEL, 0);
    driver_write(VIRTIO_REG_QUEUE_SIZE, 8);
}

static void ready_unread(void)
{
    enable_without(NO_READY);
}

static void high_halves_missing(void)
{
    enable_without(NO_HIGHS);
}

/* What is wrong after the reset is told by its own clause, not by that of what
 * was wrong before. */
static void a_reset_forgets_why(void **state)
{
    static const struct {
        void (*before)(void);
        enum driver_stage stage;
        void (*after)(void);
        enum clause_id clause;
    } cases[] = {
        {accepted_beyond, STAGE_DRIVER, size_written, CLAUSE_INIT_DRV_007},
        {queue_stopped, STAGE_FEATURES_OK, ready_unread, CLAUSE_MMIO_TXT_011},
        {queue_reset, STAGE_FEATURES_OK, high_halves_missing,
         CLAUSE_MMIO_TXT_014},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        group_live(RIG_BLOCK);
        cases[i].before();
        driver_go(cases[i].stage);
        rig_forget();
        cases[i].after();
        group_only(cases[i].clause);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_reset_forgets_what_was_wrong),
    cmocka_unit_test(a_reset_forgets_why),
};

int virtio_reset_run(void)
{
    return cmocka_run_group_tests_name("what a reset forgets", tests, NULL,
                                       NULL);
}
