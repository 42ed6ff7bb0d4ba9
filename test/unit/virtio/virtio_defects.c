/* The defects of the code Lintel descends from, each as the test that would
 * have found it. The numbers are those of the audit of that code; what is not
 * here either cannot be provoked by a driver (B33, B47) or belongs to packed
 * rings (B27); B45 is virtio_race_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/support/virtio_driver.h"
#include "test/unit/virtio/virtio_groups.h"

static uint32_t ready_of(uint32_t index)
{
    driver_write(VIRTIO_REG_QUEUE_SEL, index);
    return driver_read(VIRTIO_REG_QUEUE_READY);
}

static void sector_read(uint64_t sector)
{
    struct driver_piece data = {driver_alloc(512, 512), 512, true};

    assert_int_equal(driver_block(&driver_queues[0], 0, sector, &data, 1), 0);
    assert_memory_equal(rig_at(data.gpa, 512), rig.disk + sector * 512, 512);
}

static void B1_reset_of_a_device_in_use(void **state)
{
    (void)state;
    group_at(RIG_BLOCK, STAGE_LIVE);
    sector_read(1);
    driver_write(VIRTIO_REG_STATUS, 0);
    assert_true(virtio_device_settled(rig.device));
    assert_int_equal(driver_read(VIRTIO_REG_STATUS), 0);
    driver_go(STAGE_LIVE);
    sector_read(2);
    group_silent();
}

static void B2_queue_ready_back_to_0(void **state)
{
    (void)state;
    group_at(RIG_BLOCK, STAGE_LIVE);
    sector_read(1);
    driver_queue_delete(0);
    assert_int_equal(ready_of(0), 0);
    driver_queue_setup(0, 4, true);
    assert_int_equal(ready_of(0), 1);
    sector_read(2);
    group_silent();
}

static bool hook_ran;

static void reset_meanwhile(void)
{
    rig.on_disk = NULL;
    hook_ran = true;
    driver_write(VIRTIO_REG_STATUS, 0);
    assert_false(virtio_device_settled(rig.device));
    assert_int_not_equal(driver_read(VIRTIO_REG_STATUS), 0);
    assert_int_equal(ready_of(0), 1);
    driver_kick(&driver_queues[0]);
    group_silent();
    driver_write(VIRTIO_REG_STATUS, VIRTIO_STATUS_ACKNOWLEDGE);
    group_only(CLAUSE_RESET_DRV_001);
    rig_forget();
}

static void B3_reset_with_work_in_flight(void **state)
{
    struct driver_piece data[8];

    (void)state;
    group_at(RIG_BLOCK, STAGE_LIVE);
    uint64_t base = driver_alloc(8 * 512, 512);

    for (unsigned i = 0; i < 8; i++) {
        data[i] = (struct driver_piece){base + 512 * i, 512, true};
    }
    rig.on_disk = reset_meanwhile;
    hook_ran = false;
    assert_int_equal(driver_block(&driver_queues[0], 0, 0, data, 8), -1);
    assert_true(hook_ran);
    assert_true(virtio_device_settled(rig.device));
    assert_int_equal(driver_read(VIRTIO_REG_STATUS), 0);
    assert_int_equal(ready_of(0), 0);
    assert_false(rig.line);
    /* The request went no further than where the reset found it. */
    assert_int_equal(*rig_at(base + 4096 - 1, 1), 0);
    driver_go(STAGE_LIVE);
    sector_read(5);
    group_silent();
}

static void stop_meanwhile(void)
{
    rig.on_disk = NULL;
    hook_ran = true;
    driver_write(VIRTIO_REG_QUEUE_SEL, 0);
    driver_write(VIRTIO_REG_QUEUE_READY, 0);
    assert_false(virtio_device_settled(rig.device));
    assert_int_equal(driver_read(VIRTIO_REG_QUEUE_READY), 1);
    group_only(CLAUSE_CLEANUP_DRV_002);
    rig_forget();
    driver_write(VIRTIO_REG_QUEUE_DESC_LOW, 0);
    driver_write(VIRTIO_REG_QUEUE_READY, 1);
    group_only(CLAUSE_MMIO_DRV_019);
    rig_forget();
}

static void B3_stop_with_work_in_flight(void **state)
{
    (void)state;
    group_at(RIG_OTHER, STAGE_LIVE);
    struct driver_piece out = {driver_alloc(4, 4), 4, false};
    struct driver_queue *queue = &driver_queues[0];
    struct driver_used used;

    driver_chain(queue, 0, &out, 1);
    driver_chain(queue, 1, &out, 1);
    driver_kick(queue);
    rig.on_disk = stop_meanwhile;
    hook_ran = false;
    assert_true(rig_run());
    assert_true(hook_ran);
    assert_true(virtio_device_settled(rig.device));
    assert_int_equal(ready_of(0), 0);
    /* The one begun was finished, the other not begun. */
    assert_true(driver_take(queue, &used));
    assert_false(driver_take(queue, &used));
    driver_queue_setup(0, 0, true);
    driver_chain(queue, 0, &out, 1);
    driver_kick(queue);
    assert_true(rig_run());
    assert_true(driver_take(queue, &used));
    assert_false(driver_take(queue, &used));
    group_silent();
}

