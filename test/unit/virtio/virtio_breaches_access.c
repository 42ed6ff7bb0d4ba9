/* Breaches by single accesses: offsets, widths, directions, order of the first
 * reads, configuration space, status, features, interrupts. */
#include "test/unit/virtio/virtio_breaches.h"

/* Identity, 4.2.3.1.1 */

static void version_first(void)
{
    driver_read(VIRTIO_REG_VERSION);
    driver_read(VIRTIO_REG_DEVICE_ID);
}

static void status_without_id(void)
{
    driver_read(VIRTIO_REG_MAGIC_VALUE);
    driver_read(VIRTIO_REG_VERSION);
    driver_write(VIRTIO_REG_STATUS, 0);
}

static void empty_slot_read(void)
{
    driver_read(VIRTIO_REG_VENDOR_ID);
}

static void empty_slot_write(void)
{
    driver_write(VIRTIO_REG_STATUS, 0);
}

static void empty_slot_config(void)
{
    virtio_mmio_read(rig.device, 0x100, 1);
}

/* Registers, 4.2.2.2 */

static void unknown_read(void)
{
    driver_read(0x0a8);
}

static void unknown_write(void)
{
    driver_write(0x0f8, 1);
}

static void config_past_end(void)
{
    virtio_mmio_read(rig.device, 0x100 + 12, 4);
}

static void config_end_of_window(void)
{
    virtio_mmio_write(rig.device, VIRTIO_MMIO_WINDOW - 1, 8, 1);
}

static void entropy_config(void)
{
    virtio_mmio_read(rig.device, 0x100, 4);
}

static void read_only_written(void)
{
    driver_write(VIRTIO_REG_VENDOR_ID, 1);
}

static void write_only_read(void)
{
    driver_read(VIRTIO_REG_QUEUE_SEL);
}

static void byte_of_register(void)
{
    virtio_mmio_read(rig.device, VIRTIO_REG_STATUS, 1);
}

static void misaligned_register(void)
{
    virtio_mmio_read(rig.device, VIRTIO_REG_STATUS + 1, 4);
}

static void wide_register(void)
{
    virtio_mmio_write(rig.device, VIRTIO_REG_QUEUE_DESC_LOW, 8, 0x10000);
}

static void byte_field_wide(void)
{
    virtio_mmio_read(rig.device, 0x100 + 33, 2); /* unused0 */
}

static void word_field_narrow(void)
{
    virtio_mmio_read(rig.device, 0x100 + 0, 1); /* cols */
}

static void long_field_misaligned(void)
{
    virtio_mmio_read(rig.device, 0x100 + 13, 4); /* seg_max */
}

static void quad_field_wide(void)
{
    driver_read(VIRTIO_REG_CONFIG_GENERATION);
    virtio_mmio_read(rig.device, 0x100, 8); /* capacity */
    driver_read(VIRTIO_REG_CONFIG_GENERATION);
}

static void shared_memory(void)
{
    driver_read(VIRTIO_REG_SHM_LEN_LOW);
}

static void shared_memory_select(void)
{
    driver_write(VIRTIO_REG_SHM_SEL, 0);
}

/* Configuration space, 2.5.1, 3.1.1 */

static void wide_without_before(void)
{
    driver_read(0x100);
    driver_read(0x104);
}

static void wide_without_after(void)
{
    driver_read(VIRTIO_REG_CONFIG_GENERATION);
    driver_read(0x100);
    driver_read(0x104);
    driver_write(VIRTIO_REG_QUEUE_SEL, 0);
}

static void field_not_offered(void)
{
    virtio_mmio_read(rig.device, 0x100 + 34, 2); /* num_queues */
}

static void field_of_device_written(void)
{
    driver_write(0x100 + 20, 4096); /* blk_size */
}

static void word_field_wide(void)
{
    driver_read(0x100 + 26); /* topology.min_io_size, 2 bytes, and more */
}

static void field_of_device_written_early(void)
{
    driver_write(0x100 + 20, 4096); /* blk_size */
}

static void field_written_early(void)
{
    driver_write(0x100 + 8, 1); /* actual */
}

