/* Carries out requests to a block device (VIRTIO 1.4 section 5.2.6). A
 * request is a header of 16 bytes that the device reads, data, and one
 * status byte that the device writes; each may lie in any number of
 * descriptors. block.c calls it in its queue's service. */
#include "virtio/block_request.h"

#include "virtio/cursor.h"
#include "virtio/ops.h"
#include "virtio/queue.h"
#include "virtio/violation.h"

enum {
    T_IN = 0,
    T_OUT = 1,
    T_FLUSH = 4,
    T_GET_ID = 8,
    HEADER_SIZE = 16,
    /* The service moves so many bytes before it looks whether its queue has
     * to stop. */
    PIECE = 64 * 1024,
    /* A failed request fills its data with zeros up to this many bytes, so
     * that the used length can reach the status byte (2.7.8.2). */
    FILL_LIMIT = 1024 * 1024,
};

enum status {
    S_OK = 0,
    S_IOERR = 1,
    S_UNSUPP = 2,
    S_HALTED = 256
};

struct request {
    struct virtio_block *block;
    struct virtio_queue *queue;
    const struct virtio_chain *chain;
    uint32_t type;
    bool untouched; /* the request failed, and its data stays as it is */
    uint64_t sector;
    struct virtio_cursor out; /* data that the device reads, after the header */
    struct virtio_cursor
        in; /* data that the device writes, then the status byte */
    uint64_t out_bytes;
    uint64_t in_bytes; /* bytes of `in` without the status byte */
};

/* Fails a request whose data may only be read where the device has to write,
 * or only be written where it has to read. It is out of line because it is
 * rare. */
static __attribute__((noinline, cold)) enum status
wrong_direction(struct request *request)
{
    ring_violation(request->queue, CLAUSE_LINTEL_BLK_001,
                   .verdict = VIRTIO_VERDICT_REQUEST_FAILED,
                   .summary = "the data has the wrong direction: WRITE is set "
                              "for a write, or clear for a read",
                   .values = {{"head", request->chain->head},
                              {"type", request->type},
                              {"sector", request->sector},
                              {"readable data", request->out_bytes},
                              {"writable data", request->in_bytes}});
    request->untouched = true;
    return S_IOERR;
}

/* The checks that read and write requests share. */
static enum status transfer_judge(const struct request *request,
                                  uint64_t length, unsigned pieces)
{
    struct virtio_queue *queue = request->queue;
    uint64_t capacity =
        __atomic_load_n(&request->block->capacity, __ATOMIC_RELAXED);
    uint64_t sectors = length / VIRTIO_BLOCK_SECTOR;
    unsigned seg_max = virtio_block_seg_max(request->block);

    if (ring_judge(queue, CLAUSE_BLK_DRV_016,
                   length % VIRTIO_BLOCK_SECTOR != 0)) {
        ring_violation(queue, CLAUSE_BLK_DRV_016,
                       .verdict = VIRTIO_VERDICT_REQUEST_FAILED,
                       .summary = "the data is not whole sectors",
                       .values = {{"type", request->type},
                                  {"sector", request->sector},
                                  {"length", length}});
        return S_IOERR;
    }
    if (ring_judge(queue, CLAUSE_BLK_DRV_012,
                   request->sector > capacity ||
                       sectors > capacity - request->sector)) {
        ring_violation(queue, CLAUSE_BLK_DRV_012,
                       .verdict = VIRTIO_VERDICT_REQUEST_FAILED,
                       .summary = "the request runs past the capacity",
                       .values = {{"type", request->type},
                                  {"sector", request->sector},
                                  {"sectors", sectors},
                                  {"capacity", capacity}});
        return S_IOERR;
    }
    if (ring_judge(queue, CLAUSE_BLK_TXT_003, pieces > seg_max)) {
        ring_violation(queue, CLAUSE_BLK_TXT_003,
                       .verdict = VIRTIO_VERDICT_TAKEN,
                       .summary = "the data is in more pieces than seg_max",
                       .values = {{"pieces", pieces}, {"seg_max", seg_max}});
    }
    return S_OK;
}

