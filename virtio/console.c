/* The console device (VIRTIO 1.4 section 5.3). Queue 0 gives the driver what
 * was typed, queue 1 takes what the driver prints, and emerg_wr prints a
 * byte without a queue. console_type.c has what a driver sees of it. vmm/
 * makes the device and wakes its queues. */
#include "virtio/console.h"

#include "virtio/config_space.h"
#include "virtio/cursor.h"
#include "virtio/ops.h"
#include "virtio/queue.h"
#include "virtio/violation.h"

/* The service passes on so many bytes before it looks whether its queue has
 * to stop. */
enum {
    PIECE = 4096
};

static bool input_fill(struct virtio_console *console)
{
    if (console->input_count == 0) {
        console->input_start = 0;
        console->input_count = env_console_read(
            &console->device, console->input, sizeof console->input);
    }
    return console->input_count != 0;
}

static struct virtio_chain *receive_pop(struct virtio_queue *queue)
{
    bool again = queue->again;
    struct virtio_chain *chain = virtio_queue_pop(queue);

    if (chain != NULL && !again) {
        virtio_queue_judge_readable(queue, CLAUSE_CONSOLE_DRV_001,
                                    "a receive buffer is device-readable");
    }
    return chain;
}

static void receive(struct virtio_console *console, struct virtio_queue *queue)
{
    struct virtio_chain *chain;

    if (!input_fill(console)) {
        /* There is no input now. The next buffer is judged all the same.
         * After that the driver need not kick: new input wakes this queue. */
        if (!queue->again && receive_pop(queue) != NULL) {
            virtio_queue_unpop(queue);
        }
        virtio_queue_look(queue);
        return;
    }
    while (input_fill(console) && (chain = receive_pop(queue)) != NULL) {
        struct virtio_cursor cursor = virtio_cursor_writable(chain);
        size_t written =
            virtio_cursor_write(&cursor, console->input + console->input_start,
                                console->input_count);

        console->input_start += written;
        console->input_count -= written;
        virtio_queue_push(queue, chain, (uint32_t)written);
    }
}

static void transmit(struct virtio_console *console, struct virtio_queue *queue)
{
    struct virtio_chain *chain;

    while ((chain = virtio_queue_pop(queue)) != NULL) {
        if (ring_judge(queue, CLAUSE_CONSOLE_DRV_002, chain->writable != 0)) {
            ring_violation(
                queue, CLAUSE_CONSOLE_DRV_002, .verdict = VIRTIO_VERDICT_TAKEN,
                .summary = "a transmit buffer is device-writable",
                .values = {{"head", chain->head},
                           {"writable bytes", chain->writable_bytes}});
        }
        struct virtio_cursor cursor = virtio_cursor_readable(chain);

        while (!virtio_queue_halted(queue)) {
            struct virtio_segment piece = virtio_cursor_piece(&cursor, PIECE);

            if (piece.length == 0) {
                break;
            }
            env_console_write(&console->device, piece.bytes, piece.length);
        }
        virtio_queue_push(queue, chain, 0);
    }
}

static void service(struct virtio_queue *queue)
{
    /* `device` is the first member. */
    struct virtio_console *console =
        (struct virtio_console *)(void *)queue->device;

    if (queue->index == VIRTIO_CONSOLE_RECEIVEQ) {
        receive(console, queue);
    } else {
        transmit(console, queue);
    }
}

static void config_written(struct virtio_device *device,
                           const struct virtio_field *field, uint64_t value)
{
    uint8_t byte = (uint8_t)value;

    if (field->feature == VIRTIO_CONSOLE_F_EMERG_WRITE) {
        env_console_write(device, &byte, 1);
    }
}

static const struct virtio_device_ops ops = {
    .type = &virtio_console_type,
    .service = service,
    .config_written = config_written,
};

const char *virtio_console_init(struct virtio_console *console,
                                const struct virtio_device_options *options,
                                uint16_t columns, uint16_t rows, void *host)
{
    struct virtio_device_options own = *options;

    if (columns == 0) {
        own.features_off[0] |= 1u << VIRTIO_CONSOLE_F_SIZE;
    }
    const char *wrong =
        virtio_device_init(&console->device, &ops, &own, console->queues, host);

    console->input_start = 0;
    console->input_count = 0;
    if (wrong == NULL) {
        virtio_config_set(&console->device, VIRTIO_CONSOLE_COLS, columns);
        virtio_config_set(&console->device, VIRTIO_CONSOLE_ROWS, rows);
    }
    return wrong;
}

void virtio_console_resize(struct virtio_console *console, uint16_t columns,
                           uint16_t rows)
{
    const uint16_t size[] = {columns, rows}; /* cols, rows */

    if (virtio_offered(&console->device, VIRTIO_CONSOLE_F_SIZE)) {
        virtio_device_changed_config(&console->device, VIRTIO_CONSOLE_COLS,
                                     size, sizeof size);
    }
}
