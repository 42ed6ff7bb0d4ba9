/* One request to a block device, VIRTIO 1.4 section 5.2.6. Called by block.c
 * in its queue's service. */
#pragma once

#include "virtio/block.h"

/* Carries the request out; `written` becomes the used length. False if the
 * queue has to stop meanwhile: then the chain is not to be returned. */
bool virtio_block_request_serve(struct virtio_block *block,
                                struct virtio_queue *queue,
                                const struct virtio_chain *chain,
                                uint32_t *written);

/* How many pieces of data a request may have (block.c). */
unsigned virtio_block_seg_max(const struct virtio_block *block);
