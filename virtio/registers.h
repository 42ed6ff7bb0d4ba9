/* The control registers of the window as data, from registers.def: the
 * offset of each, and whether it may be read or written (VIRTIO 1.4 section
 * 4.2.2). The transport uses it. */
#pragma once

#include <stdint.h>

enum virtio_direction {
    VIRTIO_REGISTER_R = 1,
    VIRTIO_REGISTER_W = 2,
    VIRTIO_REGISTER_RW = 3,
};

enum virtio_register_offset {
#define REGISTER(name, text, offset, direction) VIRTIO_REG_##name = offset,
#include "virtio/registers.def"
#undef REGISTER
    VIRTIO_REG_CONFIG = 0x100, /* the configuration space begins here */
};

#define VIRTIO_MAGIC   0x74726976u /* "virt" */
#define VIRTIO_VERSION 2u
#define VIRTIO_VENDOR  0x4c544e4cu /* "LNTL" */

struct virtio_register {
    const char *name; /* NULL: there is no register here */
    enum virtio_direction direction;
};

/* Indexed by offset / 4, below VIRTIO_REG_CONFIG. */
extern const struct virtio_register virtio_registers[VIRTIO_REG_CONFIG / 4];