static void B4_reset_leaves_nothing(void **state)
{
    (void)state;
    group_at(RIG_BLOCK, STAGE_LIVE);
    driver_write(VIRTIO_REG_DEVICE_FEATURES_SEL, 1);
    sector_read(1);
    driver_chain(&driver_queues[0], 0,
                 &(struct driver_piece){driver_alloc(4, 4), 4, true}, 1);
    driver_want_interrupt(&driver_queues[0]);
    driver_kick(&driver_queues[0]);
    rig_run();
    assert_true(rig.line);
    rig_forget(); /* a request without a header */
    driver_reset();
    assert_false(rig.line);
    assert_int_equal(driver_read(VIRTIO_REG_INTERRUPT_STATUS), 0);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(rig.device->queues[0].setup.address[i], 0);
    }
    assert_int_equal(rig.device->session.device_features_sel, 0);
    assert_int_equal(rig.device->session.accepted[0], 0);
    driver_add_status(VIRTIO_STATUS_ACKNOWLEDGE);
    driver_add_status(VIRTIO_STATUS_DRIVER);
    group_silent();
    driver_read(VIRTIO_REG_DEVICE_FEATURES);
    group_only(CLAUSE_MMIO_DRV_014);
    rig_forget();
    driver_accept(driver_offered());
    driver_add_status(VIRTIO_STATUS_FEATURES_OK);
    driver_read(VIRTIO_REG_STATUS);
    driver_write(VIRTIO_REG_QUEUE_SEL, 0);
    driver_read(VIRTIO_REG_QUEUE_READY);
    driver_read(VIRTIO_REG_QUEUE_SIZE_MAX);
    driver_write(VIRTIO_REG_QUEUE_READY, 1);
    group_only(CLAUSE_MMIO_DRV_016);
    assert_int_equal(ready_of(0), 0);
}

static void B5_nothing_before_driver_ok(void **state)
{
    struct driver_used used;

    (void)state;
    group_at(RIG_ENTROPY, STAGE_QUEUES);
    driver_chain(&driver_queues[0], 0,
                 &(struct driver_piece){driver_alloc(4, 4), 4, true}, 1);
    virtio_queue_service(&rig.device->queues[0]);
    assert_true(rig_run());
    assert_false(driver_take(&driver_queues[0], &used));
    driver_kick(&driver_queues[0]);
    group_only(CLAUSE_INIT_DRV_014);
    assert_true(rig_run());
    assert_false(driver_take(&driver_queues[0], &used));
    assert_false(rig.line);
    driver_add_status(VIRTIO_STATUS_DRIVER_OK);
    assert_true(rig_run());
    assert_true(driver_take(&driver_queues[0], &used));
    assert_int_equal(used.length, 4);
}

static void B6_sizes(void **state)
{
    static const uint16_t bad[] = {0, 3, 5, 6, 100, 255};

    (void)state;
    ONLY_IF(!rig_with(VIRTIO_F_RING_PACKED));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        group_at(RIG_BLOCK, STAGE_FEATURES_OK);
        driver_queue_setup(0, 8, false);
        driver_write(VIRTIO_REG_QUEUE_SIZE, bad[i]);
        group_silent();
        driver_write(VIRTIO_REG_QUEUE_READY, 1);
        group_only(CLAUSE_SPLIT_TXT_001);
        assert_int_equal(ready_of(0), 0);
    }
    for (uint16_t size = 1; size <= 256; size = (uint16_t)(size * 2)) {
        group_at(RIG_BLOCK, STAGE_FEATURES_OK);
        driver_queue_setup(0, size, true);
        assert_int_equal(ready_of(0), 1);
        group_silent();
    }
    group_at(RIG_BLOCK, STAGE_FEATURES_OK);
    driver_queue_setup(0, 8, false);
    driver_write(VIRTIO_REG_QUEUE_SIZE, 257);
    driver_write(VIRTIO_REG_QUEUE_SIZE, 512);
    driver_write(VIRTIO_REG_QUEUE_SIZE, 0x10008);
    group_only(CLAUSE_MMIO_DRV_016);
}

