/* Breaches in setting queues up, notifying them, and in interrupts. */
#include "test/unit/virtio/virtio_breaches.h"

#include <string.h>

static void ready(void)
{
    driver_write(VIRTIO_REG_QUEUE_READY, 1);
}

static void select_too_high(void)
{
    driver_write(VIRTIO_REG_QUEUE_SEL, 0x10000);
}

static void size_too_large(void)
{
    driver_write(VIRTIO_REG_QUEUE_SEL, 0);
    driver_read(VIRTIO_REG_QUEUE_READY);
    driver_write(VIRTIO_REG_QUEUE_SIZE,
                 driver_read(VIRTIO_REG_QUEUE_SIZE_MAX) + 1);
}

static void size_missing(void)
{
    enable_without(NO_SIZE);
}

static void size_not_power_of_2(void)
{
    driver_queue_setup(0, 3, true);
}

static void size_zero(void)
{
    driver_queue_setup(0, 8, false);
    driver_write(VIRTIO_REG_QUEUE_SIZE, 0);
    ready();
}

static void address_wrong(uint32_t offset, uint32_t value)
{
    driver_queue_setup(0, 8, false);
    driver_write(offset, value);
    ready();
}

static void desc_misaligned(void)
{
    address_wrong(VIRTIO_REG_QUEUE_DESC_LOW, 0x80008);
}

static void avail_misaligned(void)
{
    address_wrong(VIRTIO_REG_QUEUE_DRIVER_LOW, 0x80001);
}

static void used_misaligned(void)
{
    address_wrong(VIRTIO_REG_QUEUE_DEVICE_LOW, 0x80002);
}

static void area_outside(void)
{
    address_wrong(VIRTIO_REG_QUEUE_DEVICE_HIGH, 0x7fffffff);
}

static void area_wraps(void)
{
    driver_queue_setup(0, 8, false);
    driver_write(VIRTIO_REG_QUEUE_DESC_LOW, 0xfffffff0);
    driver_write(VIRTIO_REG_QUEUE_DESC_HIGH, 0xffffffff);
    ready();
}

static void used_in_rom(void)
{
    driver_queue_setup(0, 8, false);
    driver_write(VIRTIO_REG_QUEUE_DEVICE_LOW, (uint32_t)RIG_ROM_BASE);
    driver_write(VIRTIO_REG_QUEUE_DEVICE_HIGH, (uint32_t)(RIG_ROM_BASE >> 32));
    ready();
}

static void areas_overlap(void)
{
    driver_queue_setup(0, 8, false);
    driver_write(VIRTIO_REG_QUEUE_DEVICE_LOW,
                 (uint32_t)driver_queues[0].desc + 64);
    ready();
}

static void high_halves_missing(void)
{
    enable_without(NO_HIGHS);
}

static void low_half_missing(void)
{
    enable_without(NO_LOW);
}

static void used_flags_set(void)
{
    driver_queue_setup(0, 8, false);
    driver_put16(driver_queues[0].used, 1);
    ready();
}

static void used_idx_set(void)
{
    driver_queue_setup(0, 8, false);
    driver_put16(driver_queues[0].used + 2, 7);
    ready();
}

static void avail_idx_set(void)
{
    driver_queue_setup(0, 8, false);
    driver_put16(driver_queues[0].avail + 2, 1);
    ready();
}

static void address_while_ready(void)
{
    driver_write(VIRTIO_REG_QUEUE_SEL, 0);
    driver_write(VIRTIO_REG_QUEUE_DEVICE_LOW, 0x1000);
}

static void size_while_ready(void)
{
    driver_write(VIRTIO_REG_QUEUE_SEL, 0);
    driver_write(VIRTIO_REG_QUEUE_SIZE, 4);
}

static void stop_not_read(void)
{
    driver_write(VIRTIO_REG_QUEUE_SEL, 0);
    driver_write(VIRTIO_REG_QUEUE_READY, 0);
    driver_write(VIRTIO_REG_QUEUE_SIZE, 8);
}

static void ready_value(void)
{
    driver_queue_setup(0, 8, false);
    driver_write(VIRTIO_REG_QUEUE_READY, 2);
}

static void ready_twice(void)
{
    driver_write(VIRTIO_REG_QUEUE_SEL, 0);
    ready();
}

static void ready_absent(void)
{
    driver_write(VIRTIO_REG_QUEUE_SEL, 5);
    ready();
}