/* Status, 2.1.1, 3.1.1 */

static void status_bit_cleared(void)
{
    driver_write(VIRTIO_REG_STATUS, VIRTIO_STATUS_ACKNOWLEDGE);
}

static void status_after_failed(void)
{
    driver_add_status(VIRTIO_STATUS_FAILED);
    driver_add_status(VIRTIO_STATUS_DRIVER);
}

static void features_after_failed(void)
{
    driver_add_status(VIRTIO_STATUS_FAILED);
    driver_write(VIRTIO_REG_DRIVER_FEATURES_SEL, 0);
    driver_write(VIRTIO_REG_DRIVER_FEATURES, 0);
}

static void status_undefined(void)
{
    driver_add_status(32);
}

static void status_needs_reset(void)
{
    driver_add_status(VIRTIO_STATUS_DEVICE_NEEDS_RESET);
}

static void status_wide(void)
{
    driver_write(VIRTIO_REG_STATUS, 0x100);
}

static void no_first_reset(void)
{
    driver_write(VIRTIO_REG_STATUS, VIRTIO_STATUS_ACKNOWLEDGE);
}

static void reset_not_read(void)
{
    driver_write(VIRTIO_REG_STATUS, 0);
    driver_write(VIRTIO_REG_STATUS, VIRTIO_STATUS_ACKNOWLEDGE);
}

static void driver_without_acknowledge(void)
{
    driver_write(VIRTIO_REG_STATUS, VIRTIO_STATUS_DRIVER);
}

