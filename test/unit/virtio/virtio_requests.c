/* What console and entropy answer, chains at their limits, and the small print
 * of registers. Block requests are virtio_block_requests.c's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/support/virtio_driver.h"
#include "test/unit/virtio/virtio_groups.h"
#include "virtio/cursor.h"

static struct driver_queue *const queue = &driver_queues[0];

static void console_prints(void **state)
{
    (void)state;
    group_live(RIG_CONSOLE);
    struct driver_piece pieces[3] = {
        group_piece(3, false), group_piece(1, false), group_piece(2, false)};

    memcpy(rig_at(pieces[0].gpa, 3), "hel", 3);
    memcpy(rig_at(pieces[1].gpa, 1), "l", 1);
    memcpy(rig_at(pieces[2].gpa, 2), "o\n", 2);
    driver_chain(&driver_queues[1], 0, pieces, 3);
    driver_kick(&driver_queues[1]);
    assert_true(rig_run());
    assert_int_equal(rig.printed_count, 6);
    assert_memory_equal(rig.printed, "hello\n", 6);
    assert_int_equal(rig.report_count, 0);
}

static void type(const char *text)
{
    memcpy(rig.typed + rig.typed_end, text, strlen(text));
    rig.typed_end += strlen(text);
    env_queue_wake(&rig.device->queues[0]);
    assert_true(rig_run());
}

/* Input waits for buffers, buffers for input, and neither is lost. */
static void console_reads(void **state)
{
    struct driver_used used;

    (void)state;
    group_live(RIG_CONSOLE);
    type("first");
    struct driver_piece small = group_piece(2, true);
    struct driver_piece large = group_piece(64, true);

    driver_want_interrupt(queue);
    driver_chain(queue, 0, &small, 1);
    assert_true(driver_kick_if_wanted(queue));
    assert_true(rig_run());
    assert_true(rig.line);
    driver_interrupt();
    assert_true(driver_take(queue, &used));
    assert_int_equal(used.length, 2);
    driver_chain(queue, 1, &large, 1);
    assert_true(driver_kick_if_wanted(queue));
    assert_true(rig_run());
    assert_true(driver_take(queue, &used));
    assert_int_equal(used.length, 3);
    assert_memory_equal(rig_at(large.gpa, 3), "rst", 3);
    driver_chain(queue, 0, &large, 1);
    driver_kick_if_wanted(queue);
    assert_true(rig_run());
    assert_false(driver_take(queue, &used));
    type("more");
    assert_true(driver_take(queue, &used));
    assert_int_equal(used.length, 4);
    /* What was typed over a reset is there for the next driver. */
    type("kept");
    driver_go(STAGE_LIVE);
    assert_true(rig_run());
    driver_chain(queue, 0, &large, 1);
    driver_kick_if_wanted(queue);
    assert_true(rig_run());
    assert_true(driver_take(queue, &used));
    assert_int_equal(used.length, 4);
    assert_int_equal(rig.report_count, 0);
}

static void entropy_gives(void **state)
{
    struct driver_used used;

    (void)state;
    group_live(RIG_ENTROPY);
    struct driver_piece pieces[2] = {group_piece(5, true),
                                     group_piece(4000, true)};

    rig.entropy_empty = true;
    driver_chain(queue, 0, pieces, 2);
    driver_kick(queue);
    rig.woken = 0;
    virtio_queue_service(&rig.device->queues[0]);
    assert_false(driver_take(queue, &used));
    assert_int_equal(rig.woken, 0); /* to ask again at once is to spin */
    rig.entropy_empty = false;
    env_queue_wake(&rig.device->queues[0]);
    assert_true(rig_run());
    assert_true(driver_take(queue, &used));
    assert_int_equal(used.length, 1024);
    assert_int_equal(*rig_at(pieces[1].gpa + 1024 - 5, 1), 0);
    assert_int_equal(rig.report_count, 0);
}

/* Elements without bytes are elements, and nothing more. */
static void empty_elements(void **state)
{
    struct driver_used used;

    (void)state;
    group_live(RIG_ENTROPY);
    struct driver_piece pieces[3] = {
        {UINT64_MAX, 0, true}, group_piece(4, true), {0, 0, true}};

    driver_chain(queue, 0, pieces, 3);
    driver_chain(queue, 3, pieces, 1);
    driver_kick(queue);
    assert_true(rig_run());
    assert_true(driver_take(queue, &used));
    assert_int_equal(used.length, 4);
    assert_true(driver_take(queue, &used));
    assert_int_equal(used.length, 0);
    assert_int_equal(rig.report_count, 0);
}

/* Under tolerant lint a broken chain comes back empty and the next is served;
 * an entry that is no head is passed over. */
