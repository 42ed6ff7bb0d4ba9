/* Lists of descriptors of a packed queue (VIRTIO 1.4 sections 2.8.6 and
 * 2.8.7). queue_packed.c calls it in the queue's service. */
#pragma once

#include "virtio/device.h"

/* Follows the list that begins at queue->last_avail into queue->chain.
 * `flags` belong to its first descriptor, as they were read when it was
 * found available. False: the list is broken, which was reported. It can be
 * given back empty (chain.id and chain.slots are good), unless the device
 * has stopped. */
bool virtio_queue_packed_chain_walk(struct virtio_queue *queue, uint16_t flags);
