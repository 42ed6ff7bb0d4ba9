/* Chains of descriptors of a split queue, VIRTIO 1.4 sections 2.7.4, 2.7.5.
 * Called by queue_split.c in the queue's service. */
#pragma once

#include "virtio/device.h"

/* Follows the chain that begins at `head` (below the queue's size) into
 * queue->chain. False after a report: the chain is broken; under strict lint
 * the device has then stopped. */
bool virtio_queue_chain_walk(struct virtio_queue *queue, uint16_t head);
