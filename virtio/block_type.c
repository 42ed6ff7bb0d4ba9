/* What a driver sees of a block device (VIRTIO 1.4 sections 5.2.2 to 5.2.4).
 * block.c uses it; the owner takes the names of features from it. */
#include "virtio/block.h"
#include "virtio/type.h"

static const struct virtio_feature_info features[] = {
    {.name = "SIZE_MAX", .bit = VIRTIO_BLOCK_F_SIZE_MAX},
    {.name = "SEG_MAX", .bit = VIRTIO_BLOCK_F_SEG_MAX},
    {.name = "GEOMETRY", .bit = VIRTIO_BLOCK_F_GEOMETRY},
    {.name = "RO", .bit = VIRTIO_BLOCK_F_RO},
    {.name = "BLK_SIZE", .bit = VIRTIO_BLOCK_F_BLK_SIZE},
    {.name = "FLUSH", .bit = VIRTIO_BLOCK_F_FLUSH},
    {.name = "TOPOLOGY", .bit = VIRTIO_BLOCK_F_TOPOLOGY},
    {.name = "CONFIG_WCE", .bit = VIRTIO_BLOCK_F_CONFIG_WCE},
    {.name = "MQ", .bit = VIRTIO_BLOCK_F_MQ},
    {.name = "DISCARD", .bit = VIRTIO_BLOCK_F_DISCARD},
    {.name = "WRITE_ZEROES", .bit = VIRTIO_BLOCK_F_WRITE_ZEROES},
    {.name = "LIFETIME", .bit = VIRTIO_BLOCK_F_LIFETIME},
    {.name = "SECURE_ERASE", .bit = VIRTIO_BLOCK_F_SECURE_ERASE},
    {.name = "ZONED", .bit = VIRTIO_BLOCK_F_ZONED},
};

static const struct virtio_queue_info queues[] = {
    {"requestq", VIRTIO_BLOCK_QUEUE_SIZE, 16, false},
};

/* All fields of 5.2.4, also those of features that are not offered: an
 * access to such a field is then reported by name. */
static const struct virtio_field fields[] = {
    {"capacity", VIRTIO_BLOCK_CAPACITY, 8, 1, -1, VIRTIO_FIELD_REREAD},
    {"size_max", 8, 4, 1, VIRTIO_BLOCK_F_SIZE_MAX, 0},
    {"seg_max", VIRTIO_BLOCK_SEG_MAX, 4, 1, VIRTIO_BLOCK_F_SEG_MAX, 0},
    {"geometry.cylinders", 16, 2, 1, VIRTIO_BLOCK_F_GEOMETRY, 0},
    {"geometry.heads", 18, 1, 1, VIRTIO_BLOCK_F_GEOMETRY, 0},
    {"geometry.sectors", 19, 1, 1, VIRTIO_BLOCK_F_GEOMETRY, 0},
    {"blk_size", VIRTIO_BLOCK_BLK_SIZE, 4, 1, VIRTIO_BLOCK_F_BLK_SIZE, 0},
    {"topology.physical_block_exp", 24, 1, 1, VIRTIO_BLOCK_F_TOPOLOGY, 0},
    {"topology.alignment_offset", 25, 1, 1, VIRTIO_BLOCK_F_TOPOLOGY, 0},
    {"topology.min_io_size", 26, 2, 1, VIRTIO_BLOCK_F_TOPOLOGY, 0},
    {"topology.opt_io_size", 28, 4, 1, VIRTIO_BLOCK_F_TOPOLOGY, 0},
    {"writeback", 32, 1, 1, VIRTIO_BLOCK_F_CONFIG_WCE, VIRTIO_FIELD_WRITABLE},
    {"unused0", 33, 1, 1, -1, 0},
    {"num_queues", 34, 2, 1, VIRTIO_BLOCK_F_MQ, 0},
    {"max_discard_sectors", 36, 4, 1, VIRTIO_BLOCK_F_DISCARD, 0},
    {"max_discard_seg", 40, 4, 1, VIRTIO_BLOCK_F_DISCARD, 0},
    {"discard_sector_alignment", 44, 4, 1, VIRTIO_BLOCK_F_DISCARD, 0},
    {"max_write_zeroes_sectors", 48, 4, 1, VIRTIO_BLOCK_F_WRITE_ZEROES, 0},
    {"max_write_zeroes_seg", 52, 4, 1, VIRTIO_BLOCK_F_WRITE_ZEROES, 0},
    {"write_zeroes_may_unmap", 56, 1, 1, VIRTIO_BLOCK_F_WRITE_ZEROES, 0},
    {"unused1", 57, 1, 3, -1, 0},
    {"max_secure_erase_sectors", 60, 4, 1, VIRTIO_BLOCK_F_SECURE_ERASE, 0},
    {"max_secure_erase_seg", 64, 4, 1, VIRTIO_BLOCK_F_SECURE_ERASE, 0},
    {"secure_erase_sector_alignment", 68, 4, 1, VIRTIO_BLOCK_F_SECURE_ERASE, 0},
    {"zoned.zone_sectors", 72, 4, 1, VIRTIO_BLOCK_F_ZONED, 0},
    {"zoned.max_open_zones", 76, 4, 1, VIRTIO_BLOCK_F_ZONED, 0},
    {"zoned.max_active_zones", 80, 4, 1, VIRTIO_BLOCK_F_ZONED, 0},
    {"zoned.max_append_sectors", 84, 4, 1, VIRTIO_BLOCK_F_ZONED, 0},
    {"zoned.write_granularity", 88, 4, 1, VIRTIO_BLOCK_F_ZONED, 0},
    {"zoned.model", 92, 1, 1, VIRTIO_BLOCK_F_ZONED, 0},
    {"zoned.unused2", 93, 1, 3, VIRTIO_BLOCK_F_ZONED, 0},
};

const struct virtio_type virtio_block_type = {
    .name = "block",
    .device_id = 2,
    .features = features,
    .feature_count = sizeof features / sizeof features[0],
    .offered = 1u << VIRTIO_BLOCK_F_SEG_MAX | 1u << VIRTIO_BLOCK_F_RO |
               1u << VIRTIO_BLOCK_F_BLK_SIZE | 1u << VIRTIO_BLOCK_F_FLUSH |
               1u << VIRTIO_BLOCK_F_TOPOLOGY,
    .queues = queues,
    .queue_count = sizeof queues / sizeof queues[0],
    .fields = fields,
    .field_count = sizeof fields / sizeof fields[0],
};
