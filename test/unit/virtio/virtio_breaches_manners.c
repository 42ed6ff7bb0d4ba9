/* Breaches of what goes with the rings' other manners: NOTIFICATION_DATA,
 * IN_ORDER, RING_RESET. Each case says in `with` which of them the device
 * offers. */
#include "test/unit/virtio/virtio_breaches.h"

#include <string.h>

/* Notifications with data */

static void notify(uint32_t next)
{
    driver_packed(queue(), page(), 16, 0, 0, false);
    driver_write(VIRTIO_REG_QUEUE_NOTIFY, next << 16);
    rig_run();
}

static void next_off_too_large(void)
{
    notify(8 | 1u << 15);
}

static void next_off_ahead(void)
{
    notify(2 | 1u << 15);
}

static void next_wrap_wrong(void)
{
    notify(1);
}

static void next_off_behind(void)
{
    notify(0 | 1u << 15);
}

static void split_next_off_ahead(void)
{
    driver_chain(queue(), 0, &(struct driver_piece){page(), 16, false}, 1);
    driver_write(VIRTIO_REG_QUEUE_NOTIFY, 2u << 16);
    rig_run();
}

static void split_next_wrap_wrong(void)
{
    driver_chain(queue(), 0, &(struct driver_piece){page(), 16, false}, 1);
    driver_write(VIRTIO_REG_QUEUE_NOTIFY, (1u | 1u << 15) << 16);
    rig_run();
}

/* IN_ORDER */

static void head_out_of_order(void)
{
    driver_desc(queue()->desc, 1, page(), 16, 0, 0);
    driver_offer(queue(), 1);
    kick();
}

static void next_out_of_order(void)
{
    driver_desc(queue()->desc, 0, page(), 16, DESC_NEXT, 2);
    driver_desc(queue()->desc, 2, page(), 16, DESC_WRITE, 0);
    driver_offer(queue(), 0);
    kick();
}

static void table_out_of_order(void)
{
    uint64_t table = page();

    driver_desc(table, 0, page(), 16, DESC_NEXT, 2);
    driver_desc(table, 2, page(), 16, DESC_WRITE, 0);
    driver_desc(queue()->desc, 0, table, 48, DESC_INDIRECT, 0);
    driver_offer(queue(), 0);
    kick();
}

/* QueueReset */

static void reset(void)
{
    driver_write(VIRTIO_REG_QUEUE_SEL, 0);
    driver_write(VIRTIO_REG_QUEUE_RESET, 1);
}

static void reset_value(void)
{
    driver_write(VIRTIO_REG_QUEUE_SEL, 0);
    driver_write(VIRTIO_REG_QUEUE_RESET, 2);
}

static void reset_nowhere(void)
{
    driver_write(VIRTIO_REG_QUEUE_SEL, 9);
    driver_write(VIRTIO_REG_QUEUE_RESET, 1);
}

static void reset_early(void)
{
    driver_write(VIRTIO_REG_QUEUE_SEL, 0);
    driver_write(VIRTIO_REG_QUEUE_RESET, 1);
}

static void reset_meanwhile(void)
{
    rig.on_disk = NULL;
    reset();
    driver_write(VIRTIO_REG_QUEUE_SIZE, 4);
}

static void reset_ongoing(void)
{
    driver_chain(queue(), 0, &(struct driver_piece){page(), 16, false}, 1);
    rig.on_disk = reset_meanwhile;
    kick();
}

static void reset_not_read(void)
{
    reset();
    driver_queue_setup(0, 4, true);
}

static void reset_and_notified(void)
{
    reset();
    driver_kick(queue());
}

static void reset_without_size(void)
{
    reset();
    driver_read(VIRTIO_REG_QUEUE_RESET);
    enable_without(NO_SIZE);
}

static void reset_without_high(void)
{
    reset();
    driver_read(VIRTIO_REG_QUEUE_RESET);
    enable_without(NO_HIGHS);
}

#define NOTIFY(name_, ...)                                                     \
    BREACH(name_, PACKED_DRV_006, OTHER, LIVE, TAKEN,                          \
           .with = WITH(RING_PACKED) | WITH(NOTIFICATION_DATA), __VA_ARGS__)

#define IN_ORDER(name_, clause_)                                               \
    BREACH(name_, clause_, OTHER, LIVE, TAKEN, .with = WITH(IN_ORDER))

#define RESET(name_, clause_, stage_, verdict_)                                \
    BREACH(name_, clause_, OTHER, stage_, verdict_, .with = WITH(RING_RESET))

const struct breach breaches_manners[] = {
    NOTIFY(next_off_too_large),
    NOTIFY(next_off_ahead, .arguable = true),
    NOTIFY(next_wrap_wrong, .arguable = true),
    NOTIFY(next_off_behind, .arguable = true),
    BREACH(split_next_off_ahead, KICK_TXT_002, OTHER, LIVE, TAKEN,
           .with = WITH(NOTIFICATION_DATA)),
    BREACH(split_next_wrap_wrong, KICK_TXT_003, OTHER, LIVE, TAKEN,
           .with = WITH(NOTIFICATION_DATA)),
    IN_ORDER(head_out_of_order, SPLIT_TXT_004),
    IN_ORDER(next_out_of_order, SPLIT_DRV_008),
    IN_ORDER(table_out_of_order, SPLIT_DRV_013),
    RESET(reset_value, MMIO_TXT_008, LIVE, IGNORED),
    RESET(reset_early, MMIO_TXT_008, FEATURES, IGNORED),
    RESET(reset_nowhere, MMIO_TXT_012, LIVE, IGNORED),
    RESET(reset_ongoing, MMIO_DRV_023, LIVE, IGNORED),
    RESET(reset_not_read, MMIO_DRV_023, LIVE, TAKEN),
    RESET(reset_and_notified, VQRESET_DRV_001, LIVE, IGNORED),
    RESET(reset_without_size, VQRESET_DRV_003, LIVE, QUEUE_REFUSED),
    RESET(reset_without_high, VQRESET_DRV_003, LIVE, TAKEN),
};
const size_t breaches_manners_count =
    sizeof breaches_manners / sizeof breaches_manners[0];
