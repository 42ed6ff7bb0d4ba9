/* Breaches that show by time, or by a copy of what was there before: what the
 * watchdog and the rings' shadow find. */
#include "test/unit/virtio/virtio_breaches.h"

#include <string.h>

/* Setup that stops half-way. */

static void silent_after_driver(void)
{
    rig_wait(20);
}

static void silent_after_features(void)
{
    driver_offered();
    rig_wait(20);
}

static void silent_after_features_ok(void)
{
    rig_wait(20);
}

static void silent_after_refusal(void)
{
    driver_accept(driver_offered() | UINT64_C(1) << 50);
    driver_add_status(VIRTIO_STATUS_FEATURES_OK);
    driver_read(VIRTIO_REG_STATUS);
    rig_forget();
    rig_wait(20);
}

static void silent_before_driver_ok(void)
{
    rig_wait(20);
}

static void live_without_queue(void)
{
    driver_add_status(VIRTIO_STATUS_DRIVER_OK);
    rig_wait(20);
}

/* Configuration. */

static void wide_torn(void)
{
    driver_read(VIRTIO_REG_CONFIG_GENERATION);
    driver_read(0x100);
    virtio_block_resize(&rig.block, RIG_DISK / 2);
    driver_read(0x104);
    driver_read(VIRTIO_REG_CONFIG_GENERATION);
    driver_write(VIRTIO_REG_QUEUE_SEL, 0);
}

static void capacity_not_read_again(void)
{
    virtio_block_resize(&rig.block, RIG_DISK / 2);
    driver_interrupt();
    rig_wait(5);
}

/* Interrupts. */

static void interrupt_make(void)
{
    uint8_t bytes[4] = {100, 0, 40, 0};

    virtio_device_changed_config(rig.device, 0, bytes, sizeof bytes);
}

static void interrupt_make_again(void)
{
    uint8_t bytes[4] = {101, 0, 40, 0};

    virtio_device_changed_config(rig.device, 0, bytes, sizeof bytes);
}

static void interrupt_not_acknowledged(void)
{
    interrupt_make();
    for (unsigned i = 0; i < 5; i++) {
        driver_read(VIRTIO_REG_INTERRUPT_STATUS); /* again and again */
        rig_wait(1);
    }
}

static void interrupt_not_read(void)
{
    interrupt_make();
    rig_wait(5);
}

/* Buffers, in what all these devices take. */
static void offer(uint16_t head, bool write)
{
    driver_chain(queue(), head,
                 &(struct driver_piece){driver_alloc(8, 8), 8, write}, 1);
}

static void wish_too_late(void)
{
    driver_put16(queue()->avail + 4 + 2u * queue()->size, 100);
    for (uint16_t i = 0; i < 3; i++) {
        offer(i, true);
    }
    kick();
    driver_put16(queue()->avail + 4 + 2u * queue()->size, 2);
    rig_wait(5);
}

/* The same in a packed ring of 8: the third descriptor is written, then it is
 * asked for. */
static void packed_wish_too_late(void)
{
    driver_put16(queue()->avail, 7 | 1u << 15);
    driver_put16(queue()->avail + 2, 2);
    for (uint16_t i = 0; i < 3; i++) {
        offer(i, true);
    }
    kick();
    driver_put16(queue()->avail, 2 | 1u << 15);
    rig_wait(5);
}

/* Interrupts read before a reset are not those raised after it. */
static void interrupt_not_read_after_reset(void)
{
    interrupt_make();
    driver_read(VIRTIO_REG_INTERRUPT_STATUS);
    driver_go(STAGE_LIVE);
    interrupt_make_again();
    rig_wait(5);
}

/* Notifications. */

static void kick_before_driver_ok(void)
{
    driver_kick(queue());
    rig_forget(); /* init-drv-014 */
    rig_wait(4);
}

static void kick_of_queue_not_ready(void)
{
    driver_queue_delete(0);
    driver_kick(queue());
    rig_forget(); /* mmio-txt-004 */
    rig_wait(5);
}

static void kick_of_broken_device(void)
{
    virtio_device_needs_reset(rig.device);
    driver_interrupt();
    driver_kick(queue());
    rig_wait(5);
    virtio_mmio_write(rig.device, VIRTIO_REG_STATUS, 4, 0);
    driver_read(VIRTIO_REG_STATUS);
}

static void kick_of_empty_queue(void)
{
    kick();
    rig_wait(5);
}

static void not_notified(void)
{
    rig_run();
    offer(0, true);
    rig_wait(5);
}

static unsigned more;