static void B7_size_of_a_running_queue(void **state)
{
    (void)state;
    group_at(RIG_BLOCK, STAGE_LIVE);
    driver_write(VIRTIO_REG_QUEUE_SEL, 0);
    driver_write(VIRTIO_REG_QUEUE_SIZE, 2);
    group_only(CLAUSE_MMIO_DRV_017);
    assert_int_equal(rig.device->queues[0].size, 256);
    sector_read(1);
}

static void B8_ready_at_any_status(void **state)
{
    (void)state;
    for (unsigned stage = STAGE_RESET; stage <= STAGE_FEATURES; stage++) {
        group_at(RIG_BLOCK, stage);
        driver_queue_setup(0, 8, false);
        rig_forget();
        driver_write(VIRTIO_REG_QUEUE_READY, 1);
        group_only(CLAUSE_INIT_DRV_005);
        assert_int_equal(ready_of(0), 0);
    }
}

static void B9_zeroed_queue(void **state)
{
    (void)state;
    group_at(RIG_BLOCK, STAGE_FEATURES_OK);
    driver_write(VIRTIO_REG_QUEUE_SEL, 0);
    driver_read(VIRTIO_REG_QUEUE_READY);
    driver_write(VIRTIO_REG_QUEUE_SIZE, driver_read(VIRTIO_REG_QUEUE_SIZE_MAX));
    driver_write(VIRTIO_REG_QUEUE_READY, 1);
    group_only(CLAUSE_MMIO_TXT_014);
    assert_int_equal(ready_of(0), 0);
    /* Address 0 itself is memory like any other. */
    rig_forget();
    driver_queue_setup(0, 8, false);
    driver_write(VIRTIO_REG_QUEUE_DESC_LOW, 0);
    driver_write(VIRTIO_REG_QUEUE_READY, 1);
    assert_int_equal(ready_of(0), 1);
    group_silent();
}

static void B11_device_errors_need_a_reset(void **state)
{
    (void)state;
    group_at(RIG_BLOCK, STAGE_LIVE);
    assert_true(rig_run());
    virtio_device_needs_reset(rig.device);
    assert_true(rig.line);
    assert_int_equal(driver_interrupt(), VIRTIO_INTERRUPT_CONFIG);
    assert_true((driver_read(VIRTIO_REG_STATUS) & 64) != 0);
    virtio_device_needs_reset(rig.device);
    assert_false(rig.line);
    /* Dead until reset, and quietly so. */
    driver_kick(&driver_queues[0]);
    assert_int_equal(rig.woken, 0);
    driver_go(STAGE_LIVE);
    sector_read(1);
    group_silent();
    /* Before DRIVER_OK there is no notification. */
    group_at(RIG_BLOCK, STAGE_QUEUES);
    virtio_device_needs_reset(rig.device);
    assert_false(rig.line);
}

static void B12_drivers_own_config_write(void **state)
{
    (void)state;
    group_at(RIG_OTHER, STAGE_LIVE);
    uint32_t before = driver_read(VIRTIO_REG_CONFIG_GENERATION);

    driver_write(0x100 + 8, 1234);
    assert_int_equal(driver_read(0x100 + 8), 1234);
    assert_int_equal(driver_read(VIRTIO_REG_CONFIG_GENERATION), before);
    assert_false(rig.line);
    group_silent();
}

static void B13_devices_config_change(void **state)
{
    (void)state;
    group_at(RIG_CONSOLE, STAGE_LIVE);
    uint32_t before = driver_read(VIRTIO_REG_CONFIG_GENERATION);

    virtio_console_resize(&rig.console, 80, 25);
    assert_int_equal(driver_read(VIRTIO_REG_CONFIG_GENERATION), before);
    assert_false(rig.line);
    virtio_console_resize(&rig.console, 132, 43);
    assert_int_not_equal(driver_read(VIRTIO_REG_CONFIG_GENERATION), before);
    assert_true(rig.line);
    assert_int_equal(driver_interrupt(), VIRTIO_INTERRUPT_CONFIG);
    assert_int_equal(virtio_mmio_read(rig.device, 0x100, 2), 132);
    assert_int_equal(virtio_mmio_read(rig.device, 0x102, 2), 43);
    group_silent();
}

static void B14_emergency_write(void **state)
{
    (void)state;
    for (unsigned stage = STAGE_IDENTIFIED; stage <= STAGE_LIVE; stage++) {
        group_at(RIG_CONSOLE, stage);
        driver_write(0x100 + 8, 0xaabbcc00 | 'E');
        group_silent();
        assert_int_equal(rig.printed_count, 1);
        assert_int_equal(rig.printed[0], 'E');
    }
}

