/* Fuzzes a virtio device: the input is a list of accesses, services, writes to
 * guest memory and changes by the device's owner; guest memory also changes in
 * the middle of the device's work, at each call of env_guest_range() and each
 * disk access. Whatever comes, the device stays in memory, comes to an end,
 * keeps its invariants, and works after a reset. Built by test/fuzz. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/unit/support/virtio_driver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
    const uint8_t *at;
    size_t left;
} input;

static uint64_t take(unsigned bytes)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < bytes && input.left > 0; i++) {
        value |= (uint64_t)*input.at++ << i * 8;
        input.left--;
    }
    return value;
}

static void require(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "broken: %s\n", what);
        rig_print_reports();
        abort();
    }
}

static void invariants(void)
{
    const struct virtio_device *device = rig.device;

    require(device->lock == 0, "the lock is free");
    require(device->outbox_count == 0, "reports are delivered");
    require(rig.line == (device->interrupt_status != 0), "line");
    require((device->session.status & ~0xcfu) == 0, "status bits");
    require((device->session.status & 4) == 0 ||
                (device->session.status & 8) != 0,
            "DRIVER_OK only with FEATURES_OK");
    require((device->session.accepted[0] & ~device->offered[0]) == 0 ||
                (device->session.status & 8) == 0,
            "features");
    require(virtio_device_settled(device), "settled while nobody serves");
    for (unsigned i = 0; i < device->queue_count; i++) {
        const struct virtio_queue *queue = &device->queues[i];

        require(!queue->serving && !queue->stopping, "nobody serves");
        require(!queue->ready ||
                    (queue->size != 0 && queue->size <= queue->size_max &&
                     (queue->packed || (queue->size & (queue->size - 1)) == 0)),
                "size");
    }
}

/* Where the driver's structures are: most writes should matter. */
static uint64_t place(void)
{
    uint64_t where = take(2);

    return where % 8 == 7 ? where * 97 : 0x10000 + where % 0x3000;
}

static void scribble(void)
{
    static bool inside;

    if (!inside && input.left != 0 && (*input.at & 3) == 0) {
        inside = true;
        take(1);
        uint64_t where = place();

        memcpy(rig_at(where, 2), &(uint16_t){(uint16_t)take(2)}, 2);
        /* A reset with work in flight; under the lock nobody else comes. */
        if ((where & 0x70) == 0 && rig.device->lock == 0) {
            driver_write(VIRTIO_REG_STATUS, 0);
        }
        inside = false;
    }
}

/* The driver goes on while a service lingers, and may take it back. */
static bool linger(struct virtio_queue *queue)
{
    (void)queue;
    scribble();
    return (take(1) & 1) != 0;
}

static void offer(void)
{
    struct driver_queue *queue = &driver_queues[take(1) % 2];

    if (queue->size == 0 || queue->index >= rig.device->queue_count) {
        return;
    }
    if (queue->packed) {
        uint64_t gpa = place();
        uint32_t length = (uint32_t)take(2);
        uint16_t id = (uint16_t)take(1);

        driver_packed(queue, gpa, length, id, (uint16_t)(take(1) & 7), false);
    } else {
        driver_offer(queue, (uint16_t)(take(1) % (queue->size + 1u)));
    }
    driver_kick(queue);
}

static void descriptor(void)
{
    struct driver_queue *queue = &driver_queues[take(1) % 2];

    if (queue->size != 0) {
        unsigned index = (unsigned)take(1) % queue->size;
        uint64_t gpa = take(1) % 16 != 0 ? place() : take(8);

        uint32_t length = (uint32_t)take(2);
        uint16_t flags = (uint16_t)take(1);

        /* Where a packed descriptor has its flags, a split one has next. */
        if (queue->packed) {
            driver_desc(queue->desc, index, gpa, length, (uint16_t)take(1),
                        (uint16_t)((flags & 7) | (flags & 8) << 4 |
                                   (flags & 16) << 11));
        } else {
            driver_desc(queue->desc, index, gpa, length, flags & 7,
                        (uint16_t)(take(1) % 16));
        }
    }
}

