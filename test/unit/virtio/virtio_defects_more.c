/* The audit's defects from B20 on; see virtio_defects.c. B10, B21, B22, B31,
 * B38 and B52 are breaches of virtio_breaches_*.c, too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/support/virtio_driver.h"
#include "test/unit/virtio/virtio_groups.h"

static void entropy_works(void)
{
    struct driver_queue *queue = &driver_queues[0];
    struct driver_used used;

    driver_chain(queue, 0, &(struct driver_piece){driver_alloc(8, 8), 8, true},
                 1);
    driver_want_interrupt(queue);
    driver_kick(queue);
    assert_true(rig_run());
    assert_true(driver_take(queue, &used));
    assert_int_equal(used.length, 8);
}

static void B10_odd_values_of_queue_ready(void **state)
{
    (void)state;
    group_at(RIG_ENTROPY, STAGE_LIVE);
    driver_write(VIRTIO_REG_QUEUE_SEL, 0);
    driver_write(VIRTIO_REG_QUEUE_READY, 1);
    group_only(CLAUSE_MMIO_TXT_003);
    driver_write(VIRTIO_REG_QUEUE_READY, 0x80000000);
    assert_int_equal(virtio_device_broken(rig.device, CLAUSE_MMIO_TXT_003), 2);
    assert_int_equal(driver_read(VIRTIO_REG_QUEUE_READY), 1);
    entropy_works();
}

static void B20_failed_is_quiet(void **state)
{
    (void)state;
    group_at(RIG_BLOCK, STAGE_LIVE);
    driver_add_status(VIRTIO_STATUS_FAILED);
    for (unsigned i = 0; i < 1000; i++) {
        driver_read(VIRTIO_REG_STATUS);
        driver_read(VIRTIO_REG_INTERRUPT_STATUS);
        driver_read(0x100 + 20);
    }
    driver_add_status(VIRTIO_STATUS_FAILED); /* the same again */
    driver_queue_delete(0);
    group_silent();
    driver_go(STAGE_LIVE);
    group_silent();
}

static void B21_selectors_have_to_be_written(void **state)
{
    (void)state;
    group_at(RIG_BLOCK, STAGE_LIVE);
    driver_begin(STAGE_DRIVER, 0); /* the reset forgets that they were */
    driver_read(VIRTIO_REG_DEVICE_FEATURES);
    driver_write(VIRTIO_REG_DRIVER_FEATURES, 0);
    assert_int_equal(rig.report_count, 2);
    assert_true(rig_reported(CLAUSE_MMIO_DRV_014));
    assert_true(rig_reported(CLAUSE_MMIO_DRV_015));
}

static void B22_features_at_status_0(void **state)
{
    (void)state;
    group_at(RIG_BLOCK, STAGE_RESET);
    driver_accept(0);
    group_only(CLAUSE_INIT_DRV_003);
}

static void B23_feature_errors_cite_their_clause(void **state)
{
    (void)state;
    group_at(RIG_BLOCK, STAGE_DRIVER);
    driver_accept((driver_offered() & UINT32_MAX) |
                  UINT64_C(1) << VIRTIO_F_ACCESS_PLATFORM);
    driver_add_status(VIRTIO_STATUS_FEATURES_OK);
    assert_int_equal(rig.report_count, 2);
    assert_string_equal(rig.reports[0].clause->id, "feat-drv-001");
    assert_string_equal(rig.reports[0].clause->section, "2.2.1");
    assert_string_equal(rig.reports[1].clause->id, "resv-drv-001");
    assert_string_equal(rig.reports[1].clause->section, "6.1");
    assert_int_equal(rig.reports[0].level, VIRTIO_MUST);
    assert_int_equal(driver_read(VIRTIO_REG_STATUS), 3);
}

static void B24_order_is_of_steps(void **state)
{
    (void)state;
    group_at(RIG_BLOCK, STAGE_RESET);
    driver_write(VIRTIO_REG_STATUS, 1 | 2 | 8);
    assert_true(rig_reported(CLAUSE_INIT_DRV_003));
    group_at(RIG_BLOCK, STAGE_DRIVER);
    driver_add_status(VIRTIO_STATUS_FEATURES_OK);
    assert_true(rig_reported(CLAUSE_INIT_DRV_004));
    /* Two bits at once are common and no error. */
    group_at(RIG_BLOCK, STAGE_RESET);
    driver_write(VIRTIO_REG_STATUS, 1 | 2);
    group_only(CLAUSE_INIT_DRV_002);
    assert_int_equal(rig.reports[0].level, VIRTIO_SUSPICION);
}

