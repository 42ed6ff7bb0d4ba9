/* Lists of descriptors in a packed queue, VIRTIO 1.4 sections 2.8.6 and 2.8.7.
 * Called by queue_packed.c in the queue's service. */
#pragma once

#include "virtio/device.h"

/* Follows the list that begins at queue->last_avail into queue->chain; `flags`
 * are its first descriptor's, as read when it was found available. False after
 * a report: the list is broken, and can be given back empty (chain.id and
 * chain.slots are good) unless the device has stopped. */
bool virtio_queue_packed_chain_walk(struct virtio_queue *queue, uint16_t flags);
