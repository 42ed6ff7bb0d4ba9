/* The bytes of a chain, however the driver has divided them (VIRTIO 1.4
 * section 2.7.4: a device makes no assumption about framing). A cursor runs
 * over the readable part or over the writable part. Devices use it. */
#pragma once

#include "virtio/device.h"

struct virtio_cursor {
    const struct virtio_segment *segment;
    unsigned count;  /* segments that are left, from `segment` on */
    uint32_t offset; /* bytes of the first segment that the cursor has passed */
    uint64_t left;   /* bytes that are left */
};

struct virtio_cursor virtio_cursor_readable(const struct virtio_chain *chain);
struct virtio_cursor virtio_cursor_writable(const struct virtio_chain *chain);

/* The next bytes that lie together, at most `most`; the length is 0 at the
 * end. The cursor moves past them. */
struct virtio_segment virtio_cursor_piece(struct virtio_cursor *cursor,
                                          uint64_t most);

/* Copy bytes, or pass over them. Each returns how many bytes there were. */
size_t virtio_cursor_read(struct virtio_cursor *cursor, void *to,
                          size_t length);
size_t virtio_cursor_write(struct virtio_cursor *cursor, const void *from,
                           size_t length);
uint64_t virtio_cursor_skip(struct virtio_cursor *cursor, uint64_t length);
