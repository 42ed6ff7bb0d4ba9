/* One request to a block device (VIRTIO 1.4 section 5.2.6). block.c calls it
 * in its queue's service. */
#pragma once

#include "virtio/block.h"

/* Carries the request out and sets `written` to the used length. False: the
 * queue has to stop, and the caller must not return the chain. */
bool virtio_block_request_serve(struct virtio_block *block,
                                struct virtio_queue *queue,
                                const struct virtio_chain *chain,
                                uint32_t *written);

/* The number of data segments that a request may have. */
unsigned virtio_block_seg_max(const struct virtio_block *block);
