/* Chains of descriptors of a split queue (VIRTIO 1.4 sections 2.7.4 and
 * 2.7.5). queue_split.c calls it in the queue's service. */
#pragma once

#include "virtio/device.h"

/* Follows the chain that begins at `head` into queue->chain. `head` is below
 * the queue's size. False: the chain is broken, which was reported; under
 * strict lint the device has then stopped. */
bool virtio_queue_chain_walk(struct virtio_queue *queue, uint16_t head);