static void tolerant_goes_on(void **state)
{
    struct driver_used used;

    (void)state;
    ONLY_IF(!rig_with(VIRTIO_F_RING_PACKED) && !rig_with(VIRTIO_F_IN_ORDER));
    rig_start(RIG_ENTROPY, VIRTIO_LINT_TOLERANT, 0);
    driver_go(STAGE_LIVE);
    struct driver_piece in = group_piece(4, true);

    driver_desc(queue->desc, 5, in.gpa, 4, DESC_WRITE | DESC_NEXT, 5);
    driver_offer(queue, 5);
    driver_offer(queue, 100);
    driver_chain(queue, 0, &in, 1);
    driver_kick(queue);
    assert_true(rig_run());
    assert_true(driver_take(queue, &used));
    assert_int_equal(used.id, 5);
    assert_int_equal(used.length, 0);
    assert_true(driver_take(queue, &used));
    assert_int_equal(used.id, 0);
    assert_int_equal(used.length, 4);
    assert_false(driver_take(queue, &used));
}

/* Under strict lint a broken ring stops the device at once: what is available
 * behind the broken chain stays. */
static void strict_stops(void **state)
{
    struct driver_used used;

    (void)state;
    ONLY_IF(!rig_with(VIRTIO_F_RING_PACKED) && !rig_with(VIRTIO_F_IN_ORDER));
    group_live(RIG_ENTROPY);
    struct driver_piece in = group_piece(4, true);

    driver_chain(queue, 0, &in, 1);
    driver_desc(queue->desc, 5, in.gpa, 4, DESC_WRITE | DESC_NEXT, 5);
    driver_offer(queue, 5);
    driver_chain(queue, 1, &in, 1);
    driver_kick(queue);
    assert_true(rig_run());
    assert_true(driver_take(queue, &used));
    assert_int_equal(used.id, 0);
    assert_false(driver_take(queue, &used));
    assert_true((driver_read(VIRTIO_REG_STATUS) & 64) != 0);
    driver_kick(queue);
    virtio_queue_service(&rig.device->queues[0]);
    assert_false(driver_take(queue, &used));
    assert_int_equal(rig.report_count, 1);
}

/* 2^32 bytes and as many elements as can be served are inside the limits. */
static void chains_at_the_limits(void **state)
{
    struct driver_piece pieces[VIRTIO_SEGMENTS];
    struct driver_used used;

    (void)state;
    group_live(RIG_BLOCK);
    for (unsigned i = 0; i < 128; i++) {
        pieces[i] = (struct driver_piece){0, RIG_RAM, false};
    }
    driver_chain(queue, 0, pieces, 128);
    driver_kick(queue);
    assert_true(rig_run());
    assert_true(driver_take(queue, &used));
    assert_int_equal(rig.report_count, 1);
    assert_true(rig_reported(CLAUSE_BLK_TXT_007)); /* no status byte */

    ONLY_IF(rig_with(VIRTIO_F_INDIRECT_DESC));
    group_live(RIG_CONSOLE);
    uint64_t text = driver_alloc(1, 1);

    for (unsigned i = 0; i < VIRTIO_SEGMENTS; i++) {
        pieces[i] = (struct driver_piece){text, 1, false};
    }
    driver_indirect(&driver_queues[1], 0, pieces, VIRTIO_SEGMENTS);
    driver_kick(&driver_queues[1]);
    assert_true(rig_run());
    assert_int_equal(rig.printed_count, VIRTIO_SEGMENTS);
    assert_int_equal(rig.report_count, 1);
    assert_int_equal(rig.reports[0].level, VIRTIO_SUSPICION);
}

/* What a driver did before a reset does not count after it. */
static void a_reset_forgets(void **state)
{
    (void)state;
    group_live(RIG_BLOCK);
    driver_read(VIRTIO_REG_CONFIG_GENERATION);
    driver_begin(STAGE_DRIVER, 0);
    driver_read(0x100); /* capacity, without its generation */
    assert_int_equal(rig.report_count, 1);
    assert_true(rig_reported(CLAUSE_CFG_DRV_002));
    rig_forget();
    driver_offered();
    driver_add_status(VIRTIO_STATUS_FEATURES_OK);
    assert_true(rig_reported(CLAUSE_INIT_DRV_004));
    assert_true(rig_reported(CLAUSE_RESV_DRV_001));
}

/* Linux after a suspend: the same features again, unread. */
static void features_accepted_from_memory(void **state)
{
    (void)state;
    group_live(RIG_BLOCK);
    uint64_t features = rig.device->session.accepted[0];

    driver_begin(STAGE_DRIVER, 0);
    driver_accept(features);
    driver_add_status(VIRTIO_STATUS_FEATURES_OK);
    assert_int_equal(rig.report_count, 1);
    assert_true(rig_reported(CLAUSE_INIT_DRV_004));
    assert_int_equal(rig.reports[0].level, VIRTIO_SUSPICION);
    assert_true((driver_read(VIRTIO_REG_STATUS) & 8) != 0);
}

/* A wide field between two reads of ConfigGeneration, with an interrupt and
 * other processors in between. */
