/* The console device, VIRTIO 1.4 section 5.3: one port, queues 0 (receive) and
 * 1 (transmit). Made by vmm/; bytes go by env_console_write() and
 * env_console_read(). When there is input, the owner wakes queue 0. */
#pragma once

#include "virtio/device.h"

struct virtio_console {
    struct virtio_device device;
    struct virtio_queue queues[2];
    /* Input taken from the owner and not yet in a buffer of the driver's;
     * receive queue's service only. */
    uint8_t input[256];
    size_t input_start;
    size_t input_count;
};

/* With `columns` zero, no size is offered. */
const char *virtio_console_init(struct virtio_console *console,
                                const struct virtio_device_options *options,
                                uint16_t columns, uint16_t rows, void *host);

/* The terminal's size changed. */
void virtio_console_resize(struct virtio_console *console, uint16_t columns,
                           uint16_t rows);