static enum status serve_in(struct request *request)
{
    const struct virtio_chain *chain = request->chain;
    const struct virtio_segment *last =
        &chain->segments[chain->readable + chain->writable - 1];
    uint64_t at = request->sector * VIRTIO_BLOCK_SECTOR;

    if (ring_judge(request->queue, CLAUSE_LINTEL_BLK_001,
                   request->out_bytes != 0)) {
        return wrong_direction(request);
    }
    enum status status =
        transfer_judge(request, request->in_bytes,
                       chain->writable - (last->length == 1 ? 1u : 0u));

    while (status == S_OK && request->in.left > 1) {
        uint64_t most = request->in.left - 1;
        struct virtio_segment piece = virtio_cursor_piece(
            &request->in, most < PIECE ? most : (uint64_t)PIECE);

        if (!env_disk_read(&request->block->device, at, piece.bytes,
                           piece.length)) {
            __builtin_memset(piece.bytes, 0, piece.length);
            status = S_IOERR;
        } else if (virtio_queue_halted(request->queue)) {
            status = S_HALTED;
        }
        at += piece.length;
    }
    return status;
}

static enum status serve_out(struct request *request)
{
    const struct virtio_chain *chain = request->chain;
    uint64_t at = request->sector * VIRTIO_BLOCK_SECTOR;

    if (ring_judge(request->queue, CLAUSE_LINTEL_BLK_001,
                   request->in_bytes != 0)) {
        return wrong_direction(request);
    }
    enum status status = transfer_judge(
        request, request->out_bytes,
        chain->readable - (chain->segments[0].length == HEADER_SIZE ? 1u : 0u));

    if (request->block->read_only) {
        return S_IOERR; /* a read-only medium fails writes (5.2.6.2) */
    }
    while (status == S_OK && request->out.left > 0) {
        struct virtio_segment piece = virtio_cursor_piece(&request->out, PIECE);

        if (!env_disk_write(&request->block->device, at, piece.bytes,
                            piece.length)) {
            status = S_IOERR;
        } else if (virtio_queue_halted(request->queue)) {
            status = S_HALTED;
        }
        at += piece.length;
    }
    return status;
}

static enum status serve_flush(struct request *request)
{
    struct virtio_queue *queue = request->queue;

    if (ring_judge(queue, CLAUSE_BLK_DRV_014, request->sector != 0)) {
        ring_violation(queue, CLAUSE_BLK_DRV_014,
                       .verdict = VIRTIO_VERDICT_TAKEN,
                       .summary = "a flush names a sector",
                       .values = {{"sector", request->sector}});
    }
    if (ring_judge(queue, CLAUSE_BLK_DRV_015,
                   request->out_bytes != 0 || request->in_bytes != 0)) {
        ring_violation(queue, CLAUSE_BLK_DRV_015,
                       .verdict = VIRTIO_VERDICT_TAKEN,
                       .summary = "a flush carries data",
                       .values = {{"readable", request->out_bytes},
                                  {"writable", request->in_bytes}});
    }
    return env_disk_flush(&request->block->device) ? S_OK : S_IOERR;
}

static enum status serve_get_id(struct request *request)
{
    struct virtio_queue *queue = request->queue;
    size_t length = VIRTIO_BLOCK_SERIAL;

    if (ring_judge(request->queue, CLAUSE_LINTEL_BLK_001,
                   request->out_bytes != 0)) {
        return wrong_direction(request);
    }
    if (ring_judge(queue, CLAUSE_BLK_DRV_018,
                   request->in_bytes != VIRTIO_BLOCK_SERIAL)) {
        ring_violation(queue, CLAUSE_BLK_DRV_018,
                       .verdict = VIRTIO_VERDICT_TAKEN,
                       .summary = "the buffer for the id has not 20 bytes",
                       .values = {{"length", request->in_bytes}});
    }
    if (ring_judge(queue, CLAUSE_BLK_TXT_006, request->sector != 0)) {
        ring_violation(queue, CLAUSE_BLK_TXT_006,
                       .verdict = VIRTIO_VERDICT_TAKEN,
                       .summary = "get-id names a sector",
                       .values = {{"sector", request->sector}});
    }
    if (length > request->in_bytes) {
        length = (size_t)request->in_bytes;
    }
    virtio_cursor_write(&request->in, request->block->serial, length);
    return S_OK;
}