static void B25_going_on_after_a_refusal(void **state)
{
    (void)state;
    group_at(RIG_BLOCK, STAGE_DRIVER);
    driver_accept(driver_offered() | UINT64_C(1) << VIRTIO_F_ACCESS_PLATFORM);
    driver_add_status(VIRTIO_STATUS_FEATURES_OK);
    rig_forget();
    driver_add_status(VIRTIO_STATUS_DRIVER_OK);
    group_only(CLAUSE_INIT_DRV_013);
    assert_int_equal(driver_read(VIRTIO_REG_STATUS), 3);
    /* Another try at the features is none of that. */
    rig_forget();
    driver_accept(driver_offered());
    driver_add_status(VIRTIO_STATUS_FEATURES_OK);
    group_silent();
    assert_int_equal(driver_read(VIRTIO_REG_STATUS), 11);
}

static void B26_addresses_are_judged_when_whole(void **state)
{
    (void)state;
    group_at(RIG_ENTROPY, STAGE_FEATURES_OK);
    driver_queue_setup(0, 8, false);
    for (uint32_t i = 0; i < 3; i++) {
        driver_write(VIRTIO_REG_QUEUE_DESC_LOW + 16 * i, 0xffffffff);
        driver_write(VIRTIO_REG_QUEUE_DESC_HIGH + 16 * i, 0xffffffff);
    }
    driver_write(VIRTIO_REG_QUEUE_SIZE, 3);
    group_silent();
    driver_queue_setup(0, 8, true);
    driver_add_status(VIRTIO_STATUS_DRIVER_OK);
    entropy_works();
    group_silent();
}

static void B28_fields_of_the_device(void **state)
{
    (void)state;
    group_at(RIG_CONSOLE, STAGE_LIVE);
    virtio_mmio_write(rig.device, 0x100, 2, 1);
    group_only(CLAUSE_LINTEL_CFG_001);
    assert_int_equal(virtio_mmio_read(rig.device, 0x100, 2), 80);
    rig_start(RIG_OTHER, VIRTIO_LINT_TOLERANT, 1u << OTHER_F_BASE);
    driver_go(STAGE_LIVE);
    virtio_mmio_write(rig.device, 0x100 + 12, 1, 1);
    group_only(CLAUSE_CFG_DRV_003);
    assert_int_equal(rig.device->config[12], 0);
}

static void B29_the_driver_is_blamed(void **state)
{
    (void)state;
    group_at(RIG_ENTROPY, STAGE_LIVE);
    driver_write(VIRTIO_REG_QUEUE_NOTIFY, 1);
    group_only(CLAUSE_MMIO_TXT_004);
    for (enum clause_id id = 0; id < CLAUSE_COUNT; id++) {
        assert_null(strstr(virtio_clause_get(id)->id, "-dev-"));
    }
    entropy_works();
}

static void B30_no_configuration_space(void **state)
{
    (void)state;
    group_at(RIG_ENTROPY, STAGE_LIVE);
    assert_int_equal(virtio_mmio_read(rig.device, 0x100, 1), 0);
    virtio_mmio_write(rig.device, 0x100, 4, 1);
    group_only(CLAUSE_MMIO_DRV_001);
}

static void B32_reset_keeps_the_configuration(void **state)
{
    (void)state;
    group_at(RIG_CONSOLE, STAGE_LIVE);
    virtio_console_resize(&rig.console, 132, 43);
    uint32_t before = driver_read(VIRTIO_REG_CONFIG_GENERATION);

    driver_reset();
    assert_int_equal(driver_read(VIRTIO_REG_CONFIG_GENERATION), before);
    assert_int_equal(virtio_mmio_read(rig.device, 0x100, 2), 132);
}

static void B34_odd_values_of_status(void **state)
{
    (void)state;
    group_at(RIG_ENTROPY, STAGE_LIVE);
    driver_write(VIRTIO_REG_STATUS, 0x100);
    group_only(CLAUSE_MMIO_TXT_005);
    assert_int_equal(driver_read(VIRTIO_REG_STATUS), 15);
    rig_forget();
    driver_write(VIRTIO_REG_STATUS, 15 | 16);
    group_only(CLAUSE_STATUS_TXT_001);
    assert_int_equal(driver_read(VIRTIO_REG_STATUS), 15);
}

static void B35_needs_reset_is_not_the_drivers_bit(void **state)
{
    (void)state;
    group_at(RIG_ENTROPY, STAGE_LIVE);
    virtio_device_needs_reset(rig.device);
    driver_write(VIRTIO_REG_STATUS, 15);
    driver_write(VIRTIO_REG_STATUS, 15 | 64);
    group_silent();
    assert_int_equal(driver_read(VIRTIO_REG_STATUS), 15 | 64);
}

