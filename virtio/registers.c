/* The table of control registers (VIRTIO 1.4 section 4.2.2), and their names
 * for dumps. transport.c uses it. */
#include "virtio/registers.h"

#include "virtio/device.h"

const struct virtio_register virtio_registers[VIRTIO_REG_CONFIG / 4] = {
#define REGISTER(name, text, offset, direction)                                \
    [(offset) / 4] = {text, VIRTIO_REGISTER_##direction},
#include "virtio/registers.def"
#undef REGISTER
};

const char *virtio_register_name(uint32_t offset)
{
    if (offset >= VIRTIO_REG_CONFIG) {
        return offset < VIRTIO_MMIO_WINDOW ? "Config" : NULL;
    }
    return virtio_registers[offset / 4].name;
}
