/* The registers of queues (VIRTIO 1.4 sections 4.2.2 and 4.2.3.2). A driver
 * may correct size and addresses until it writes QueueReady = 1. They are
 * judged then (queue_areas.c), except for a size that is too large for the
 * queue. Any QueueSel is allowed, since Linux tries them: a queue that does
 * not exist reads as 0 and ignores writes. transport.c calls it under the
 * device's lock. */
#include "virtio/queue_setup.h"

#include "virtio/life.h"
#include "virtio/ops.h"
#include "virtio/queue_areas.h"
#include "virtio/registers.h"
#include "virtio/ring.h"
#include "virtio/shadow.h"
#include "virtio/status.h"
#include "virtio/violation.h"

void virtio_queue_setup_select(struct virtio_device *device, uint32_t value)
{
    if (judge(device, CLAUSE_VQRESET_TXT_001, value > 0xffff)) {
        violation(device, CLAUSE_VQRESET_TXT_001,
                  .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = "no queue has an index like this",
                  .values = {{"QueueSel", value}});
    }
    device->session.queue_sel = value;
    device->session.wrote_queue_sel = true;
}

/* The selected queue, or NULL. */
static struct virtio_queue *selected(struct virtio_device *device)
{
    if (judge(device, CLAUSE_MMIO_TXT_010, !device->session.wrote_queue_sel)) {
        violation(device, CLAUSE_MMIO_TXT_010, .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = "QueueSel was not written since reset");
        device->session.wrote_queue_sel = true;
    }
    if (device->session.queue_sel >= device->queue_count ||
        device->queues[device->session.queue_sel].size_max == 0) {
        return NULL;
    }
    return &device->queues[device->session.queue_sel];
}

uint32_t virtio_queue_setup_size_max(struct virtio_device *device)
{
    struct virtio_queue *queue = selected(device);

    if (queue == NULL) {
        return 0;
    }
    queue->session.seen_size_max = true;
    return queue->size_max;
}

uint32_t virtio_queue_setup_ready(struct virtio_device *device)
{
    struct virtio_queue *queue = selected(device);

    if (queue == NULL) {
        return 0;
    }
    queue->session.seen_ready = true;
    if (!queue->stopping) {
        queue->session.stop_unread = false;
    }
    return queue->ready ? 1 : 0;
}

uint32_t virtio_queue_setup_reset(struct virtio_device *device)
{
    struct virtio_queue *queue = selected(device);

    if (queue == NULL) {
        return 0;
    }
    queue->session.reset_unread &= queue->resets;
    return queue->resets ? 1 : 0;
}

/* After QueueReset = 1, the driver has to read QueueReset until it is 0. */
static void reset_judge(struct virtio_device *device,
                        struct virtio_queue *queue, uint32_t value)
{
    if (judge(device, CLAUSE_MMIO_DRV_023, queue->session.reset_unread)) {
        violation(device, CLAUSE_MMIO_DRV_023, .queue = queue,
                  .verdict = queue->resets ? VIRTIO_VERDICT_IGNORED
                                           : VIRTIO_VERDICT_TAKEN,
                  .summary = "a queue was set up after its reset before "
                             "QueueReset was read as 0",
                  .values = {{"written", value}});
        queue->session.reset_unread = queue->resets;
    }
}

/* Judges what every step of a queue's setup needs: the driver has not set
 * FAILED, and the queue does not wait for its service to leave. True: the
 * step may be done. */
static bool step_judge(struct virtio_device *device, struct virtio_queue *queue,
                       uint32_t value)
{
    if (virtio_status_failed_judge(device, queue,
                                   "a queue was set up after FAILED", value)) {
        return false;
    }
    if (judge(device, CLAUSE_MMIO_DRV_019, queue->session.stop_unread)) {
        violation(device, CLAUSE_MMIO_DRV_019, .queue = queue,
                  .verdict = queue->stopping ? VIRTIO_VERDICT_IGNORED
                                             : VIRTIO_VERDICT_TAKEN,
                  .summary = "a queue was set up again before QueueReady was "
                             "read back as 0",
                  .values = {{"written", value}});
        queue->session.stop_unread = queue->stopping;
    }
    if (queue->session.was_reset) {
        reset_judge(device, queue, value);
    }
    return !queue->stopping && !device->resetting;
}

static void store(struct virtio_device *device, struct virtio_queue *queue,
                  uint32_t offset, uint32_t value)
{
    /* offsets 0x80 and 0x84, 0x90 and 0x94, 0xa0 and 0xa4 */
    unsigned area = (offset - VIRTIO_REG_QUEUE_DESC_LOW) / 16;
    unsigned shift = offset % 8 == 0 ? 0 : 32;

    if (offset != VIRTIO_REG_QUEUE_SIZE) {
        queue->setup.address[area] =
            (queue->setup.address[area] & ~((uint64_t)UINT32_MAX << shift)) |
            (uint64_t)value << shift;
        queue->setup.written |=
            (uint16_t)(VIRTIO_WROTE_DESC_LOW << area * 2 << shift / 32);
        return;
    }
    if (judge(device, CLAUSE_MMIO_DRV_016, value > queue->size_max)) {
        violation(device, CLAUSE_MMIO_DRV_016, .queue = queue,
                  .verdict = VIRTIO_VERDICT_IGNORED,
                  .summary = "QueueSize is larger than QueueSizeMax",
                  .values = {{"QueueSize", value},
                             {"QueueSizeMax", queue->size_max}});
        return;
    }
    queue->size = (uint16_t)value;
    queue->setup.written |= VIRTIO_WROTE_SIZE;
}

