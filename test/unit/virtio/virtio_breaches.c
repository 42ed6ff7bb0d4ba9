/* What the breaches' acts share; see the header. */
#include "test/unit/virtio/virtio_breaches.h"

struct driver_queue *queue(void)
{
    return &driver_queues[0];
}

uint64_t page(void)
{
    return driver_alloc(4096, 4096);
}

void kick(void)
{
    driver_kick(queue());
    rig_run();
}

void enable_without(unsigned left_out)
{
    driver_write(VIRTIO_REG_QUEUE_SEL, 0);
    if ((left_out & NO_READY) == 0) {
        driver_read(VIRTIO_REG_QUEUE_READY);
    }
    if ((left_out & NO_SIZE_MAX) == 0) {
        driver_read(VIRTIO_REG_QUEUE_SIZE_MAX);
    }
    if ((left_out & NO_SIZE) == 0) {
        driver_write(VIRTIO_REG_QUEUE_SIZE, 8);
    }
    for (uint32_t i = 0; i < 3; i++) {
        if (i != 0 || (left_out & NO_LOW) == 0) {
            driver_write(VIRTIO_REG_QUEUE_DESC_LOW + 16 * i, (uint32_t)page());
        }
        if ((left_out & NO_HIGHS) == 0) {
            driver_write(VIRTIO_REG_QUEUE_DESC_HIGH + 16 * i, 0);
        }
    }
    driver_write(VIRTIO_REG_QUEUE_READY, 1);
}
