/* A queue as its device sees it (VIRTIO 1.4 sections 2.7 and 2.8): what split
 * and packed queues share above ring.h, namely the bounds of a service's call
 * and the interrupt decision. Only the queue's service is here, called from a
 * device's service function.
 *
 * Waking is safe by one rule on both sides (2.7.7.2, 2.7.10.1, 2.7.13.4;
 * 2.8.21.3.1): first publish (a buffer, or the wish to be notified), then a
 * full barrier, then look at what the other side published. */
#include "virtio/queue.h"

#include "virtio/interrupt.h"
#include "virtio/lock.h"
#include "virtio/ops.h"
#include "virtio/ring.h"
#include "virtio/violation.h"

void virtio_queue_start(struct virtio_queue *queue, uint8_t *const area[3])
{
    const struct virtio_device *device = queue->device;

    queue->desc = area[0];
    queue->avail = area[1];
    queue->used = area[2];
    queue->event_idx = virtio_accepted(device, VIRTIO_F_EVENT_IDX);
    queue->indirect = virtio_accepted(device, VIRTIO_F_INDIRECT_DESC);
    queue->in_order = virtio_accepted(device, VIRTIO_F_IN_ORDER);
    queue->quiet = false;
    queue->idle = false;
    queue->pushed = false;
    queue->again = false;
    queue->last_avail = 0;
    queue->used_idx = 0;
    queue->unsignalled = 0;
    queue->kicks_taken = 0;
    queue->kicks_quiet = 0;
    queue->kick_idx = 0;
    queue->suppressed = false;
    queue->looked = false;
    queue->packed = virtio_accepted(device, VIRTIO_F_RING_PACKED);
    virtio_ring_start(queue);
}

struct virtio_chain *virtio_queue_pop(struct virtio_queue *queue)
{
    queue->looked = false;
    while (!virtio_queue_halted(queue)) {
        if (queue->budget == 0) {
            env_queue_wake(queue); /* while kicks are still off */
            return NULL;
        }
        if (queue->lingers && queue->quiet && !virtio_ring_waiting(queue)) {
            queue->idle = true;
            return NULL;
        }
        enum virtio_ring_next next = virtio_ring_next(queue);

        if (next == VIRTIO_RING_EMPTY) {
            return NULL;
        }
        queue->budget--;
        if (next == VIRTIO_RING_CHAIN) {
            queue->chains++;
            return &queue->chain;
        }
        if (next == VIRTIO_RING_BROKEN && !virtio_queue_halted(queue)) {
            virtio_queue_push(queue, &queue->chain, 0);
        }
    }
    return NULL;
}

bool virtio_queue_waiting(const struct virtio_queue *queue)
{
    return virtio_queue_halted(queue) || virtio_ring_waiting(queue);
}

void virtio_queue_look(struct virtio_queue *queue)
{
    queue->looked = true;
    if (!queue->packed && !virtio_queue_halted(queue)) {
        virtio_queue_split_look(queue);
    }
}

void virtio_queue_unpop(struct virtio_queue *queue)
{
    virtio_ring_back(queue);
    queue->again = true;
    queue->budget++;
    queue->chains--;
}

void virtio_queue_push(struct virtio_queue *queue,
                       const struct virtio_chain *chain, uint32_t written)
{
    virtio_ring_put(queue, chain, written);
    queue->pushed = true;
    queue->again = false;
    if (++queue->unsignalled >= queue->batch) {
        virtio_queue_signal(queue);
    }
}

void virtio_queue_signal(struct virtio_queue *queue)
{
    struct virtio_device *device = queue->device;

    if (queue->unsignalled == 0) {
        return;
    }
    /* The driver has to see the used buffers before the device reads whether
     * the driver wants an interrupt. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    bool notify = virtio_ring_wanted(queue);

    queue->unsignalled = 0;
    queue->suppressed = !notify;
    if (!notify) {
        queue->interrupts_suppressed++;
        return;
    }
    queue->interrupts++;
    virtio_device_lock(device);
    virtio_interrupt_raise(device, VIRTIO_INTERRUPT_USED);
    virtio_device_unlock(device);
}

void virtio_queue_judge_readable(struct virtio_queue *queue, enum clause_id id,
                                 const char *summary)
{
    const struct virtio_chain *chain = &queue->chain;

    if (ring_judge(queue, id, chain->readable != 0)) {
        ring_violation(queue, id, .verdict = VIRTIO_VERDICT_TAKEN,
                       .summary = summary,
                       .values = {{"head", chain->head},
                                  {"readable bytes", chain->readable_bytes}});
    }
}
