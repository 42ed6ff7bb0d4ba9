/* Breaches in packed rings. Each case says in `with` what the device offers. */
#include "test/unit/virtio/virtio_breaches.h"

#include <string.h>

/* The setup of a queue */

static void size_zero(void)
{
    driver_queue_setup(0, 4, false);
    driver_write(VIRTIO_REG_QUEUE_SIZE, 0);
    driver_write(VIRTIO_REG_QUEUE_READY, 1);
}

static void moved(uint32_t offset, uint64_t address)
{
    driver_write(offset, (uint32_t)address);
    driver_write(VIRTIO_REG_QUEUE_READY, 1);
}

static void ring_misaligned(void)
{
    driver_queue_setup(0, 4, false);
    moved(VIRTIO_REG_QUEUE_DESC_LOW, page() + 8);
}

static void driver_event_misaligned(void)
{
    driver_queue_setup(0, 4, false);
    moved(VIRTIO_REG_QUEUE_DRIVER_LOW, page() + 2);
}

static void device_event_misaligned(void)
{
    driver_queue_setup(0, 4, false);
    moved(VIRTIO_REG_QUEUE_DEVICE_LOW, page() + 2);
}

static void ring_in_rom(void)
{
    driver_queue_setup(0, 4, false);
    driver_write(VIRTIO_REG_QUEUE_DESC_HIGH, RIG_ROM_BASE >> 32);
    moved(VIRTIO_REG_QUEUE_DESC_LOW, 0);
}

static void areas_overlap(void)
{
    driver_queue_setup(0, 4, false);
    moved(VIRTIO_REG_QUEUE_DEVICE_LOW, queue()->desc + 60);
}

static void ring_not_zeroed(void)
{
    driver_queue_setup(0, 4, false);
    driver_put16(queue()->desc + 3 * 16 + 14, DESC_AVAIL);
    driver_write(VIRTIO_REG_QUEUE_READY, 1);
}

static void device_event_not_zeroed(void)
{
    driver_queue_setup(0, 4, false);
    driver_put16(queue()->used, 1);
    driver_write(VIRTIO_REG_QUEUE_READY, 1);
}

/* Lists */

/* `count` descriptors with these flags, made available as they should be. */
static void list(const uint16_t *flags, unsigned count)
{
    uint64_t first = queue()->desc + 16u * queue()->avail_idx + 14;
    uint16_t first_flags = 0;

    for (unsigned i = 0; i < count; i++) {
        uint16_t its = driver_packed(queue(), page(), 16, 1, flags[i], i == 0);

        first_flags = i == 0 ? its : first_flags;
    }
    driver_put16(first, first_flags);
    kick();
}

static void longer_than_the_queue(void)
{
    uint16_t flags[8];

    for (unsigned i = 0; i < 8; i++) {
        flags[i] = DESC_NEXT;
    }
    list(flags, 8);
}

static void readable_after_writable(void)
{
    list((uint16_t[]){DESC_NEXT | DESC_WRITE, DESC_NEXT, 0}, 3);
}

static void second_not_available(void)
{
    list((uint16_t[]){DESC_NEXT}, 1);
}

static void second_half_available(void)
{
    list((uint16_t[]){DESC_NEXT, DESC_USED}, 2);
}

static void first_half_available(void)
{
    list((uint16_t[]){DESC_USED}, 1);
}

static void outside(void)
{
    driver_packed(queue(), RIG_RAM - 8, 16, 0, 0, false);
    kick();
}

static void in_rom(void)
{
    driver_packed(queue(), RIG_ROM_BASE, 16, 0, DESC_WRITE, false);
    kick();
}

static void wraps(void)
{
    driver_packed(queue(), UINT64_MAX - 7, 16, 0, 0, false);
    kick();
}

/* Two buffers in one go, of one id. */
static void id_twice(void)
{
    driver_packed(queue(), page(), 16, 7, 0, false);
    driver_packed(queue(), page(), 16, 7, 0, false);
    kick();
}

/* Indirect tables */

static void indirect(uint64_t table, uint32_t length, uint16_t flags)
{
    driver_packed(queue(), table, length, 0, DESC_INDIRECT | flags, false);
    kick();
}

static void indirect_not_negotiated(void)
{
    indirect(page(), 32, 0);
}

static void table_flags(void)
{
    uint64_t table = page();

    driver_desc(table, 0, page(), 16, 0, DESC_NEXT);
    driver_desc(table, 1, page(), 16, 0, DESC_WRITE);
    indirect(table, 32, 0);
}

static void table_empty(void)
{
    indirect(page(), 0, 0);
}

static void table_partial(void)
{
    indirect(page(), 40, 0);
}

static void table_outside(void)
{
    indirect(RIG_RAM - 16, 32, 0);
}

static void table_element_outside(void)
{
    uint64_t table = page();

    driver_desc(table, 0, RIG_RAM, 16, 0, 0);
    indirect(table, 16, 0);
}

static void table_disordered(void)
{
    uint64_t table = page();

    driver_desc(table, 0, page(), 16, 0, DESC_WRITE);
    driver_desc(table, 1, page(), 16, 0, 0);
    indirect(table, 32, 0);
}

static void table_longer_than_the_queue(void)
{
    uint64_t table = page();
    uint64_t text = page();

    for (unsigned i = 0; i < 9; i++) {
        driver_desc(table, i, text, 1, 0, 0);
    }
    indirect(table, 16 * 9, 0);
}

static void table_too_long(void)
{
    indirect(driver_alloc(16 * (VIRTIO_SEGMENTS + 1), 16),
             16 * (VIRTIO_SEGMENTS + 1), 0);
}

