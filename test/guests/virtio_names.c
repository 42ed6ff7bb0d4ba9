/* Not part of the image: compiled to assembly, whose lines that begin with @
 * become build/guests/virtio_names.inc, so that the guests of this folder write
 * registers and bits by the names and values that virtio/ has. Made by
 * guests.mk, included by virtio.inc. */
#include "virtio/block_request.h"
#include "virtio/ops.h"
#include "virtio/packed.h"
#include "virtio/registers.h"

#define CONSTANT(name, value)                                                  \
    __asm__ volatile("\n@ " #name " equ %c0" : : "i"(value));
#define STATUS(name)     CONSTANT(STATUS_##name, VIRTIO_STATUS_##name)
#define INTERRUPT(name)  CONSTANT(INTERRUPT_##name, VIRTIO_INTERRUPT_##name)
#define FEATURE(name)    CONSTANT(F_##name, VIRTIO_F_##name)
#define DESCRIPTOR(name) CONSTANT(DESC_##name, PACKED_F_##name)

void virtio_names(void);
void virtio_names(void)
{
    CONSTANT(MAGIC, VIRTIO_MAGIC)
#define REGISTER(name, text, offset, direction) CONSTANT(REG_##name, offset)
#include "virtio/registers.def"
#undef REGISTER
    CONSTANT(REG_CONFIG, VIRTIO_REG_CONFIG)

    STATUS(ACKNOWLEDGE)
    STATUS(DRIVER)
    STATUS(DRIVER_OK)
    STATUS(FEATURES_OK)
    STATUS(DEVICE_NEEDS_RESET)
    STATUS(FAILED)

    INTERRUPT(USED)
    INTERRUPT(CONFIG)

    FEATURE(INDIRECT_DESC)
    FEATURE(EVENT_IDX)
    FEATURE(VERSION_1)
    FEATURE(RING_PACKED)
    FEATURE(IN_ORDER)
    FEATURE(SR_IOV)
    FEATURE(NOTIFICATION_DATA)
    FEATURE(RING_RESET)
    CONSTANT(F_BLOCK_SEG_MAX, VIRTIO_BLOCK_F_SEG_MAX)

    DESCRIPTOR(NEXT)
    DESCRIPTOR(WRITE)
    DESCRIPTOR(INDIRECT)
    DESCRIPTOR(AVAIL)
    DESCRIPTOR(USED)
}