void virtio_queue_setup_write(struct virtio_device *device, uint32_t offset,
                              uint32_t value)
{
    struct virtio_queue *queue = selected(device);

    if (queue == NULL) {
        return;
    }
    if (!queue->session.stop_unread && !queue->resets &&
        judge(device, CLAUSE_MMIO_DRV_017, queue->ready)) {
        violation(device, CLAUSE_MMIO_DRV_017, .queue = queue,
                  .verdict = VIRTIO_VERDICT_IGNORED,
                  .summary = "the setup of an enabled queue was written",
                  .values = {{virtio_register_name(offset), value}});
        return;
    }
    if (!step_judge(device, queue, value)) {
        return;
    }
    if ((device->session.status & VIRTIO_STATUS_FEATURES_OK) == 0) {
        enum clause_id id = device->session.features_refused
                                ? CLAUSE_INIT_DRV_013
                                : CLAUSE_INIT_DRV_007;

        violation(device, id, .queue = queue, .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = device->session.features_refused
                                 ? "a queue was set up after the features "
                                   "were refused"
                                 : "a queue was set up before FEATURES_OK",
                  .values = {{virtio_register_name(offset), value},
                             {"Status", device->session.status}});
    }
    store(device, queue, offset, value);
}

/* Judges the order of 3.1.1 and 4.2.3.2 before QueueReady = 1. */
static bool order_judge(struct virtio_device *device,
                        struct virtio_queue *queue)
{
    if ((device->session.status & VIRTIO_STATUS_FEATURES_OK) == 0) {
        enum clause_id id = device->session.features_refused
                                ? CLAUSE_INIT_DRV_013
                                : CLAUSE_INIT_DRV_005;

        violation(device, id, .queue = queue,
                  .verdict = VIRTIO_VERDICT_QUEUE_REFUSED,
                  .summary = "QueueReady = 1 without FEATURES_OK",
                  .values = {{"Status", device->session.status}});
        return false;
    }
    if (judge(device, CLAUSE_INIT_DRV_006,
              device->session.features_ok_unread)) {
        violation(device, CLAUSE_INIT_DRV_006, .queue = queue,
                  .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = "QueueReady = 1 without reading Status after "
                             "FEATURES_OK",
                  .values = {{"Status", device->session.status}});
        device->session.features_ok_unread = false;
    }
    if (judge(device, CLAUSE_INIT_DRV_007,
              (device->session.status & VIRTIO_STATUS_DRIVER_OK) != 0 &&
                  !queue->session.was_ready)) {
        violation(device, CLAUSE_INIT_DRV_007, .queue = queue,
                  .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = "a queue was enabled first after DRIVER_OK",
                  .values = {{"Status", device->session.status}});
    }
    if (judge(device, CLAUSE_MMIO_TXT_011, !queue->session.seen_ready)) {
        violation(device, CLAUSE_MMIO_TXT_011, .queue = queue,
                  .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = "QueueReady was not read before");
    }
    if (judge(device, CLAUSE_MMIO_TXT_012, !queue->session.seen_size_max)) {
        violation(device, CLAUSE_MMIO_TXT_012, .queue = queue,
                  .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = "QueueSizeMax was not read before");
    }
    return true;
}

static void enable(struct virtio_device *device, struct virtio_queue *queue)
{
    if (step_judge(device, queue, 1) && order_judge(device, queue) &&
        virtio_queue_areas_judge(queue)) {
        queue->ready = true;
        queue->session.was_ready = true;
        queue->session.was_reset = false;
        if (virtio_life_running(device)) {
            queue->kick_lost = false;
            env_queue_wake(queue);
        }
    }
}

/* The driver takes its buffers back only after a reset of the device
 * (3.3.1). */
static void outstanding_judge(struct virtio_device *device,
                              struct virtio_queue *queue)
{
    uint16_t outstanding = virtio_shadow_outstanding(queue);

    if (judge(device, CLAUSE_CLEANUP_DRV_002,
              virtio_life_running(device) && outstanding != 0)) {
        violation(device, CLAUSE_CLEANUP_DRV_002, .queue = queue,
                  .arguable = true, .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = "a queue was stopped with buffers in it, without "
                             "a reset",
                  .values = {{"buffers not used", outstanding}});
    }
}

