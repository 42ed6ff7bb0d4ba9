/* Bytes of a chain, whatever pieces they come in (VIRTIO 1.4 section 2.7.4: a
 * device makes no assumption about framing). A cursor runs over the readable
 * or the writable part. Used by the devices. */
#pragma once

#include "virtio/device.h"

struct virtio_cursor {
    const struct virtio_segment *segment;
    unsigned count;  /* segments from `segment` on */
    uint32_t offset; /* into the first */
    uint64_t left;   /* bytes */
};

struct virtio_cursor virtio_cursor_readable(const struct virtio_chain *chain);
struct virtio_cursor virtio_cursor_writable(const struct virtio_chain *chain);

/* The next piece that lies together, at most `most` bytes; length 0 at the
 * end. The cursor moves past it. */
struct virtio_segment virtio_cursor_piece(struct virtio_cursor *cursor,
                                          uint64_t most);

/* How many bytes were there to be copied, or passed over. */
size_t virtio_cursor_read(struct virtio_cursor *cursor, void *to,
                          size_t length);
size_t virtio_cursor_write(struct virtio_cursor *cursor, const void *from,
                           size_t length);
uint64_t virtio_cursor_skip(struct virtio_cursor *cursor, uint64_t length);