/* While the service looks by itself. */
static bool one_more(struct virtio_queue *its)
{
    struct driver_used used;
    uint64_t header = driver_alloc(16, 16);
    struct driver_piece pieces[2] = {{header, 16, false},
                                     {driver_alloc(1, 1), 1, true}};

    (void)its;
    if (more == 0) {
        return false;
    }
    more--;
    *rig_at(header, 1) = 4; /* flush */
    while (driver_take(queue(), &used)) {
        /* the driver is not idle either */
    }
    driver_chain(queue(), 0, pieces, 2);
    driver_kick(queue());
    return true;
}

static void notified_in_vain(void)
{
    rig.device->queues[0].lingers = true;
    rig.on_linger = one_more;
    more = 40;
    one_more(NULL);
    rig_run();
}

/* A console looks by itself as soon as there is input for a buffer it has. */
static void receive_notified_in_vain(void)
{
    for (uint16_t i = 0; i < 30; i++) {
        offer(i, true);
        driver_kick(queue());
        rig_run();
    }
}

/* What the device owns. */

static void head_twice(void)
{
    offer(0, true);
    driver_offer(queue(), 0);
    kick();
}

static void descriptor_shared(void)
{
    uint64_t text = driver_alloc(16, 16);

    driver_desc(queue()->desc, 0, text, 8, DESC_NEXT, 1);
    driver_desc(queue()->desc, 1, text, 8, DESC_WRITE, 0);
    driver_offer(queue(), 0);
    driver_offer(queue(), 1);
    kick();
}

static void shorten_second(void)
{
    rig.on_disk = NULL;
    driver_desc(queue()->desc, 1, 0x800, 4, DESC_WRITE, 0);
}

static void altered_in_use(void)
{
    struct driver_piece pieces[2] = {{driver_alloc(8, 8), 8, false},
                                     {driver_alloc(8, 8), 8, true}};

    driver_chain(queue(), 0, pieces, 2);
    rig.on_disk = shorten_second;
    kick();
}

static uint64_t table;

static void shorten_in_table(void)
{
    rig.on_disk = NULL;
    driver_desc(table, 1, 0x800, 4, DESC_WRITE, 0);
}

static void altered_in_table(void)
{
    uint64_t text = driver_alloc(16, 16);

    table = driver_alloc(32, 16);
    driver_desc(table, 0, text, 8, DESC_NEXT, 1);
    driver_desc(table, 1, text, 8, DESC_WRITE, 0);
    driver_desc(queue()->desc, 0, table, 32, DESC_INDIRECT, 0);
    driver_offer(queue(), 0);
    rig.on_disk = shorten_in_table;
    kick();
}

/* A receive buffer waits until there is something to receive. */
static void receive_two(void)
{
    offer(0, true);
    offer(1, true);
    kick();
}

static void something_comes(void)
{
    rig.typed[0] = 'a';
    rig.typed_end = 1;
    env_queue_wake(&rig.device->queues[0]);
    rig_run();
}

static void altered_while_waiting(void)
{
    receive_two();
    driver_desc(queue()->desc, 0, 0x800, 4, DESC_WRITE, 0);
    something_comes();
}

static void entry_altered(void)
{
    receive_two();
    driver_put16(queue()->avail + 4, 1);
    something_comes();
}

static void idx_back_while_waiting(void)
{
    receive_two();
    driver_put16(queue()->avail + 2, 1);
    kick();
}

static void stopped_with_buffers(void)
{
    receive_two();
    driver_queue_delete(0);
}

static void used_flags_written(void)
{
    offer(0, true);
    kick();
    driver_put16(queue()->used, 2);
    offer(1, true);
    kick();
}

static void used_entry_written(void)
{
    offer(0, true);
    kick();
    driver_put16(queue()->used + 4, 77);
    offer(1, true);
    kick();
}

static void many_small_pieces(void)
{
    struct driver_piece pieces[103];
    uint64_t data = driver_alloc(512, 16);

    for (unsigned i = 0; i < 103; i++) {
        pieces[i] = (struct driver_piece){data + 5 * i, 5, true};
    }
    pieces[102].length = 2;
    driver_block(queue(), 0, 0, pieces, 103);
}

#define WAITS(name_, clause_, kind_, stage_, ...)                              \
    BREACH(name_, clause_, kind_, stage_, WAITS, __VA_ARGS__)
#define SHADOW(name_, clause_, kind_, ...)                                     \
    BREACH(name_, clause_, kind_, LIVE, TAKEN, __VA_ARGS__)

