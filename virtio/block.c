/* The block device, VIRTIO 1.4 section 5.2: what it offers and how it is made.
 * Requests are block_request.c's. Made and woken by vmm/. */
#include "virtio/block.h"

#include "virtio/block_request.h"
#include "virtio/ops.h"
#include "virtio/queue.h"
#include "virtio/violation.h"

enum {
    F_SIZE_MAX = 1,
    F_GEOMETRY = 4,
    F_RO = 5,
    F_BLK_SIZE = 6,
    F_FLUSH = 9,
    F_TOPOLOGY = 10,
    F_CONFIG_WCE = 11,
    F_MQ = 12,
    F_DISCARD = 13,
    F_WRITE_ZEROES = 14,
    F_LIFETIME = 15,
    F_SECURE_ERASE = 16,
    F_ZONED = 17,
    QUEUE_SIZE = 256,
    SEG_MAX = QUEUE_SIZE - 2, /* header and status have one each */
    CONFIG_CAPACITY = 0,
    CONFIG_SEG_MAX = 12,
    CONFIG_BLK_SIZE = 20,
    CONFIG_MIN_IO_SIZE = 26,
};

static const struct virtio_feature_info features[] = {
    {.name = "SIZE_MAX", .bit = F_SIZE_MAX},
    {.name = "SEG_MAX", .bit = VIRTIO_BLOCK_F_SEG_MAX},
    {.name = "GEOMETRY", .bit = F_GEOMETRY},
    {.name = "RO", .bit = F_RO},
    {.name = "BLK_SIZE", .bit = F_BLK_SIZE},
    {.name = "FLUSH", .bit = F_FLUSH},
    {.name = "TOPOLOGY", .bit = F_TOPOLOGY},
    {.name = "CONFIG_WCE", .bit = F_CONFIG_WCE},
    {.name = "MQ", .bit = F_MQ},
    {.name = "DISCARD", .bit = F_DISCARD},
    {.name = "WRITE_ZEROES", .bit = F_WRITE_ZEROES},
    {.name = "LIFETIME", .bit = F_LIFETIME},
    {.name = "SECURE_ERASE", .bit = F_SECURE_ERASE},
    {.name = "ZONED", .bit = F_ZONED},
};

static const struct virtio_queue_info queue_infos[] = {
    {"requestq", QUEUE_SIZE, 16, false},
};

/* 5.2.4, whole, so that what is not offered is known for what it is. */
static const struct virtio_field fields[] = {
    {"capacity", CONFIG_CAPACITY, 8, 1, -1, VIRTIO_FIELD_REREAD},
    {"size_max", 8, 4, 1, F_SIZE_MAX, 0},
    {"seg_max", CONFIG_SEG_MAX, 4, 1, VIRTIO_BLOCK_F_SEG_MAX, 0},
    {"geometry.cylinders", 16, 2, 1, F_GEOMETRY, 0},
    {"geometry.heads", 18, 1, 1, F_GEOMETRY, 0},
    {"geometry.sectors", 19, 1, 1, F_GEOMETRY, 0},
    {"blk_size", CONFIG_BLK_SIZE, 4, 1, F_BLK_SIZE, 0},
    {"topology.physical_block_exp", 24, 1, 1, F_TOPOLOGY, 0},
    {"topology.alignment_offset", 25, 1, 1, F_TOPOLOGY, 0},
    {"topology.min_io_size", 26, 2, 1, F_TOPOLOGY, 0},
    {"topology.opt_io_size", 28, 4, 1, F_TOPOLOGY, 0},
    {"writeback", 32, 1, 1, F_CONFIG_WCE, VIRTIO_FIELD_WRITABLE},
    {"unused0", 33, 1, 1, -1, 0},
    {"num_queues", 34, 2, 1, F_MQ, 0},
    {"max_discard_sectors", 36, 4, 1, F_DISCARD, 0},
    {"max_discard_seg", 40, 4, 1, F_DISCARD, 0},
    {"discard_sector_alignment", 44, 4, 1, F_DISCARD, 0},
    {"max_write_zeroes_sectors", 48, 4, 1, F_WRITE_ZEROES, 0},
    {"max_write_zeroes_seg", 52, 4, 1, F_WRITE_ZEROES, 0},
    {"write_zeroes_may_unmap", 56, 1, 1, F_WRITE_ZEROES, 0},
    {"unused1", 57, 1, 3, -1, 0},
    {"max_secure_erase_sectors", 60, 4, 1, F_SECURE_ERASE, 0},
    {"max_secure_erase_seg", 64, 4, 1, F_SECURE_ERASE, 0},
    {"secure_erase_sector_alignment", 68, 4, 1, F_SECURE_ERASE, 0},
    {"zoned.zone_sectors", 72, 4, 1, F_ZONED, 0},
    {"zoned.max_open_zones", 76, 4, 1, F_ZONED, 0},
    {"zoned.max_active_zones", 80, 4, 1, F_ZONED, 0},
    {"zoned.max_append_sectors", 84, 4, 1, F_ZONED, 0},
    {"zoned.write_granularity", 88, 4, 1, F_ZONED, 0},
    {"zoned.model", 92, 1, 1, F_ZONED, 0},
    {"zoned.unused2", 93, 1, 3, F_ZONED, 0},
};

