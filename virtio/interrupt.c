/* The device's one interrupt (VIRTIO 1.4 section 4.2.3.4): its line is up
 * while InterruptStatus is not 0. queue_split.c, config_space.c and life.c
 * raise it; the driver acknowledges it through transport.c. */
#include "virtio/interrupt.h"

#include "virtio/ops.h"
#include "virtio/violation.h"

enum {
    DEFINED = VIRTIO_INTERRUPT_USED | VIRTIO_INTERRUPT_CONFIG
};

uint32_t virtio_interrupt_read(struct virtio_device *device)
{
    device->interrupt_seen |= device->interrupt_status;
    device->session.interrupt_read = device->interrupt_status;
    return device->interrupt_status;
}

void virtio_interrupt_acknowledge(struct virtio_device *device, uint32_t value)
{
    uint32_t bits = value & DEFINED;
    /* Events that InterruptStatus has shown stay so over a reset: a handler
     * may be between its read and its acknowledgement when another processor
     * resets the device. */
    uint32_t unseen = bits & ~device->interrupt_seen;

    device->acknowledgements++;

    if (judge(device, CLAUSE_MMIO_DRV_022, bits != value)) {
        violation(device, CLAUSE_MMIO_DRV_022,
                  .verdict = VIRTIO_VERDICT_IGNORED,
                  .summary = "undefined bits were acknowledged",
                  .values = {{"InterruptACK", value}});
    }
    if (judge(device, CLAUSE_MMIO_DRV_032,
              (unseen & device->interrupt_status) != 0)) {
        violation(device, CLAUSE_MMIO_DRV_032, .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = "acknowledged without reading InterruptStatus",
                  .values = {{"InterruptACK", value},
                             {"InterruptStatus", device->interrupt_status}});
    } else if (judge(device, CLAUSE_MMIO_DRV_021, unseen != 0)) {
        violation(device, CLAUSE_MMIO_DRV_021, .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = "an event was acknowledged that did not happen",
                  .values = {{"InterruptACK", value},
                             {"InterruptStatus", device->interrupt_status}});
    }
    device->interrupt_seen &= ~bits;
    device->session.interrupt_read &= ~bits;
    if (device->interrupt_status != 0 &&
        (device->interrupt_status &= ~bits) == 0) {
        env_interrupt(device, false);
    }
}

void virtio_interrupt_raise(struct virtio_device *device, uint32_t bit)
{
    uint32_t before = device->interrupt_status;

    device->interrupt_status |= bit;
    if (before == 0) {
        env_interrupt(device, true);
    }
}

void virtio_interrupt_clear(struct virtio_device *device)
{
    if (device->interrupt_status != 0) {
        device->interrupt_status = 0;
        env_interrupt(device, false);
    }
}