static void driver_with_acknowledge(void)
{
    driver_write(VIRTIO_REG_STATUS,
                 VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
}

static void features_read_early(void)
{
    driver_write(VIRTIO_REG_DEVICE_FEATURES_SEL, 0);
    driver_read(VIRTIO_REG_DEVICE_FEATURES);
}

static void features_written_early(void)
{
    driver_write(VIRTIO_REG_DRIVER_FEATURES_SEL, 0);
    driver_write(VIRTIO_REG_DRIVER_FEATURES, 0);
}

static void features_ok_without_read(void)
{
    driver_accept(UINT64_C(1) << VIRTIO_F_VERSION_1);
    driver_add_status(VIRTIO_STATUS_FEATURES_OK);
}

static void ok_without_features_ok(void)
{
    driver_add_status(VIRTIO_STATUS_DRIVER_OK);
}

static void both_ok_at_once(void)
{
    driver_add_status(VIRTIO_STATUS_FEATURES_OK | VIRTIO_STATUS_DRIVER_OK);
}

static void features_ok_not_read(void)
{
    uint32_t status = driver_read(VIRTIO_REG_STATUS);

    driver_write(VIRTIO_REG_STATUS, status | VIRTIO_STATUS_FEATURES_OK);
    driver_write(VIRTIO_REG_STATUS,
                 status | VIRTIO_STATUS_FEATURES_OK | VIRTIO_STATUS_DRIVER_OK);
}

/* Features, 2.2.1, 6.1 */

static void feature_late(void)
{
    driver_write(VIRTIO_REG_DRIVER_FEATURES_SEL, 0);
    driver_write(VIRTIO_REG_DRIVER_FEATURES, 1u << VIRTIO_F_EVENT_IDX);
}

static void feature_dropped_late(void)
{
    driver_write(VIRTIO_REG_DRIVER_FEATURES_SEL, 0);
    driver_write(VIRTIO_REG_DRIVER_FEATURES, 0);
}

static void accept_and_ok(uint64_t more, uint64_t less)
{
    driver_accept((driver_offered() | more) & ~less);
    driver_add_status(VIRTIO_STATUS_FEATURES_OK);
}

static void feature_not_offered(void)
{
    accept_and_ok(UINT64_C(1) << VIRTIO_F_RING_PACKED, 0);
}

static void feature_unknown(void)
{
    accept_and_ok(UINT64_C(1) << 50, 0);
}

static void feature_admin_vq(void)
{
    accept_and_ok(UINT64_C(1) << VIRTIO_F_ADMIN_VQ, 0);
}

static void feature_word_2(void)
{
    driver_accept(driver_offered());
    driver_write(VIRTIO_REG_DRIVER_FEATURES_SEL, 2);
    driver_write(VIRTIO_REG_DRIVER_FEATURES, 1);
    driver_add_status(VIRTIO_STATUS_FEATURES_OK);
}

static void feature_sr_iov(void)
{
    accept_and_ok(UINT64_C(1) << VIRTIO_F_SR_IOV, 0);
}

static void feature_version_1(void)
{
    accept_and_ok(0, UINT64_C(1) << VIRTIO_F_VERSION_1);
}

static void feature_without_another(void)
{
    accept_and_ok(0, 1u << OTHER_F_BASE);
}

static void device_sel_unwritten(void)
{
    driver_read(VIRTIO_REG_DEVICE_FEATURES);
}

static void driver_sel_unwritten(void)
{
    driver_write(VIRTIO_REG_DRIVER_FEATURES, 0);
}

static void packed_refused(void)
{
    accept_and_ok(0, UINT64_C(1) << VIRTIO_F_RING_PACKED);
}

static void read_only_refused(void)
{
    accept_and_ok(0, 1u << 5);
}

const struct breach breaches_access[] = {
    BREACH(version_first, MMIO_DRV_026, BLOCK, POWER_ON, TAKEN),
    BREACH(status_without_id, MMIO_DRV_027, BLOCK, POWER_ON, TAKEN),
    BREACH(empty_slot_read, MMIO_DRV_029, EMPTY, POWER_ON, READS_ZERO),
    BREACH(empty_slot_write, MMIO_DRV_029, EMPTY, POWER_ON, IGNORED),
    BREACH(empty_slot_config, MMIO_DRV_029, EMPTY, POWER_ON, READS_ZERO),

    BREACH(unknown_read, MMIO_DRV_001, BLOCK, LIVE, READS_ZERO),
    BREACH(unknown_write, MMIO_DRV_001, BLOCK, LIVE, IGNORED),
    BREACH(config_past_end, MMIO_DRV_001, CONSOLE, LIVE, READS_ZERO),
    BREACH(config_end_of_window, MMIO_DRV_001, CONSOLE, LIVE, IGNORED),
    BREACH(entropy_config, MMIO_DRV_001, ENTROPY, LIVE, READS_ZERO),
    BREACH(read_only_written, MMIO_DRV_002, BLOCK, LIVE, IGNORED),
    BREACH(write_only_read, MMIO_DRV_003, BLOCK, LIVE, READS_ZERO),
    BREACH(byte_of_register, MMIO_DRV_004, BLOCK, LIVE, READS_ZERO,
           .tolerant = VIRTIO_VERDICT_TAKEN),
    BREACH(misaligned_register, MMIO_DRV_004, BLOCK, LIVE, READS_ZERO),
    BREACH(wide_register, MMIO_DRV_004, BLOCK, RESET, IGNORED),
    BREACH(byte_field_wide, MMIO_DRV_005, BLOCK, LIVE, TAKEN),
    BREACH(word_field_narrow, MMIO_DRV_006, CONSOLE, LIVE, TAKEN),
    BREACH(word_field_wide, MMIO_DRV_006, BLOCK, LIVE, TAKEN),
    BREACH(long_field_misaligned, MMIO_DRV_007, BLOCK, LIVE, TAKEN),
    BREACH(quad_field_wide, MMIO_DRV_007, BLOCK, LIVE, TAKEN),
    BREACH(shared_memory, MMIO_DRV_030, BLOCK, LIVE, READS_ONES,
           .arguable = true),
    BREACH(shared_memory_select, MMIO_DRV_030, BLOCK, LIVE, IGNORED,
           .arguable = true),

    BREACH(wide_without_before, CFG_DRV_002, BLOCK, LIVE, TAKEN),
    BREACH(wide_without_after, CFG_DRV_002, BLOCK, LIVE, TAKEN),
    BREACH(field_not_offered, CFG_DRV_003, BLOCK, LIVE, READS_ZERO),
    BREACH(field_of_device_written, LINTEL_CFG_001, BLOCK, LIVE, IGNORED),

    BREACH(field_of_device_written_early, INIT_DRV_010, BLOCK, FEATURES,
           IGNORED),
    BREACH(field_written_early, INIT_DRV_010, OTHER, FEATURES, IGNORED,
           .tolerant = VIRTIO_VERDICT_TAKEN),

    BREACH(status_bit_cleared, STATUS_DRV_002, BLOCK, DRIVER, IGNORED),
    BREACH(status_after_failed, STATUS_DRV_003, BLOCK, ACKNOWLEDGED, IGNORED),
    BREACH(features_after_failed, STATUS_DRV_003, BLOCK, DRIVER, IGNORED),
    BREACH(status_undefined, STATUS_TXT_001, BLOCK, DRIVER, IGNORED),
    BREACH(status_needs_reset, STATUS_TXT_001, BLOCK, LIVE, IGNORED),
    BREACH(status_wide, MMIO_TXT_005, BLOCK, LIVE, IGNORED),
    BREACH(no_first_reset, INIT_DRV_001, BLOCK, IDENTIFIED, TAKEN),
    BREACH(reset_not_read, RESET_DRV_001, BLOCK, LIVE, TAKEN),
    BREACH(driver_without_acknowledge, INIT_DRV_002, BLOCK, RESET, TAKEN),
    BREACH(driver_with_acknowledge, INIT_DRV_002, BLOCK, RESET, TAKEN,
           .arguable = true),
    BREACH(features_read_early, INIT_DRV_003, BLOCK, ACKNOWLEDGED, TAKEN),
    BREACH(features_written_early, INIT_DRV_003, BLOCK, ACKNOWLEDGED, TAKEN),
    /* After a suspend, Linux accepts what it accepted before. */
    BREACH(features_ok_without_read, INIT_DRV_004, BLOCK, DRIVER, TAKEN,
           .fresh = true),
    BREACH(ok_without_features_ok, INIT_DRV_005, BLOCK, FEATURES, IGNORED),
    BREACH(both_ok_at_once, INIT_DRV_006, BLOCK, FEATURES, TAKEN),
    BREACH(features_ok_not_read, INIT_DRV_006, BLOCK, FEATURES, TAKEN),

    BREACH(feature_late, INIT_DRV_011, BLOCK, LIVE, IGNORED,
           .refuse = WITH(EVENT_IDX)),
    BREACH(feature_dropped_late, FEAT_TXT_001, BLOCK, LIVE, IGNORED),
    BREACH(feature_not_offered, FEAT_DRV_001, BLOCK, DRIVER, FEATURES_REFUSED),
    BREACH(feature_unknown, FEAT_DRV_005, BLOCK, DRIVER, FEATURES_REFUSED),
    BREACH(feature_admin_vq, FEAT_DRV_005, BLOCK, DRIVER, FEATURES_REFUSED),
    BREACH(feature_word_2, FEAT_DRV_005, BLOCK, DRIVER, FEATURES_REFUSED),
    BREACH(feature_sr_iov, RESV_DRV_010, BLOCK, DRIVER, FEATURES_REFUSED),
    BREACH(feature_version_1, RESV_DRV_001, BLOCK, DRIVER, FEATURES_REFUSED),
    BREACH(feature_without_another, FEAT_DRV_002, OTHER, DRIVER,
           FEATURES_REFUSED),
    BREACH(packed_refused, RESV_DRV_006, BLOCK, DRIVER, TAKEN,
           .with = WITH(RING_PACKED)),
    BREACH(device_sel_unwritten, MMIO_DRV_014, BLOCK, DRIVER, TAKEN),
    BREACH(driver_sel_unwritten, MMIO_DRV_015, BLOCK, DRIVER, TAKEN),
    BREACH(read_only_refused, BLK_DRV_013, BLOCK_RO, DRIVER, TAKEN),
};
const size_t breaches_access_count =
    sizeof breaches_access / sizeof breaches_access[0];
