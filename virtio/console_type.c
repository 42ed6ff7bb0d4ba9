/* What a driver sees of a console (VIRTIO 1.4 sections 5.3.2 to 5.3.4).
 * console.c uses it; the owner takes the names of features from it. */
#include "virtio/console.h"
#include "virtio/type.h"

static const struct virtio_feature_info features[] = {
    {.name = "SIZE", .bit = VIRTIO_CONSOLE_F_SIZE},
    {.name = "MULTIPORT", .bit = VIRTIO_CONSOLE_F_MULTIPORT},
    {.name = "EMERG_WRITE", .bit = VIRTIO_CONSOLE_F_EMERG_WRITE},
};

static const struct virtio_queue_info queues[] = {
    [VIRTIO_CONSOLE_RECEIVEQ] = {"receiveq", 64, 16, true},
    [VIRTIO_CONSOLE_TRANSMITQ] = {"transmitq", 64, 16, false},
};

static const struct virtio_field fields[] = {
    {"cols", VIRTIO_CONSOLE_COLS, 2, 1, VIRTIO_CONSOLE_F_SIZE, 0},
    {"rows", VIRTIO_CONSOLE_ROWS, 2, 1, VIRTIO_CONSOLE_F_SIZE, 0},
    {"max_nr_ports", 4, 4, 1, VIRTIO_CONSOLE_F_MULTIPORT, 0},
    {"emerg_wr", 8, 4, 1, VIRTIO_CONSOLE_F_EMERG_WRITE,
     VIRTIO_FIELD_WRITABLE | VIRTIO_FIELD_EARLY},
};

const struct virtio_type virtio_console_type = {
    .name = "console",
    .device_id = 3,
    .features = features,
    .feature_count = sizeof features / sizeof features[0],
    .offered = 1u << VIRTIO_CONSOLE_F_SIZE | 1u << VIRTIO_CONSOLE_F_EMERG_WRITE,
    .queues = queues,
    .queue_count = sizeof queues / sizeof queues[0],
    .fields = fields,
    .field_count = sizeof fields / sizeof fields[0],
};
