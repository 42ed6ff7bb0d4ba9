/* A queue as a device uses it from its service function: take a chain, work
 * on it, give it back. Split and packed queues are alike here (VIRTIO 1.4
 * sections 2.7 and 2.8; ring.h). No lock is held in any of these functions. */
#pragma once

#include "virtio/device.h"

/* The next chain that the driver made available, checked and in guest
 * memory. NULL: there is none, the budget is used up, or the queue has to
 * stop; then the service returns. The chain belongs to the queue and is good
 * until the next call. */
struct virtio_chain *virtio_queue_pop(struct virtio_queue *queue);

/* True if the driver has made a chain available or the service has to leave.
 * For env_queue_linger(): during that call only the ring and the request to
 * leave can change the answer. */
bool virtio_queue_waiting(const struct virtio_queue *queue);

/* Returns the chain to the driver. The first `written` bytes of its writable
 * part are valid. */
void virtio_queue_push(struct virtio_queue *queue,
                       const struct virtio_chain *chain, uint32_t written);

/* Puts the chain that was last popped back, so that it will be popped again.
 * Until then queue->again is set, so that the chain is judged once only. */
void virtio_queue_unpop(struct virtio_queue *queue);

/* Judges the chain that was last popped by a clause which wants no readable
 * buffers: the queue is for buffers that the device fills. */
void virtio_queue_judge_readable(struct virtio_queue *queue, enum clause_id id,
                                 const char *summary);

/* Interrupts the driver if it wants to know of the chains that were pushed.
 * The queue does so by itself every few chains and at the end of the
 * service. A device calls it before a step that may take long. */
void virtio_queue_signal(struct virtio_queue *queue);

/* Notes which chains the driver has made available, and takes none. If the
 * driver changes them later, the clauses can tell. For a service that has no
 * data for the chains yet. */
void virtio_queue_look(struct virtio_queue *queue);

/* True if the service has to leave. For devices in long work. */
static inline bool virtio_queue_halted(const struct virtio_queue *queue)
{
    return __atomic_load_n(&queue->halt, __ATOMIC_RELAXED);
}

/* Starts the ring in these areas (queue_areas.c), in the layout and with the
 * features that were negotiated. */
void virtio_queue_start(struct virtio_queue *queue, uint8_t *const area[3]);
