/* The layout of a packed queue's descriptors (VIRTIO 1.4 sections 2.8.1 and
 * 2.8.13). queue_packed.c, queue_packed_chain.c and, at the start of a
 * queue, queue_areas.c use it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "virtio/descriptor.h"

enum {
    PACKED_ID = 12,    /* offset in a descriptor, le16 */
    PACKED_FLAGS = 14, /* le16 */
    PACKED_F_AVAIL = 1 << 7,
    PACKED_F_USED = 1 << 15,
};

/* True if a descriptor with these flags is available where the wrap counter
 * is `wrap`: AVAIL is then equal to the counter, and USED is not. */
static inline bool packed_available(uint16_t flags, bool wrap)
{
    return ((flags & PACKED_F_AVAIL) != 0) == wrap &&
           ((flags & PACKED_F_USED) != 0) != wrap;
}

/* Moves a place in a ring of `size` descriptors forward by `slots`, at most
 * `size`. */
static inline void packed_advance(uint16_t *position, bool *wrap, uint16_t size,
                                  uint16_t slots)
{
    uint32_t at = (uint32_t)*position + slots;

    if (at >= size) {
        at -= size;
        *wrap = !*wrap;
    }
    *position = (uint16_t)at;
}
