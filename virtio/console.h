/* The console device (VIRTIO 1.4 section 5.3), with one port and two queues.
 * vmm/ makes it and has the other side of the console. When there is input,
 * vmm/ wakes the receive queue. */
#pragma once

#include "virtio/device.h"

enum virtio_console_queue {
    VIRTIO_CONSOLE_RECEIVEQ,
    VIRTIO_CONSOLE_TRANSMITQ,
};

/* 5.3.3 */
enum virtio_console_feature {
    VIRTIO_CONSOLE_F_SIZE = 0,
    VIRTIO_CONSOLE_F_MULTIPORT = 1,
    VIRTIO_CONSOLE_F_EMERG_WRITE = 2,
};

/* Offsets of the fields that have a value, 5.3.4. */
enum virtio_console_field {
    VIRTIO_CONSOLE_COLS = 0,
    VIRTIO_CONSOLE_ROWS = 2,
};

extern const struct virtio_type virtio_console_type;

struct virtio_console {
    struct virtio_device device;
    struct virtio_queue queues[2];
    /* Input that was taken from the owner and is not yet in a buffer of the
     * driver. Only the receive queue's service uses it. */
    uint8_t input[256];
    size_t input_start;
    size_t input_count;
};

/* Makes the device. With `columns` 0 it offers no size. NULL, or a sentence
 * that says what is wrong. */
const char *virtio_console_init(struct virtio_console *console,
                                const struct virtio_device_options *options,
                                uint16_t columns, uint16_t rows, void *host);

/* Tells the driver that the terminal has a new size. */
void virtio_console_resize(struct virtio_console *console, uint16_t columns,
                           uint16_t rows);

/* The other side of the console, defined by the owner. Writing takes all
 * bytes. Reading gives what was typed, up to `length` bytes; 0: nothing now,
 * and the owner wakes the receive queue when there is more. */
void env_console_write(struct virtio_device *device, const void *bytes,
                       size_t length);
size_t env_console_read(struct virtio_device *device, void *buffer,
                        size_t length);