static void service(struct virtio_queue *queue)
{
    /* `device` is the first member. */
    struct virtio_block *block = (struct virtio_block *)(void *)queue->device;
    struct virtio_chain *chain;
    uint32_t written;

    while ((chain = virtio_queue_pop(queue)) != NULL) {
        if (!virtio_block_request_serve(block, queue, chain, &written)) {
            return; /* the queue has to stop: the request is dropped */
        }
        virtio_queue_push(queue, chain, written);
    }
}

static void judge_features(struct virtio_device *device)
{
    if (virtio_offered(device, F_RO) &&
        judge(device, CLAUSE_BLK_DRV_013, !virtio_accepted(device, F_RO))) {
        violation(device, CLAUSE_BLK_DRV_013, .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = "RO is offered and was not accepted",
                  .values = {{"accepted", device->session.accepted[0]}});
    }
}

static const struct virtio_device_ops ops = {
    .name = "block",
    .device_id = 2,
    .features = features,
    .feature_count = sizeof features / sizeof features[0],
    .offered = 1u << VIRTIO_BLOCK_F_SEG_MAX | 1u << F_RO | 1u << F_BLK_SIZE |
               1u << F_FLUSH | 1u << F_TOPOLOGY,
    .queues = queue_infos,
    .queue_count = sizeof queue_infos / sizeof queue_infos[0],
    .fields = fields,
    .field_count = sizeof fields / sizeof fields[0],
    .service = service,
    .judge_features = judge_features,
};

static void put_le(uint8_t *at, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(value >> i * 8);
    }
}

const char *virtio_block_init(struct virtio_block *block,
                              const struct virtio_device_options *options,
                              uint64_t bytes, bool read_only,
                              const char *serial, void *host)
{
    struct virtio_device_options own = *options;

    if (!read_only) {
        own.features_off[0] |= 1u << F_RO;
    }
    const char *wrong =
        virtio_device_init(&block->device, &ops, &own, block->queues, host);

    if (wrong != NULL) {
        return wrong;
    }
    block->capacity = bytes / VIRTIO_BLOCK_SECTOR;
    block->read_only = read_only;
    __builtin_memset(block->serial, 0, sizeof block->serial);
    for (unsigned i = 0; i < VIRTIO_BLOCK_SERIAL && serial[i] != '\0'; i++) {
        block->serial[i] = (uint8_t)serial[i];
    }
    put_le(block->device.config + CONFIG_CAPACITY, block->capacity, 8);
    if (virtio_offered(&block->device, VIRTIO_BLOCK_F_SEG_MAX)) {
        put_le(block->device.config + CONFIG_SEG_MAX, SEG_MAX, 4);
    }
    if (virtio_offered(&block->device, F_BLK_SIZE)) {
        put_le(block->device.config + CONFIG_BLK_SIZE, VIRTIO_BLOCK_SECTOR, 4);
    }
    /* 5.2.4: a physical block is a sector, the first one is aligned, and no
     * size is better than another. */
    if (virtio_offered(&block->device, F_TOPOLOGY)) {
        put_le(block->device.config + CONFIG_MIN_IO_SIZE, 1, 2);
    }
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
    uint8_t capacity[8];

    __atomic_store_n(&block->capacity, bytes / VIRTIO_BLOCK_SECTOR,
                     __ATOMIC_RELAXED);
    put_le(capacity, bytes / VIRTIO_BLOCK_SECTOR, sizeof capacity);
    virtio_device_changed_config(&block->device, CONFIG_CAPACITY, capacity,
                                 sizeof capacity);
}