static void indirect_and_next(void)
{
    uint64_t first = queue()->desc + 14;
    uint16_t flags =
        driver_packed(queue(), page(), 32, 1, DESC_INDIRECT | DESC_NEXT, true);

    driver_packed(queue(), page(), 16, 1, 0, false);
    driver_put16(first, flags);
    kick();
}

static void indirect_after_direct(void)
{
    uint64_t first = queue()->desc + 14;
    uint16_t flags = driver_packed(queue(), page(), 16, 1, DESC_NEXT, true);

    driver_packed(queue(), page(), 32, 1, DESC_INDIRECT, false);
    driver_put16(first, flags);
    kick();
}

/* A descriptor that the device has */

static void change_address(void)
{
    rig.on_disk = NULL;
    driver_put16(queue()->desc, 8);
}

static void change_flags(void)
{
    rig.on_disk = NULL;
    driver_put16(queue()->desc + 14, DESC_AVAIL | DESC_NEXT);
}

static void use_again(void)
{
    rig.on_disk = NULL;
    driver_put16(queue()->desc + 14, DESC_USED);
}

static void while_served(void (*hook)(void))
{
    rig.on_disk = hook;
    list((uint16_t[]){0}, 1);
}

static void address_changed(void)
{
    while_served(change_address);
}

static void flags_changed(void)
{
    while_served(change_flags);
}

static void no_room(void)
{
    while_served(use_again);
}

/* Event suppression */

static void event(uint16_t flags)
{
    driver_put16(queue()->avail + 2, flags);
    list((uint16_t[]){0}, 1);
}

static void device_event_changed(void)
{
    list((uint16_t[]){0}, 1);
    driver_put16(queue()->used + 2, 1);
    list((uint16_t[]){0}, 1);
}

static void event_reserved_value(void)
{
    event(3);
}

static void event_desc_without_event_idx(void)
{
    event(2);
}

static void event_reserved_bits(void)
{
    event(0x8000);
}

#define PACKED(name_, clause_, stage_, verdict_, ...)                          \
    BREACH(name_, clause_, OTHER, stage_, verdict_, .with = WITH(RING_PACKED), \
           __VA_ARGS__)

/* A list that cannot be served. */
#define BROKEN(name_, clause_, ...)                                            \
    PACKED(name_, clause_, LIVE, NEEDS_RESET,                                  \
           .tolerant = VIRTIO_VERDICT_DROPPED, __VA_ARGS__)

const struct breach breaches_packed[] = {
    PACKED(size_zero, PACKED_TXT_001, FEATURES_OK, QUEUE_REFUSED),
    PACKED(ring_misaligned, PACKED_DRV_001, FEATURES_OK, QUEUE_REFUSED),
    PACKED(driver_event_misaligned, PACKED_DRV_002, FEATURES_OK, QUEUE_REFUSED),
    PACKED(device_event_misaligned, PACKED_DRV_003, FEATURES_OK, QUEUE_REFUSED),
    PACKED(ring_in_rom, RESV_DRV_005, FEATURES_OK, QUEUE_REFUSED),
    PACKED(areas_overlap, MMIO_TXT_014, FEATURES_OK, QUEUE_REFUSED),
    PACKED(ring_not_zeroed, PACKED_TXT_008, FEATURES_OK, TAKEN),
    PACKED(device_event_not_zeroed, MMIO_TXT_013, FEATURES_OK, TAKEN),
    PACKED(longer_than_the_queue, PACKED_DRV_009, LIVE, NEEDS_RESET),
    BROKEN(readable_after_writable, PACKED_DRV_010),
    PACKED(second_not_available, PACKED_DRV_013, LIVE, NEEDS_RESET),
    PACKED(second_half_available, PACKED_TXT_003, LIVE, TAKEN),
    PACKED(first_half_available, PACKED_TXT_003, LIVE, NOT_SEEN),
    BROKEN(outside, RESV_DRV_005),
    BROKEN(in_rom, RESV_DRV_005),
    BROKEN(wraps, RESV_DRV_005),
    BROKEN(indirect_not_negotiated, PACKED_DRV_014,
           .refuse = WITH(INDIRECT_DESC)),
    PACKED(table_flags, PACKED_DRV_015, LIVE, BITS_IGNORED),
    BROKEN(table_empty, LINTEL_PACKED_001),
    BROKEN(table_partial, LINTEL_PACKED_001),
    BROKEN(table_outside, RESV_DRV_005),
    BROKEN(table_element_outside, RESV_DRV_005),
    BROKEN(table_disordered, PACKED_DRV_010),
    PACKED(table_longer_than_the_queue, PACKED_DRV_016, LIVE, TAKEN,
           .arguable = true),
    BROKEN(table_too_long, PACKED_DRV_016),
    BROKEN(indirect_and_next, PACKED_DRV_017),
    BROKEN(indirect_after_direct, PACKED_DRV_017),
    PACKED(id_twice, PACKED_TXT_009, LIVE, TAKEN),
    PACKED(address_changed, PACKED_DRV_004, LIVE, TAKEN),
    PACKED(flags_changed, PACKED_DRV_005, LIVE, TAKEN),
    PACKED(no_room, PACKED_DRV_012, LIVE, TAKEN),
    PACKED(device_event_changed, LINTEL_RING_001, LIVE, TAKEN),
    PACKED(event_reserved_value, PACKED_TXT_005, LIVE, NOTIFIED),
    PACKED(event_desc_without_event_idx, PACKED_TXT_006, LIVE, NOTIFIED,
           .refuse = WITH(EVENT_IDX)),
    PACKED(event_reserved_bits, PACKED_TXT_007, LIVE, BITS_IGNORED),
};
const size_t breaches_packed_count =
    sizeof breaches_packed / sizeof breaches_packed[0];
