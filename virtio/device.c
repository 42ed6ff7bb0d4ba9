/* Makes devices, and has the names that dumps show. The constructors of the
 * device types call it, and vmm/. It finds what is wrong with a type's data
 * before a guest sees the device. */
#include "virtio/device.h"

#include "virtio/config_space.h"
#include "virtio/features.h"
#include "virtio/ops.h"

static const char *queues_check(const struct virtio_device_ops *ops)
{
    const struct virtio_type *type = ops->type;

    for (size_t i = 0; i < type->queue_count; i++) {
        uint16_t size = type->queues[i].size_max;

        if (size == 0 || size > VIRTIO_QUEUE_SIZE_MAX ||
            (size & (size - 1)) != 0 || type->queues[i].batch == 0) {
            return "a queue's size or batch is out of range";
        }
    }
    return type->queue_count != 0 && ops->service == NULL
               ? "queues without a service"
               : NULL;
}

static void queue_init(struct virtio_queue *queue, struct virtio_device *device,
                       size_t index)
{
    void *host = queue->host;

    __builtin_memset(queue, 0, sizeof *queue);
    queue->host = host;
    queue->device = device;
    queue->index = (uint16_t)index;
    queue->size_max = device->type->queues[index].size_max;
    queue->batch = device->type->queues[index].batch;
}

const char *virtio_device_init(struct virtio_device *device,
                               const struct virtio_device_ops *ops,
                               const struct virtio_device_options *options,
                               struct virtio_queue *queues, void *host)
{
    unsigned config_size = 0;
    const char *wrong = queues_check(ops);

    if (wrong == NULL) {
        wrong = virtio_config_check(ops->type, &config_size);
    }
    if (wrong != NULL) {
        return wrong;
    }
    __builtin_memset(device, 0, sizeof *device);
    device->type = ops->type;
    device->ops = ops;
    device->host = host;
    device->index = options->index;
    device->lint = options->lint;
    device->queues = queues;
    device->queue_count = (unsigned)ops->type->queue_count;
    device->config_size = config_size;
    for (size_t i = 0; i < ops->type->queue_count; i++) {
        queue_init(&queues[i], device, i);
    }
    return virtio_features_offer(device, options->features_off);
}

void virtio_placeholder_init(struct virtio_device *device,
                             const struct virtio_device_options *options,
                             void *host)
{
    static const struct virtio_type type = {
        .name = "placeholder",
        .device_id = 0,
    };
    static const struct virtio_device_ops placeholder = {.type = &type};

    virtio_device_init(device, &placeholder, options, NULL, host);
}

const char *virtio_device_name(const struct virtio_device *device)
{
    return device->type->name;
}

const char *virtio_status_bit_name(unsigned bit)
{
    static const char *const names[] = {
        [0] = "ACKNOWLEDGE", [1] = "DRIVER",      [2] = "DRIVER_OK",
        [3] = "FEATURES_OK", [6] = "NEEDS_RESET", [7] = "FAILED",
    };

    return bit < sizeof names / sizeof names[0] ? names[bit] : NULL;
}

/* Appends as much of the text as fits. */
static size_t append(char *text, size_t size, size_t at, const char *more)
{
    while (*more != '\0' && at + 1 < size) {
        text[at++] = *more++;
    }
    return at;
}

char *virtio_status_describe(uint32_t status, char *text, size_t size)
{
    size_t at = 0;

    if (size == 0) {
        return text;
    }
    for (unsigned bit = 0; bit < 8; bit++) {
        const char *name = virtio_status_bit_name(bit);

        if ((status >> bit & 1) == 0) {
            continue;
        }
        at = append(text, size, at, at == 0 ? "" : "|");
        at = append(text, size, at, name != NULL ? name : "?");
    }
    if (at == 0) {
        at = append(text, size, at, "0");
    }
    text[at] = '\0';
    return text;
}