static void B36_the_line_is_a_level(void **state)
{
    (void)state;
    group_at(RIG_CONSOLE, STAGE_LIVE);
    struct driver_piece out = {driver_alloc(4, 4), 4, false};

    driver_chain(&driver_queues[1], 0, &out, 1);
    driver_want_interrupt(&driver_queues[1]);
    driver_kick(&driver_queues[1]);
    rig_run();
    virtio_console_resize(&rig.console, 1, 1);
    assert_int_equal(rig.edges, 1);
    assert_int_equal(driver_read(VIRTIO_REG_INTERRUPT_STATUS), 3);
    driver_write(VIRTIO_REG_INTERRUPT_ACK, 1);
    assert_true(rig.line);
    assert_int_equal(driver_read(VIRTIO_REG_INTERRUPT_STATUS), 2);
    driver_write(VIRTIO_REG_INTERRUPT_ACK, 0);
    assert_true(rig.line);
    driver_write(VIRTIO_REG_INTERRUPT_ACK, 2);
    assert_false(rig.line);
    group_silent();
}

static void B37_newer_registers(void **state)
{
    static const uint32_t shm[] = {0xb0, 0xb4, 0xb8, 0xbc};

    (void)state;
    group_at(RIG_ENTROPY, STAGE_LIVE);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(driver_read(shm[i]), UINT32_MAX);
    }
    group_only(CLAUSE_MMIO_DRV_030);
    assert_int_equal(rig.reports[0].level, VIRTIO_SUSPICION);
    rig_forget();
    assert_int_equal(driver_read(VIRTIO_REG_QUEUE_RESET), 0);
    group_silent();
}

static void B39_addresses_are_64_bits(void **state)
{
    (void)state;
    group_at(RIG_ENTROPY, STAGE_FEATURES_OK);
    driver_queue_setup(0, 8, false);
    struct driver_queue *queue = &driver_queues[0];

    queue->desc = RIG_HIGH_BASE;
    queue->avail = RIG_HIGH_BASE + 0x1000;
    queue->used = RIG_HIGH_BASE + RIG_HIGH - (6 + 8 * 8) - 2;
    for (uint32_t i = 0; i < 3; i++) {
        uint64_t gpa = i == 0   ? queue->desc
                       : i == 1 ? queue->avail
                                : queue->used;

        driver_write(VIRTIO_REG_QUEUE_DESC_LOW + 16 * i, (uint32_t)gpa);
        driver_write(VIRTIO_REG_QUEUE_DESC_HIGH + 16 * i, 1);
    }
    driver_write(VIRTIO_REG_QUEUE_READY, 1);
    driver_add_status(VIRTIO_STATUS_DRIVER_OK);
    entropy_works();
    group_silent();
}

static void B41_a_device_without_queues(void **state)
{
    (void)state;
    group_at(RIG_NOQUEUE, STAGE_LIVE);
    assert_int_equal(driver_read(VIRTIO_REG_DEVICE_ID), 43);
    driver_write(VIRTIO_REG_QUEUE_SEL, 0);
    assert_int_equal(driver_read(VIRTIO_REG_QUEUE_SIZE_MAX), 0);
    assert_int_equal(driver_read(VIRTIO_REG_STATUS), 15);
    group_silent();
}

static void B43_going_on_after_a_report(void **state)
{
    static const unsigned sizes[] = {1, 2, 4, 8};

    (void)state;
    group_at(RIG_BLOCK, STAGE_LIVE);
    for (uint32_t offset = 0; offset < VIRTIO_MMIO_WINDOW; offset++) {
        for (unsigned i = 0; i < 4; i++) {
            virtio_mmio_read(rig.device, offset, sizes[i]);
            virtio_mmio_write(rig.device, offset, sizes[i], UINT64_MAX);
        }
    }
    /* The wide access at the start of the space is no register's. */
    assert_int_equal(virtio_mmio_read(rig.device, 0x100, 8), RIG_DISK / 512);
    driver_read(VIRTIO_REG_CONFIG_GENERATION);
    rig_forget();
    driver_go(STAGE_LIVE);
    group_silent();
}

static void B44_every_violation_is_seen(void **state)
{
    (void)state;
    group_at(RIG_ENTROPY, STAGE_LIVE);
    driver_write(VIRTIO_REG_VENDOR_ID, 1);
    driver_read(VIRTIO_REG_QUEUE_SEL);
    driver_read(0x0a8);
    assert_int_equal(rig.report_count, 3);
    entropy_works();
}

static void B46_every_clause_is_cited(void **state)
{
    (void)state;
    for (enum clause_id id = 0; id < CLAUSE_COUNT; id++) {
        const struct virtio_clause *clause = virtio_clause_get(id);

        assert_true(clause->section[0] >= '2' && clause->section[0] <= '6');
        assert_true(strlen(clause->id) > 8);
        /* Text of the specification is never called a MUST. */
        assert_true(strstr(clause->id, "-txt-") == NULL ||
                    clause->level <= VIRTIO_SUSPICION);
    }
}