static const struct {
    uint32_t type;
    enum status (*serve)(struct request *request);
} types[] = {
    {T_IN, serve_in},
    {T_OUT, serve_out},
    {T_FLUSH, serve_flush},
    {T_GET_ID, serve_get_id},
};

static enum status serve(struct request *request)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (types[i].type == request->type) {
            return types[i].serve(request);
        }
    }
    return S_UNSUPP;
}

static void fill(struct virtio_cursor *cursor, uint64_t length)
{
    while (length != 0) {
        struct virtio_segment piece = virtio_cursor_piece(cursor, length);

        __builtin_memset(piece.bytes, 0, piece.length);
        length -= piece.length;
    }
}

/* Writes the status byte, the last byte of the writable part. Returns the
 * used length. */
static uint32_t finish(struct request *request, enum status status)
{
    uint64_t total = request->chain->writable_bytes;
    uint64_t rest = request->in.left - 1;
    uint64_t length = total;
    uint8_t byte = (uint8_t)status;

    if (rest > FILL_LIMIT || (rest != 0 && request->untouched)) {
        length -= request->in.left;
        virtio_cursor_skip(&request->in, rest);
    } else if (rest != 0) {
        fill(&request->in, rest);
    }
    virtio_cursor_write(&request->in, &byte, 1);
    return length > UINT32_MAX ? UINT32_MAX : (uint32_t)length;
}

/* Judges the frame of a request (5.2.6). False: the chain has no place for
 * the status byte. */
static bool frame_judge(struct virtio_queue *queue,
                        const struct virtio_chain *chain)
{
    bool short_header = chain->readable_bytes < HEADER_SIZE;
    bool no_status = chain->writable_bytes == 0;

    if (ring_judge(queue, CLAUSE_BLK_TXT_007, short_header || no_status)) {
        ring_violation(queue, CLAUSE_BLK_TXT_007,
                       .verdict = no_status ? VIRTIO_VERDICT_DROPPED
                                            : VIRTIO_VERDICT_REQUEST_FAILED,
                       .summary = no_status ? "there is no status byte"
                                            : "the header is cut short",
                       .values = {{"head", chain->head},
                                  {"readable", chain->readable_bytes},
                                  {"writable", chain->writable_bytes}});
    }
    return !no_status;
}

bool virtio_block_request_serve(struct virtio_block *block,
                                struct virtio_queue *queue,
                                const struct virtio_chain *chain,
                                uint32_t *written)
{
    struct {
        uint32_t type;
        uint32_t reserved;
        uint64_t sector;
    } header;
    struct request request; /* not cleared, since each member is set below
                               before it is read */
    enum status status = S_IOERR;

    _Static_assert(sizeof header == HEADER_SIZE, "VIRTIO 1.4 5.2.6");
    *written = 0;
    if (!frame_judge(queue, chain)) {
        return true;
    }
    request.block = block;
    request.queue = queue;
    request.chain = chain;
    request.untouched = false;
    request.out = virtio_cursor_readable(chain);
    request.in = virtio_cursor_writable(chain);
    if (virtio_cursor_read(&request.out, &header, sizeof header) ==
        sizeof header) {
        request.type = header.type;
        request.sector = header.sector;
        request.out_bytes = request.out.left;
        request.in_bytes = chain->writable_bytes - 1;
        status = serve(&request);
    }
    if (status == S_HALTED) {
        return false;
    }
    *written = finish(&request, status);
    return true;
}