static void ready_unread(void)
{
    enable_without(NO_READY);
}

static void size_max_unread(void)
{
    enable_without(NO_SIZE_MAX);
}

static void select_unwritten(void)
{
    driver_read(VIRTIO_REG_QUEUE_SIZE_MAX);
}

static void ready_without_features_ok(void)
{
    driver_write(VIRTIO_REG_QUEUE_SEL, 0);
    ready();
}

static void ready_status_unread(void)
{
    driver_write(VIRTIO_REG_STATUS,
                 driver_read(VIRTIO_REG_STATUS) | VIRTIO_STATUS_FEATURES_OK);
    driver_queue_setup(0, 8, true);
}

static void setup_before_features_ok(void)
{
    driver_write(VIRTIO_REG_QUEUE_SEL, 0);
    driver_write(VIRTIO_REG_QUEUE_SIZE, 8);
}

static void ready_after_driver_ok(void)
{
    driver_add_status(VIRTIO_STATUS_DRIVER_OK);
    driver_queue_setup(0, 8, true);
}

static void queue_after_failed(void)
{
    driver_add_status(VIRTIO_STATUS_FAILED);
    driver_write(VIRTIO_REG_QUEUE_SEL, 0);
    driver_write(VIRTIO_REG_QUEUE_SIZE, 8);
}

static void refuse(void)
{
    driver_accept(driver_offered() | UINT64_C(1) << VIRTIO_F_RING_PACKED);
    driver_add_status(VIRTIO_STATUS_FEATURES_OK);
    driver_read(VIRTIO_REG_STATUS);
    rig_forget();
}

static void queue_after_refusal(void)
{
    refuse();
    driver_write(VIRTIO_REG_QUEUE_SEL, 0);
    ready();
}

static void setup_after_refusal(void)
{
    refuse();
    driver_write(VIRTIO_REG_QUEUE_SEL, 0);
    driver_write(VIRTIO_REG_QUEUE_SIZE, 8);
}

static void ok_after_refusal(void)
{
    refuse();
    driver_add_status(VIRTIO_STATUS_DRIVER_OK);
}

static void queue_reset(void)
{
    driver_write(VIRTIO_REG_QUEUE_SEL, 0);
    driver_write(VIRTIO_REG_QUEUE_RESET, 1);
}

/* Notifications, 2.9, 4.2.3.3 */

static void kick_early(void)
{
    driver_write(VIRTIO_REG_QUEUE_NOTIFY, 0);
}

static void kick_upper_half(void)
{
    driver_write(VIRTIO_REG_QUEUE_NOTIFY, 0x10000);
}

static void kick_absent(void)
{
    driver_write(VIRTIO_REG_QUEUE_NOTIFY, 9);
}

static void kick_not_ready(void)
{
    driver_queue_delete(0);
    driver_write(VIRTIO_REG_QUEUE_NOTIFY, 0);
}

/* Interrupts, 4.2.3.4 */

static void interrupt_make(void)
{
    uint8_t bytes[4] = {100, 0, 40, 0};

    virtio_device_changed_config(rig.device, 0, bytes, sizeof bytes);
}

static void acknowledge_undefined(void)
{
    driver_write(VIRTIO_REG_INTERRUPT_ACK, 4);
}

static void acknowledge_unread(void)
{
    interrupt_make();
    driver_write(VIRTIO_REG_INTERRUPT_ACK, VIRTIO_INTERRUPT_CONFIG);
}

static void acknowledge_nothing(void)
{
    driver_read(VIRTIO_REG_INTERRUPT_STATUS);
    driver_write(VIRTIO_REG_INTERRUPT_ACK, VIRTIO_INTERRUPT_USED);
}

