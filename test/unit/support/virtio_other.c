/* A type of device made for the tests: what the real ones do not have. */
#include "test/unit/support/virtio_rig.h"
#include "virtio/cursor.h"
#include "virtio/ops.h"
#include "virtio/queue.h"

static const struct virtio_feature_info features[] = {
    {.name = "BASE", .bit = OTHER_F_BASE},
    {.name = "NEEDS_BASE",
     .bit = OTHER_F_NEEDS_BASE,
     .requires_count = 1,
     .requires = {OTHER_F_BASE}},
};

static const struct virtio_queue_info queues[] = {{"copyq", 8, 2, false}};

static const struct virtio_field fields[] = {
    {"mac", 0, 1, 6, -1, 0},
    {"actual", 8, 4, 1, -1, VIRTIO_FIELD_WRITABLE},
    {"mode", 12, 1, 1, OTHER_F_BASE, VIRTIO_FIELD_WRITABLE},
    {"quad", 16, 8, 1, -1, 0},
};

static void service(struct virtio_queue *queue)
{
    struct virtio_chain *chain;

    while ((chain = virtio_queue_pop(queue)) != NULL) {
        struct virtio_cursor from = virtio_cursor_readable(chain);
        struct virtio_cursor to = virtio_cursor_writable(chain);
        uint8_t byte;
        uint32_t written = 0;

        if (rig.on_disk != NULL) {
            rig.on_disk();
        }
        while (virtio_cursor_read(&from, &byte, 1) == 1 &&
               virtio_cursor_write(&to, &byte, 1) == 1) {
            written++;
        }
        virtio_queue_push(queue, chain, written);
    }
}

static const struct virtio_type other_type = {
    .name = "other",
    .device_id = 42,
    .features = features,
    .feature_count = 2,
    .offered = 1u << OTHER_F_BASE | 1u << OTHER_F_NEEDS_BASE,
    .queues = queues,
    .queue_count = 1,
    .fields = fields,
    .field_count = 4,
};

const struct virtio_device_ops virtio_other_ops = {
    .type = &other_type,
    .service = service,
};

static const struct virtio_type noqueue_type = {
    .name = "noqueue",
    .device_id = 43,
    .fields = fields,
    .field_count = 1,
};

const struct virtio_device_ops virtio_noqueue_ops = {.type = &noqueue_type};