void virtio_queue_setup_write_ready(struct virtio_device *device,
                                    uint32_t value)
{
    struct virtio_queue *queue = selected(device);
    bool again =
        queue != NULL && queue->ready && !queue->stopping && value == 1;

    if (judge(device, CLAUSE_MMIO_TXT_003, value > 1 || again)) {
        violation(device, CLAUSE_MMIO_TXT_003, .queue = queue,
                  .verdict = VIRTIO_VERDICT_IGNORED,
                  .summary = again ? "QueueReady = 1 while it is 1"
                                   : "QueueReady is neither 0 nor 1",
                  .values = {{"QueueReady", value}});
    } else if (value == 0) {
        if (queue != NULL && queue->ready && !queue->stopping) {
            outstanding_judge(device, queue);
            queue->session.stop_unread = true;
            virtio_life_stop(queue);
        }
    } else if (judge(device, CLAUSE_MMIO_TXT_012, queue == NULL)) {
        violation(device, CLAUSE_MMIO_TXT_012,
                  .verdict = VIRTIO_VERDICT_IGNORED,
                  .summary = "a queue was enabled that is not there",
                  .values = {{"QueueSel", device->session.queue_sel}});
    } else {
        enable(device, queue);
    }
}

void virtio_queue_setup_write_reset(struct virtio_device *device,
                                    uint32_t value)
{
    struct virtio_queue *queue = selected(device);
    bool negotiated =
        (device->session.status & VIRTIO_STATUS_FEATURES_OK) != 0 &&
        virtio_accepted(device, VIRTIO_F_RING_RESET);

    if (judge(device, CLAUSE_MMIO_TXT_008, !negotiated || value != 1)) {
        violation(device, CLAUSE_MMIO_TXT_008, .queue = queue,
                  .verdict = VIRTIO_VERDICT_IGNORED,
                  .summary = negotiated ? "QueueReset was not written with 1"
                                        : "QueueReset without RING_RESET",
                  .values = {{"QueueReset", value}});
    } else if (judge(device, CLAUSE_MMIO_TXT_012, queue == NULL)) {
        violation(device, CLAUSE_MMIO_TXT_012,
                  .verdict = VIRTIO_VERDICT_IGNORED,
                  .summary = "a queue was reset that is not there",
                  .values = {{"QueueSel", device->session.queue_sel}});
    } else if (!device->resetting) {
        queue->session.was_reset = true;
        queue->session.reset_unread = true;
        queue->session.stop_unread = false;
        virtio_life_reset_queue(queue);
    }
}

/* Judges the bits above the queue's index (2.9). */
static void notify_data_judge(struct virtio_device *device,
                              struct virtio_queue *queue, uint32_t value)
{
    bool data = virtio_accepted(device, VIRTIO_F_NOTIFICATION_DATA);

    if (judge(device, CLAUSE_KICK_TXT_001, !data && value > 0xffff)) {
        violation(device, CLAUSE_KICK_TXT_001, .queue = queue,
                  .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = "the upper half is not 0",
                  .values = {{"QueueNotify", value}});
    }
    if (data && queue != NULL && queue->ready && !queue->stopping) {
        virtio_ring_notified(queue, (uint16_t)(value >> 16));
    }
}

void virtio_queue_setup_notify(struct virtio_device *device, uint32_t value)
{
    uint32_t index = value & 0xffff;
    struct virtio_queue *queue =
        index < device->queue_count ? &device->queues[index] : NULL;

    notify_data_judge(device, queue, value);
    if (queue != NULL) {
        queue->kicks++;
    }
    if (judge(device, CLAUSE_INIT_DRV_014,
              (device->session.status & VIRTIO_STATUS_DRIVER_OK) == 0)) {
        violation(device, CLAUSE_INIT_DRV_014, .queue = queue,
                  .verdict = VIRTIO_VERDICT_IGNORED,
                  .summary = "a queue was notified before DRIVER_OK",
                  .values = {{"QueueNotify", value},
                             {"Status", device->session.status}});
    } else if (judge(device, CLAUSE_VQRESET_DRV_001,
                     queue != NULL && queue->session.reset_unread &&
                         !queue->resets)) {
        violation(device, CLAUSE_VQRESET_DRV_001, .queue = queue,
                  .verdict = VIRTIO_VERDICT_IGNORED,
                  .summary = "a queue was notified after its reset before "
                             "QueueReset was read as 0",
                  .values = {{"QueueNotify", value}});
    } else if (judge(device, CLAUSE_MMIO_TXT_004,
                     queue == NULL || !queue->ready)) {
        violation(device, CLAUSE_MMIO_TXT_004, .queue = queue,
                  .verdict = VIRTIO_VERDICT_IGNORED,
                  .summary = queue == NULL ? "there is no such queue"
                                           : "the queue is not enabled",
                  .values = {{"QueueNotify", value}});
    } else if (virtio_life_running(device) && !queue->stopping) {
        virtio_ring_kicked(queue);
        queue->kicks_taken++;
        queue->kick_lost = false;
        env_queue_wake(queue);
        return;
    }
    if (queue != NULL) {
        queue->kicks_ignored++;
        queue->kick_lost = true;
    }
}
