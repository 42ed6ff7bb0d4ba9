/* The block device (VIRTIO 1.4 section 5.2): how it is made, and the service
 * of its queue. block_type.c has what a driver sees of the device;
 * block_request.c carries requests out. vmm/ makes the device and wakes its
 * queue. */
#include "virtio/block.h"

#include "virtio/block_request.h"
#include "virtio/config_space.h"
#include "virtio/ops.h"
#include "virtio/queue.h"
#include "virtio/violation.h"

enum {
    /* The header and the status byte take one descriptor each. */
    SEG_MAX = VIRTIO_BLOCK_QUEUE_SIZE - 2,
};

static void service(struct virtio_queue *queue)
{
    /* `device` is the first member. */
    struct virtio_block *block = (struct virtio_block *)(void *)queue->device;
    struct virtio_chain *chain;
    uint32_t written;

    while ((chain = virtio_queue_pop(queue)) != NULL) {
        if (!virtio_block_request_serve(block, queue, chain, &written)) {
            return; /* the queue has to stop, so the request is dropped */
        }
        virtio_queue_push(queue, chain, written);
    }
}

static void judge_features(struct virtio_device *device)
{
    if (virtio_offered(device, VIRTIO_BLOCK_F_RO) &&
        judge(device, CLAUSE_BLK_DRV_013,
              !virtio_accepted(device, VIRTIO_BLOCK_F_RO))) {
        violation(device, CLAUSE_BLK_DRV_013, .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = "RO is offered and was not accepted",
                  .values = {{"accepted", device->session.accepted[0]}});
    }
}

static const struct virtio_device_ops ops = {
    .type = &virtio_block_type,
    .service = service,
    .judge_features = judge_features,
};

const char *virtio_block_init(struct virtio_block *block,
                              const struct virtio_device_options *options,
                              uint64_t bytes, bool read_only,
                              const char *serial, void *host)
{
    struct virtio_device *device = &block->device;
    struct virtio_device_options own = *options;

    if (!read_only) {
        own.features_off[0] |= 1u << VIRTIO_BLOCK_F_RO;
    }
    const char *wrong =
        virtio_device_init(device, &ops, &own, block->queues, host);

    if (wrong != NULL) {
        return wrong;
    }
    block->capacity = bytes / VIRTIO_BLOCK_SECTOR;
    block->read_only = read_only;
    __builtin_memset(block->serial, 0, sizeof block->serial);
    for (unsigned i = 0; i < VIRTIO_BLOCK_SERIAL && serial[i] != '\0'; i++) {
        block->serial[i] = (uint8_t)serial[i];
    }
    /* The topology stays all zeros: a physical block is a sector, the first
     * one is aligned, and no size is better than another (5.2.4). */
    virtio_config_set(device, VIRTIO_BLOCK_CAPACITY, block->capacity);
    virtio_config_set(device, VIRTIO_BLOCK_SEG_MAX, SEG_MAX);
    virtio_config_set(device, VIRTIO_BLOCK_BLK_SIZE, VIRTIO_BLOCK_SECTOR);
    return NULL;
}

unsigned virtio_block_seg_max(const struct virtio_block *block)
{
    return virtio_accepted(&block->device, VIRTIO_BLOCK_F_SEG_MAX)
               ? (unsigned)SEG_MAX
               : (unsigned)VIRTIO_SEGMENTS;
}

void virtio_block_resize(struct virtio_block *block, uint64_t bytes)
{
    uint64_t capacity = bytes / VIRTIO_BLOCK_SECTOR;

    __atomic_store_n(&block->capacity, capacity, __ATOMIC_RELAXED);
    virtio_device_changed_config(&block->device, VIRTIO_BLOCK_CAPACITY,
                                 &capacity, sizeof capacity);
}
