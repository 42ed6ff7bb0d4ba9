/* Walks over the bytes of a chain (VIRTIO 1.4 section 2.7.4.1). Devices use
 * it in their service. */
#include "virtio/cursor.h"

struct virtio_cursor virtio_cursor_readable(const struct virtio_chain *chain)
{
    return (struct virtio_cursor){
        .segment = chain->segments,
        .count = chain->readable,
        .left = chain->readable_bytes,
    };
}

struct virtio_cursor virtio_cursor_writable(const struct virtio_chain *chain)
{
    return (struct virtio_cursor){
        .segment = chain->segments + chain->readable,
        .count = chain->writable,
        .left = chain->writable_bytes,
    };
}

struct virtio_segment virtio_cursor_piece(struct virtio_cursor *cursor,
                                          uint64_t most)
{
    if (cursor->count == 0 || most == 0) {
        return (struct virtio_segment){NULL, 0};
    }
    uint32_t length = cursor->segment->length - cursor->offset;

    if (length > most) {
        length = (uint32_t)most;
    }
    struct virtio_segment piece = {cursor->segment->bytes + cursor->offset,
                                   length};

    cursor->left -= length;
    cursor->offset += length;
    if (cursor->offset == cursor->segment->length) {
        cursor->offset = 0;
        cursor->segment++;
        cursor->count--;
    }
    return piece;
}

/* Moves over up to `length` bytes of the chain. If `to` is not NULL, the
 * bytes are copied there; if `from` is not NULL, they come from there.
 * Returns how many bytes there were. */
static inline uint64_t move(struct virtio_cursor *cursor, uint8_t *to,
                            const uint8_t *from, uint64_t length)
{
    uint64_t done = 0;

    while (done < length) {
        struct virtio_segment piece =
            virtio_cursor_piece(cursor, length - done);

        if (piece.length == 0) {
            break;
        }
        if (to != NULL) {
            __builtin_memcpy(to + done, piece.bytes, piece.length);
        }
        if (from != NULL) {
            __builtin_memcpy(piece.bytes, from + done, piece.length);
        }
        done += piece.length;
    }
    return done;
}

size_t virtio_cursor_read(struct virtio_cursor *cursor, void *to, size_t length)
{
    return (size_t)move(cursor, to, NULL, length);
}

size_t virtio_cursor_write(struct virtio_cursor *cursor, const void *from,
                           size_t length)
{
    return (size_t)move(cursor, NULL, from, length);
}

uint64_t virtio_cursor_skip(struct virtio_cursor *cursor, uint64_t length)
{
    return move(cursor, NULL, NULL, length);
}