static void owner(void)
{
    uint8_t bytes[16];

    for (unsigned i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)take(1);
    }
    virtio_device_changed_config(rig.device, bytes[0], bytes, bytes[1] % 17);
}

static void step(void)
{
    static const unsigned sizes[] = {1, 2, 4, 8};
    uint8_t what = (uint8_t)take(1);
    unsigned bytes = (what & 0x20) != 0 ? 4 : sizes[what >> 6];
    uint32_t offset = 0;

    switch (what & 15) {
    case 0:
    case 1:
        offset = (uint32_t)take(1) * 2;
        virtio_mmio_read(rig.device, offset & 0x1ff, bytes);
        break;
    case 2:
    case 3:
    case 4:
        offset = (uint32_t)take(1) * 2 | (what >> 5 == 6);
        virtio_mmio_write(rig.device, offset & 0x1ff, bytes,
                          take((what & 0x10) != 0 ? 1 : 4));
        break;
    case 5:
    case 6:
        memcpy(rig_at(place(), 8), &(uint64_t){take(4)}, 8);
        break;
    case 7:
    case 8:
    case 9:
        descriptor();
        break;
    case 10:
    case 11:
    case 12:
        offer();
        break;
    case 13:
        owner();
        break;
    case 14:
        rig.typed_end += rig.typed_end + 7 < sizeof rig.typed ? 7 : 0;
        env_queue_wake(&rig.device->queues[0]);
        break;
    default:
        driver_begin(take(1) % (STAGE_LIVE + 1), UINT64_MAX);
        break;
    }
    require(rig_run(), "services end");
    invariants();
}

/* Whatever came before, a reset ends it: a driver that does all right hears
 * nothing afterwards. What the reset itself tells is about earlier acts. */
static void recover(void)
{
    struct driver_used used;

    rig.on_range = NULL;
    rig.on_disk = NULL;
    rig.on_linger = NULL;
    driver_write(VIRTIO_REG_STATUS, 0);
    require(rig_run(), "services end at a reset");
    rig_forget();
    driver_go(STAGE_LIVE);
    driver_interrupt();
    require(rig_run(), "services end after a reset");
    for (unsigned i = 0; i < rig.report_count; i++) {
        fprintf(stderr, "after the reset: %s\n", rig.reports[i].clause->id);
    }
    require(rig.report_count == 0, "nothing is reported after a reset");
    require(driver_read(VIRTIO_REG_STATUS) == 15, "lives after a reset");
    require(!driver_take(&driver_queues[0], &used), "nothing used yet");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum rig_kind kinds[] = {RIG_CONSOLE, RIG_BLOCK, RIG_BLOCK_RO,
                                          RIG_ENTROPY};
    rig_alone = true;
    input.at = data;
    input.left = size;
    uint8_t first = (uint8_t)take(1);

    memset(driver_queues, 0, sizeof driver_queues);
    rig_without = ((first & 0x10) != 0 ? 0 : UINT64_C(1) << 34) |
                  ((first & 0x20) != 0 ? 0 : RIG_RINGS & ~(UINT64_C(1) << 34));
    rig_start(kinds[first & 3], (first >> 2 & 3) % 3, 0);
    driver_alloc_reset();
    if ((first & 0x40) != 0) {
        driver_begin(STAGE_LIVE, ~((uint64_t)(first >> 7) << 29));
    }
    rig.on_range = scribble;
    rig.on_disk = scribble;
    rig.on_linger = linger;
    for (unsigned i = 0; i < rig.device->queue_count; i++) {
        rig.device->queues[i].lingers = (first & 0x0c) == 0x0c;
    }
    while (input.left > 0) {
        step();
    }
    recover();
    return 0;
}