const struct breach breaches_time[] = {
    WAITS(silent_after_driver, INIT_DRV_012, BLOCK, DRIVER, .arguable = true),
    WAITS(silent_after_features, FEAT_DRV_007, BLOCK, DRIVER, .arguable = true),
    WAITS(silent_after_refusal, INIT_DRV_012, BLOCK, DRIVER, .arguable = true),
    WAITS(silent_after_features_ok, INIT_DRV_012, BLOCK, FEATURES_OK,
          .arguable = true),
    WAITS(silent_before_driver_ok, INIT_DRV_008, BLOCK, QUEUES,
          .arguable = true),
    WAITS(live_without_queue, LINTEL_STALL_004, BLOCK, FEATURES_OK,
          .arguable = false),

    SHADOW(wide_torn, CFG_DRV_001, BLOCK, .arguable = true),
    WAITS(capacity_not_read_again, BLK_DRV_011, BLOCK, LIVE, .arguable = true),

    WAITS(interrupt_not_acknowledged, MMIO_DRV_034, CONSOLE, LIVE,
          .arguable = true),
    WAITS(interrupt_not_read, LINTEL_STALL_002, CONSOLE, LIVE,
          .arguable = false),
    WAITS(interrupt_not_read_after_reset, LINTEL_STALL_002, CONSOLE, LIVE,
          .arguable = false),
    WAITS(packed_wish_too_late, LINTEL_STALL_003, OTHER, LIVE,
          .arguable = false, .with = WITH(RING_PACKED)),
    WAITS(wish_too_late, LINTEL_STALL_003, OTHER, LIVE, .arguable = false),

    WAITS(kick_before_driver_ok, LINTEL_STALL_001, BLOCK, QUEUES,
          .arguable = false),
    WAITS(kick_of_queue_not_ready, LINTEL_STALL_001, CONSOLE, LIVE,
          .arguable = false),
    WAITS(kick_of_broken_device, LINTEL_STALL_001, BLOCK, LIVE,
          .arguable = false),
    WAITS(kick_of_empty_queue, LINTEL_STALL_005, BLOCK, LIVE,
          .arguable = false),
    WAITS(kick_of_empty_queue, LINTEL_STALL_005, BLOCK, LIVE, .arguable = false,
          .with = WITH(RING_PACKED)),
    SHADOW(stopped_with_buffers, CLEANUP_DRV_002, CONSOLE, .arguable = true,
           .with = WITH(RING_PACKED)),
    WAITS(not_notified, SPLIT_DRV_025, ENTROPY, LIVE, .arguable = true,
          .refuse = WITH(EVENT_IDX)),
    WAITS(not_notified, SPLIT_DRV_027, ENTROPY, LIVE, .arguable = true),
    WAITS(not_notified, LINTEL_STALL_006, ENTROPY, LIVE, .arguable = false,
          .with = WITH(RING_PACKED)),
    SHADOW(notified_in_vain, SPLIT_DRV_024, BLOCK, .arguable = true,
           .refuse = WITH(EVENT_IDX)),
    SHADOW(notified_in_vain, SPLIT_DRV_028, BLOCK, .arguable = true),
    SHADOW(receive_notified_in_vain, SPLIT_DRV_024, CONSOLE, .arguable = true,
           .refuse = WITH(EVENT_IDX)),
    SHADOW(receive_notified_in_vain, SPLIT_DRV_028, CONSOLE, .arguable = true),

    SHADOW(head_twice, SPLIT_TXT_009, ENTROPY, .refuse = 0),
    SHADOW(descriptor_shared, SPLIT_TXT_009, OTHER, .refuse = 0),
    SHADOW(altered_in_use, CLEANUP_DRV_001, OTHER, .arguable = true),
    SHADOW(altered_in_table, CLEANUP_DRV_001, OTHER, .arguable = true),
    SHADOW(altered_while_waiting, CLEANUP_DRV_001, CONSOLE, .arguable = true),
    SHADOW(entry_altered, CLEANUP_DRV_001, CONSOLE, .arguable = true),
    SHADOW(stopped_with_buffers, CLEANUP_DRV_002, CONSOLE, .arguable = true),
    SHADOW(used_flags_written, SPLIT_TXT_008, ENTROPY, .refuse = 0),
    SHADOW(used_entry_written, SPLIT_TXT_008, ENTROPY, .refuse = 0),
    SHADOW(many_small_pieces, SPLIT_DRV_005, BLOCK, .arguable = true),
    BREACH(idx_back_while_waiting, SPLIT_DRV_014, CONSOLE, LIVE, NEEDS_RESET),
};
const size_t breaches_time_count =
    sizeof breaches_time / sizeof breaches_time[0];