static void wide_fields_read_in_company(void **state)
{
    (void)state;
    group_live(RIG_BLOCK);
    driver_read(VIRTIO_REG_CONFIG_GENERATION);
    driver_read(0x100);
    driver_interrupt();
    driver_kick(queue);
    driver_read(VIRTIO_REG_STATUS);
    driver_read(0x104);
    driver_read(VIRTIO_REG_CONFIG_GENERATION);
    driver_write(VIRTIO_REG_QUEUE_SEL, 0);
    assert_int_equal(rig.report_count, 0);
    driver_read(0x104);
    assert_int_equal(rig.report_count, 1);
}

/* Under tolerant lint a byte of a register is read all the same. */
static void narrow_reads(void **state)
{
    (void)state;
    group_live(RIG_BLOCK);
    assert_int_equal(virtio_mmio_read(rig.device, VIRTIO_REG_STATUS, 1), 0);
    assert_int_equal(rig.reports[0].verdict, VIRTIO_VERDICT_READS_ZERO);
    assert_int_equal(rig.reports[0].value_count, 3);
    assert_string_equal(rig.reports[0].values[1].name, "size");
    assert_int_equal(rig.reports[0].values[1].value, 1);
    assert_int_equal(rig.reports[0].queue, -1);
    rig_start(RIG_BLOCK, VIRTIO_LINT_TOLERANT, 0);
    driver_go(STAGE_LIVE);
    assert_int_equal(virtio_mmio_read(rig.device, VIRTIO_REG_MAGIC_VALUE, 2),
                     0x6976);
    assert_int_equal(virtio_mmio_read(rig.device, VIRTIO_REG_STATUS, 1), 15);
    assert_int_equal(virtio_mmio_read(rig.device, VIRTIO_REG_STATUS, 8), 0);
    assert_int_equal(virtio_mmio_read(rig.device, VIRTIO_REG_STATUS + 2, 2), 0);
    virtio_mmio_write(rig.device, VIRTIO_REG_STATUS, 1, 0);
    assert_int_equal(driver_read(VIRTIO_REG_STATUS), 15);
}

/* One interrupt read is one acknowledged. */
static void each_interrupt_is_read(void **state)
{
    (void)state;
    group_live(RIG_CONSOLE);
    virtio_console_resize(&rig.console, 1, 1);
    driver_interrupt();
    assert_int_equal(rig.report_count, 0);
    virtio_console_resize(&rig.console, 2, 2);
    driver_write(VIRTIO_REG_INTERRUPT_ACK, VIRTIO_INTERRUPT_CONFIG);
    assert_true(rig_reported(CLAUSE_MMIO_DRV_032));
    assert_false(rig.line);
}

/* An access that begins inside the configuration space and ends outside. */
static void config_access_across_the_end(void **state)
{
    (void)state;
    group_live(RIG_CONSOLE);
    assert_int_equal(virtio_mmio_read(rig.device, 0x108, 8), 0);
    virtio_mmio_write(rig.device, 0x108, 8, 'x');
    assert_int_equal(rig.report_count, 1);
    assert_true(rig_reported(CLAUSE_MMIO_DRV_001));
    assert_int_equal(virtio_device_broken(rig.device, CLAUSE_MMIO_DRV_001), 2);
    assert_int_equal(rig.printed_count, 0);
}

static void names(void **state)
{
    char text[40];
    char tiny[8];

    (void)state;
    group_live(RIG_BLOCK);
    assert_string_equal(virtio_device_name(rig.device), "block");
    assert_string_equal(virtio_feature_name(rig.device, 9), "FLUSH");
    assert_string_equal(virtio_feature_name(rig.device, 32), "VERSION_1");
    assert_null(virtio_feature_name(rig.device, 50));
    assert_null(virtio_feature_name(rig.device, 100));
    assert_string_equal(virtio_register_name(0x50), "QueueNotify");
    assert_string_equal(virtio_register_name(0x130), "Config");
    assert_null(virtio_register_name(0x18));
    assert_string_equal(virtio_status_describe(0, text, sizeof text), "0");
    assert_string_equal(virtio_status_describe(3, text, sizeof text),
                        "ACKNOWLEDGE|DRIVER");
    assert_string_equal(virtio_status_describe(3, tiny, sizeof tiny),
                        "ACKNOWL");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(console_prints),
    cmocka_unit_test(console_reads),
    cmocka_unit_test(entropy_gives),
    cmocka_unit_test(empty_elements),
    cmocka_unit_test(tolerant_goes_on),
    cmocka_unit_test(strict_stops),
    cmocka_unit_test(chains_at_the_limits),
    cmocka_unit_test(a_reset_forgets),
    cmocka_unit_test(features_accepted_from_memory),
    cmocka_unit_test(wide_fields_read_in_company),
    cmocka_unit_test(narrow_reads),
    cmocka_unit_test(each_interrupt_is_read),
    cmocka_unit_test(config_access_across_the_end),
    cmocka_unit_test(names),
};

int virtio_requests_run(void)
{
    return cmocka_run_group_tests_name("requests", tests, NULL, NULL);
}