static void B48_history(void **state)
{
    struct virtio_history_entry entry;

    (void)state;
    group_at(RIG_ENTROPY, STAGE_LIVE);
    for (unsigned i = 0; i < 1000; i++) {
        driver_kick(&driver_queues[0]);
    }
    driver_read(VIRTIO_REG_MAGIC_VALUE);
    assert_true(virtio_history_get(rig.device, 0, &entry));
    assert_int_equal(entry.offset, 0);
    assert_int_equal(entry.value, 0x74726976);
    assert_false(entry.write);
    assert_true(virtio_history_get(rig.device, 1, &entry));
    assert_string_equal(virtio_register_name(entry.offset), "QueueNotify");
    assert_int_equal(entry.count, 1000);
    assert_true(virtio_history_get(rig.device, 2, &entry));
    assert_string_equal(virtio_register_name(entry.offset), "Status");
    assert_int_equal(entry.value, 15);
    assert_true(virtio_history_get(rig.device, VIRTIO_HISTORY - 1, &entry));
    assert_false(virtio_history_get(rig.device, VIRTIO_HISTORY, &entry));
}

static void B49_floods_are_counted(void **state)
{
    (void)state;
    group_at(RIG_ENTROPY, STAGE_LIVE);
    for (unsigned i = 0; i < 123456; i++) {
        driver_write(VIRTIO_REG_VENDOR_ID, i);
    }
    assert_int_equal(rig.report_count, 6); /* 1, 10, ... 100,000 */
    assert_int_equal(rig.reports[5].repeat, 100000);
    assert_int_equal(virtio_device_broken(rig.device, CLAUSE_MMIO_DRV_002),
                     123456);
}

static bool made(const struct virtio_type *type,
                 void (*service)(struct virtio_queue *queue))
{
    const struct virtio_device_options options = {.lint = VIRTIO_LINT_STRICT};
    const struct virtio_device_ops ops = {.type = type, .service = service};

    return virtio_device_init(&rig.bare, &ops, &options, rig.other_queues,
                              NULL) == NULL;
}

static void B51_faults_of_ours_are_found_first(void **state)
{
    static const struct virtio_queue_info odd[] = {{"q", 12, 1, false}};
    static const struct virtio_field over[] = {
        {"a", 0, 4, 1, -1, 0},
        {"b", 2, 2, 1, -1, 0},
    };
    struct virtio_type type = *virtio_other_ops.type;

    (void)state;
    rig_start(RIG_EMPTY, VIRTIO_LINT_STRICT, 0);
    type.queues = odd;
    assert_false(made(&type, virtio_other_ops.service));
    type = *virtio_other_ops.type;
    type.fields = over;
    type.field_count = 2;
    assert_false(made(&type, virtio_other_ops.service));
    type = *virtio_other_ops.type;
    type.offered |= 1u << 9;
    assert_false(made(&type, virtio_other_ops.service));
    assert_false(made(virtio_other_ops.type, NULL));
    assert_true(made(virtio_other_ops.type, virtio_other_ops.service));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(B10_odd_values_of_queue_ready),
    cmocka_unit_test(B20_failed_is_quiet),
    cmocka_unit_test(B21_selectors_have_to_be_written),
    cmocka_unit_test(B22_features_at_status_0),
    cmocka_unit_test(B23_feature_errors_cite_their_clause),
    cmocka_unit_test(B24_order_is_of_steps),
    cmocka_unit_test(B25_going_on_after_a_refusal),
    cmocka_unit_test(B26_addresses_are_judged_when_whole),
    cmocka_unit_test(B28_fields_of_the_device),
    cmocka_unit_test(B29_the_driver_is_blamed),
    cmocka_unit_test(B30_no_configuration_space),
    cmocka_unit_test(B32_reset_keeps_the_configuration),
    cmocka_unit_test(B34_odd_values_of_status),
    cmocka_unit_test(B35_needs_reset_is_not_the_drivers_bit),
    cmocka_unit_test(B36_the_line_is_a_level),
    cmocka_unit_test(B37_newer_registers),
    cmocka_unit_test(B39_addresses_are_64_bits),
    cmocka_unit_test(B41_a_device_without_queues),
    cmocka_unit_test(B43_going_on_after_a_report),
    cmocka_unit_test(B44_every_violation_is_seen),
    cmocka_unit_test(B46_every_clause_is_cited),
    cmocka_unit_test(B48_history),
    cmocka_unit_test(B49_floods_are_counted),
    cmocka_unit_test(B51_faults_of_ours_are_found_first),
};

int virtio_defects_more_run(void)
{
    return cmocka_run_group_tests_name("defects from B20", tests, NULL, NULL);
}
