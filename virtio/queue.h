/* A queue as a device uses it, from its service function: take a chain, work
 * on it, give it back. The same for split and packed queues (VIRTIO 1.4
 * sections 2.7 and 2.8; ring.h). No lock is held in any of these. */
#pragma once

#include "virtio/device.h"

/* The next chain the driver made available, checked and in guest memory; NULL
 * if there is none, the budget is used up or the queue has to stop: then the
 * service returns. The chain is the queue's and good till the next call. */
struct virtio_chain *virtio_queue_pop(struct virtio_queue *queue);

/* Has the driver made a chain available, or has the service to leave? For
 * env_queue_linger(), inside which all that it reads stays as it is but for the
 * ring. */
bool virtio_queue_waiting(const struct virtio_queue *queue);

/* Returns the chain to the driver; the first `written` bytes of its writable
 * part are valid. */
void virtio_queue_push(struct virtio_queue *queue,
                       const struct virtio_chain *chain, uint32_t written);

/* Gives back the chain last popped, untouched, to be popped again; till then
 * queue->again is set, so that it is judged once. */
void virtio_queue_unpop(struct virtio_queue *queue);

/* Judges the chain last popped by the clause that its queue is for buffers
 * which the device fills: it has nothing to be read. */
void virtio_queue_judge_readable(struct virtio_queue *queue, enum clause_id id,
                                 const char *summary);

/* Interrupts the driver if it wants to know of what was pushed. Done by itself
 * every few chains and at the end of the service; a device whose next step may
 * take long does it before. */
void virtio_queue_signal(struct virtio_queue *queue);

/* Only looks what the driver has made available, for a service that has
 * nothing to put into it yet: what changes from here on shows. */
void virtio_queue_look(struct virtio_queue *queue);

/* Has the service to leave? For devices in long work. */
static inline bool virtio_queue_halted(const struct virtio_queue *queue)
{
    return __atomic_load_n(&queue->halt, __ATOMIC_RELAXED);
}

/* Starts a ring at these areas, of the layout and with the features that were
 * negotiated (queue_areas.c). */
void virtio_queue_start(struct virtio_queue *queue, uint8_t *const area[3]);
