/* Start, stop and reset while work is in flight (VIRTIO 1.4 sections 2.1.2,
 * 2.4.1 and 4.2.2). Only a queue's service touches the queue's memory, and
 * only while `serving` is set. A stop asks a service that is inside to
 * leave. Only when it has left do Status and QueueReady read as 0; until
 * then the driver may not reuse the memory. status.c and queue_setup.c call
 * this file, and vmm/ calls the service. */
#include "virtio/life.h"

#include "virtio/interrupt.h"
#include "virtio/lock.h"
#include "virtio/queue.h"

/* Chains that one call may take, and the times that it looks for another
 * chain, so that a busy queue does not keep its processor from other tasks. */
enum {
    SERVICE_BUDGET = 64
};

void virtio_life_start(struct virtio_device *device)
{
    if (!virtio_life_running(device)) {
        return;
    }
    /* Serves the buffers that the driver made available before DRIVER_OK: it
     * may, but need not, notify the device of them later. */
    for (unsigned i = 0; i < device->queue_count; i++) {
        if (device->queues[i].ready) {
            device->queues[i].kick_lost = false;
            env_queue_wake(&device->queues[i]);
        }
    }
}

static void queue_off(struct virtio_queue *queue)
{
    queue->ready = false;
    queue->stopping = false;
    queue->halt = false;
    queue->kick_lost = false;
    if (queue->resets) {
        queue->resets = false;
        queue->setup = (struct virtio_queue_setup){0};
    }
}

static void queue_reset(struct virtio_queue *queue)
{
    queue_off(queue);
    queue->setup = (struct virtio_queue_setup){0};
    queue->session = (struct virtio_queue_session){0};
}

/* What the driver did since power-on stays known: that it read the identity,
 * and which interrupts it was shown. The configuration space belongs to the
 * device and keeps its values. */
static void reset_finish(struct virtio_device *device)
{
    for (unsigned i = 0; i < device->queue_count; i++) {
        queue_reset(&device->queues[i]);
    }
    virtio_interrupt_clear(device);
    device->session = (struct virtio_session){0};
    device->session.reset_unread = true;
    device->resetting = false;
}

static bool anyone_serving(const struct virtio_device *device)
{
    for (unsigned i = 0; i < device->queue_count; i++) {
        if (device->queues[i].serving) {
            return true;
        }
    }
    return false;
}

void virtio_life_reset(struct virtio_device *device)
{
    if (device->resetting) {
        return;
    }
    if (!anyone_serving(device)) {
        reset_finish(device);
        return;
    }
    device->resetting = true;
    for (unsigned i = 0; i < device->queue_count; i++) {
        device->queues[i].halt = true;
    }
}

void virtio_life_stop(struct virtio_queue *queue)
{
    if (!queue->serving) {
        queue_off(queue);
        return;
    }
    queue->stopping = true;
    queue->halt = true;
}

void virtio_life_reset_queue(struct virtio_queue *queue)
{
    queue->resets = true;
    virtio_life_stop(queue);
}

void virtio_device_needs_reset(struct virtio_device *device)
{
    virtio_device_lock(device);
    if ((device->session.status & VIRTIO_STATUS_DEVICE_NEEDS_RESET) == 0 &&
        !device->resetting) {
        bool live = (device->session.status & VIRTIO_STATUS_DRIVER_OK) != 0;

        device->session.status |= VIRTIO_STATUS_DEVICE_NEEDS_RESET;
        for (unsigned i = 0; i < device->queue_count; i++) {
            device->queues[i].halt = true;
        }
        if (live) {
            virtio_interrupt_raise(device, VIRTIO_INTERRUPT_CONFIG);
        }
    }
    virtio_device_unlock(device);
}

bool virtio_device_settled(const struct virtio_device *device)
{
    if (__atomic_load_n(&device->resetting, __ATOMIC_ACQUIRE)) {
        return false;
    }
    for (unsigned i = 0; i < device->queue_count; i++) {
        if (__atomic_load_n(&device->queues[i].stopping, __ATOMIC_ACQUIRE)) {
            return false;
        }
    }
    return true;
}

static void serve(struct virtio_queue *queue)
{
    queue->device->ops->service(queue);
    virtio_queue_signal(queue);
}

/* Before the service lingers, it signals what it has done. After it has
 * lingered, it looks at the queue again and asks for kicks (queue.c). A
 * chain that it saw meanwhile may be gone by then, so each look counts as a
 * chain does. */
static void linger(struct virtio_queue *queue)
{
    while (queue->idle && !virtio_queue_halted(queue)) {
        queue->lingers = env_queue_linger(queue);
        if (queue->budget > 0) {
            queue->budget--;
        }
        queue->idle = false;
        serve(queue);
    }
    queue->idle = false;
    queue->lingers = true;
}

void virtio_queue_service(struct virtio_queue *queue)
{
    struct virtio_device *device = queue->device;

    virtio_device_lock(device);
    bool go = queue->ready && !queue->stopping && !queue->serving &&
              virtio_life_running(device);

    if (go) {
        queue->serving = true;
        queue->halt = false;
        queue->budget = SERVICE_BUDGET;
    }
    virtio_device_unlock(device);
    if (!go) {
        return;
    }
    serve(queue);
    if (queue->idle) {
        linger(queue);
    }
    virtio_device_lock(device);
    queue->serving = false;
    if (queue->stopping) {
        queue_off(queue);
    }
    if (device->resetting && !anyone_serving(device)) {
        reset_finish(device);
    }
    virtio_device_unlock(device);
}