static void B15_config_read_at_any_status(void **state)
{
    (void)state;
    for (unsigned stage = STAGE_IDENTIFIED; stage <= STAGE_LIVE; stage++) {
        group_at(RIG_BLOCK, stage);
        driver_read(VIRTIO_REG_CONFIG_GENERATION);
        assert_int_equal(driver_read(0x100), RIG_DISK / 512);
        assert_int_equal(driver_read(0x104), 0);
        driver_read(VIRTIO_REG_CONFIG_GENERATION);
        assert_int_equal(driver_read(0x100 + 12), 254);
        assert_int_equal(driver_read(0x100 + 20), 512);
        group_silent();
    }
}

static void B16_alignment_is_of_the_offset(void **state)
{
    (void)state;
    for (uint32_t offset = 0; offset < 4; offset++) {
        group_at(RIG_CONSOLE, STAGE_LIVE);
        virtio_mmio_read(rig.device, 0x100 + offset, 2);
        if (offset % 2 == 0) {
            group_silent();
        } else {
            group_only(CLAUSE_MMIO_DRV_006);
        }
    }
}

static void B17_same_features_again(void **state)
{
    (void)state;
    group_at(RIG_BLOCK, STAGE_LIVE);
    driver_accept(driver_offered());
    group_silent();
}

static void B18_absent_queues(void **state)
{
    (void)state;
    group_at(RIG_CONSOLE, STAGE_LIVE);
    driver_write(VIRTIO_REG_QUEUE_SEL, 2);
    assert_int_equal(driver_read(VIRTIO_REG_QUEUE_SIZE_MAX), 0);
    driver_write(VIRTIO_REG_QUEUE_READY, 0);
    assert_int_equal(driver_read(VIRTIO_REG_QUEUE_READY), 0);
    driver_write(VIRTIO_REG_QUEUE_SIZE, 8);
    driver_write(VIRTIO_REG_QUEUE_DESC_LOW, 0x1001);
    driver_write(VIRTIO_REG_QUEUE_SEL, 0xffff);
    assert_int_equal(driver_read(VIRTIO_REG_QUEUE_SIZE_MAX), 0);
    group_silent();
}

static void B19_selectors_beyond_1(void **state)
{
    (void)state;
    group_at(RIG_BLOCK, STAGE_FEATURES);
    uint64_t accepted = rig.device->session.accepted[0];

    for (uint32_t word = 2; word < 8; word++) {
        driver_write(VIRTIO_REG_DEVICE_FEATURES_SEL, word);
        assert_int_equal(driver_read(VIRTIO_REG_DEVICE_FEATURES), 0);
        driver_write(VIRTIO_REG_DRIVER_FEATURES_SEL, word);
        driver_write(VIRTIO_REG_DRIVER_FEATURES, 0);
        assert_int_equal(rig.device->session.accepted[0], accepted);
    }
    driver_write(VIRTIO_REG_DEVICE_FEATURES_SEL, UINT32_MAX);
    assert_int_equal(driver_read(VIRTIO_REG_DEVICE_FEATURES), 0);
    driver_add_status(VIRTIO_STATUS_FEATURES_OK);
    assert_true((driver_read(VIRTIO_REG_STATUS) & 8) != 0);
    group_silent();
    driver_go(STAGE_FEATURES);
    driver_write(VIRTIO_REG_DRIVER_FEATURES_SEL, 6);
    driver_write(VIRTIO_REG_DRIVER_FEATURES, 1);
    driver_add_status(VIRTIO_STATUS_FEATURES_OK);
    group_only(CLAUSE_FEAT_DRV_005);
    assert_true((driver_read(VIRTIO_REG_STATUS) & 8) == 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(B1_reset_of_a_device_in_use),
    cmocka_unit_test(B2_queue_ready_back_to_0),
    cmocka_unit_test(B3_reset_with_work_in_flight),
    cmocka_unit_test(B3_stop_with_work_in_flight),
    cmocka_unit_test(B4_reset_leaves_nothing),
    cmocka_unit_test(B5_nothing_before_driver_ok),
    cmocka_unit_test(B6_sizes),
    cmocka_unit_test(B7_size_of_a_running_queue),
    cmocka_unit_test(B8_ready_at_any_status),
    cmocka_unit_test(B9_zeroed_queue),
    cmocka_unit_test(B11_device_errors_need_a_reset),
    cmocka_unit_test(B12_drivers_own_config_write),
    cmocka_unit_test(B13_devices_config_change),
    cmocka_unit_test(B14_emergency_write),
    cmocka_unit_test(B15_config_read_at_any_status),
    cmocka_unit_test(B16_alignment_is_of_the_offset),
    cmocka_unit_test(B17_same_features_again),
    cmocka_unit_test(B18_absent_queues),
    cmocka_unit_test(B19_selectors_beyond_1),
};

int virtio_defects_run(void)
{
    return cmocka_run_group_tests_name("defects B1 to B19", tests, NULL, NULL);
}
