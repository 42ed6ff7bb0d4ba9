/* The control registers of the window (registers.def) as data: what is where,
 * and which way it may be accessed. VIRTIO 1.4 section 4.2.2. Used by the
 * transport. */
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
    VIRTIO_REG_CONFIG = 0x100, /* configuration space from here */
};

#define VIRTIO_MAGIC   0x74726976u /* "virt" */
#define VIRTIO_VERSION 2u
#define VIRTIO_VENDOR  0x4c544e4cu /* "LNTL" */

struct virtio_register {
    const char *name; /* NULL: no register here */
    enum virtio_direction direction;
};

/* Indexed by offset / 4, below VIRTIO_REG_CONFIG. */
extern const struct virtio_register virtio_registers[VIRTIO_REG_CONFIG / 4];