const struct breach breaches_setup[] = {
    BREACH(select_too_high, VQRESET_TXT_001, BLOCK, LIVE, TAKEN),
    BREACH(size_too_large, MMIO_DRV_016, BLOCK, FEATURES_OK, IGNORED),
    BREACH(size_missing, MMIO_DRV_016, BLOCK, FEATURES_OK, QUEUE_REFUSED),
    BREACH(size_not_power_of_2, SPLIT_TXT_001, BLOCK, FEATURES_OK,
           QUEUE_REFUSED),
    BREACH(size_zero, SPLIT_TXT_001, BLOCK, FEATURES_OK, QUEUE_REFUSED),
    BREACH(desc_misaligned, SPLIT_DRV_001, BLOCK, FEATURES_OK, QUEUE_REFUSED),
    BREACH(avail_misaligned, SPLIT_DRV_002, BLOCK, FEATURES_OK, QUEUE_REFUSED),
    BREACH(used_misaligned, SPLIT_DRV_003, BLOCK, FEATURES_OK, QUEUE_REFUSED),
    BREACH(area_outside, RESV_DRV_005, BLOCK, FEATURES_OK, QUEUE_REFUSED),
    BREACH(area_wraps, RESV_DRV_005, BLOCK, FEATURES_OK, QUEUE_REFUSED),
    BREACH(used_in_rom, RESV_DRV_005, BLOCK, FEATURES_OK, QUEUE_REFUSED),
    BREACH(areas_overlap, MMIO_TXT_014, BLOCK, FEATURES_OK, QUEUE_REFUSED),
    BREACH(high_halves_missing, MMIO_TXT_014, BLOCK, FEATURES_OK, TAKEN),
    BREACH(low_half_missing, MMIO_TXT_014, BLOCK, FEATURES_OK, QUEUE_REFUSED),
    BREACH(used_flags_set, SPLIT_DRV_022, BLOCK, FEATURES_OK, TAKEN),
    BREACH(used_idx_set, MMIO_TXT_013, BLOCK, FEATURES_OK, TAKEN),
    BREACH(avail_idx_set, SPLIT_TXT_007, BLOCK, FEATURES_OK, TAKEN),
    BREACH(address_while_ready, MMIO_DRV_017, BLOCK, QUEUES, IGNORED),
    BREACH(size_while_ready, MMIO_DRV_017, BLOCK, LIVE, IGNORED),
    BREACH(stop_not_read, MMIO_DRV_019, BLOCK, LIVE, TAKEN),
    BREACH(ready_value, MMIO_TXT_003, BLOCK, FEATURES_OK, IGNORED),
    BREACH(ready_twice, MMIO_TXT_003, BLOCK, QUEUES, IGNORED),
    BREACH(ready_absent, MMIO_TXT_012, BLOCK, FEATURES_OK, IGNORED),
    BREACH(ready_unread, MMIO_TXT_011, BLOCK, FEATURES_OK, TAKEN),
    BREACH(size_max_unread, MMIO_TXT_012, BLOCK, FEATURES_OK, TAKEN),
    BREACH(select_unwritten, MMIO_TXT_010, BLOCK, FEATURES_OK, TAKEN),
    BREACH(ready_without_features_ok, INIT_DRV_005, BLOCK, FEATURES,
           QUEUE_REFUSED),
    BREACH(ready_status_unread, INIT_DRV_006, BLOCK, FEATURES, TAKEN),
    BREACH(setup_before_features_ok, INIT_DRV_007, BLOCK, DRIVER, TAKEN),
    BREACH(ready_after_driver_ok, INIT_DRV_007, BLOCK, FEATURES_OK, TAKEN),
    BREACH(queue_after_failed, STATUS_DRV_003, BLOCK, FEATURES_OK, IGNORED),
    BREACH(queue_after_refusal, INIT_DRV_013, BLOCK, DRIVER, QUEUE_REFUSED),
    BREACH(setup_after_refusal, INIT_DRV_013, BLOCK, DRIVER, TAKEN),
    BREACH(ok_after_refusal, INIT_DRV_013, BLOCK, DRIVER, IGNORED),
    BREACH(queue_reset, MMIO_TXT_008, BLOCK, LIVE, IGNORED),

    BREACH(kick_early, INIT_DRV_014, BLOCK, QUEUES, IGNORED),
    BREACH(kick_upper_half, KICK_TXT_001, BLOCK, LIVE, TAKEN),
    BREACH(kick_absent, MMIO_TXT_004, BLOCK, LIVE, IGNORED),
    BREACH(kick_not_ready, MMIO_TXT_004, BLOCK, LIVE, IGNORED),

    BREACH(acknowledge_undefined, MMIO_DRV_022, BLOCK, LIVE, IGNORED),
    BREACH(acknowledge_unread, MMIO_DRV_032, CONSOLE, LIVE, TAKEN),
    BREACH(acknowledge_nothing, MMIO_DRV_021, BLOCK, LIVE, TAKEN),
};
const size_t breaches_setup_count =
    sizeof breaches_setup / sizeof breaches_setup[0];
