/* The entropy device (VIRTIO 1.4 section 5.4): fills the driver's buffers
 * from env_entropy(). vmm/ makes the device and wakes its queue. */
#include "virtio/entropy.h"

#include "virtio/cursor.h"
#include "virtio/ops.h"
#include "virtio/queue.h"

/* At most so many bytes go into one buffer, since entropy takes time. A
 * buffer need not be filled (5.4.6.2). */
enum {
    AT_MOST = 1024
};

static uint32_t fill(struct virtio_queue *queue,
                     const struct virtio_chain *chain)
{
    struct virtio_cursor cursor = virtio_cursor_writable(chain);
    uint32_t written = 0;

    while (written < AT_MOST) {
        struct virtio_segment piece =
            virtio_cursor_piece(&cursor, AT_MOST - written);
        size_t got = 0;

        if (piece.length != 0) {
            got = env_entropy(queue->device, piece.bytes, piece.length);
        }
        written += (uint32_t)got;
        if (got == 0 || got < piece.length) {
            break;
        }
    }
    return written;
}

static void service(struct virtio_queue *queue)
{
    struct virtio_chain *chain;
    bool again = queue->again;

    while ((chain = virtio_queue_pop(queue)) != NULL) {
        if (!again) {
            virtio_queue_judge_readable(queue, CLAUSE_RNG_DRV_001,
                                        "an entropy buffer is device-readable");
        }
        uint32_t written = fill(queue, chain);

        /* A buffer gets at least one byte (5.4.6.2). There is none now, and
         * the owner wakes the queue again. */
        if (written == 0 && chain->writable_bytes != 0) {
            virtio_queue_unpop(queue);
            return;
        }
        virtio_queue_push(queue, chain, written);
        again = false;
    }
}

static const struct virtio_device_ops ops = {
    .type = &virtio_entropy_type,
    .service = service,
};

const char *virtio_entropy_init(struct virtio_entropy *entropy,
                                const struct virtio_device_options *options,
                                void *host)
{
    return virtio_device_init(&entropy->device, &ops, options, entropy->queues,
                              host);
}
