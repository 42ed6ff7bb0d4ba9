/* The last run's log; kernel/last_run.h has the contract. */
#include "kernel/last_run.h"

#include "arch/spinlock.h"
#include "kernel/base/string.h"

#define MAGIC      0x6c696e74656c3130ULL /* "lintel10" */
#define RING_BYTES (LAST_RUN_BYTES - sizeof(struct header))

struct header {
    uint64_t magic;
    uint64_t written; /* bytes since the start; the ring has the last of them */
    uint64_t sum;     /* of the ring: each byte times its place, from 1 on */
    uint32_t failed;
    uint32_t status;
    uint64_t check; /* all of the above, added up and inverted */
};

struct area {
    struct header header;
    uint8_t ring[RING_BYTES];
};

_Static_assert(sizeof(struct area) == LAST_RUN_BYTES, "the ring fills it");

static struct {
    struct spinlock lock;
    struct area *area; /* NULL: nothing is kept */
} last;

static uint64_t check_of(const struct header *header)
{
    return ~(header->magic + header->written + header->sum + header->failed +
             header->status);
}

static uint64_t sum_of(const struct area *area)
{
    uint64_t sum = 0;

    for (uint64_t i = 0; i < RING_BYTES; i++) {
        sum += (i + 1) * area->ring[i];
    }
    return sum;
}

bool last_run_is_at(const void *memory)
{
    const struct area *area = memory;

    return area->header.magic == MAGIC &&
           area->header.check == check_of(&area->header) &&
           area->header.sum == sum_of(area);
}

struct last_run last_run_read(const void *memory)
{
    const struct area *area = memory;
    uint64_t written = area->header.written;
    size_t at = (size_t)(written % RING_BYTES);
    bool wrapped = written > RING_BYTES;

    return (struct last_run){
        .text = {(const char *)area->ring + (wrapped ? at : 0),
                 (const char *)area->ring},
        .length = {wrapped ? RING_BYTES - at : at, wrapped ? at : 0},
        .failed = area->header.failed != 0,
        .status = area->header.status,
    };
}

void last_run_keep(void *memory)
{
    struct area *area = memory;

    memset(area, 0, sizeof *area);
    area->header.magic = MAGIC;
    area->header.check = check_of(&area->header);
    last.area = area;
}

void last_run_write(const void *bytes, size_t length)
{
    const uint8_t *byte = bytes;
    struct area *area = last.area;

    if (area == NULL) {
        return;
    }
    spinlock_take(&last.lock);
    for (size_t i = 0; i < length; i++) {
        uint64_t at = area->header.written++ % RING_BYTES;

        area->header.sum += (at + 1) * byte[i] - (at + 1) * area->ring[at];
        area->ring[at] = byte[i];
    }
    area->header.check = check_of(&area->header);
    spinlock_give(&last.lock);
}

void last_run_fail(unsigned status)
{
    if (last.area != NULL) {
        last.area->header.failed = 1;
        last.area->header.status = status;
        last.area->header.check = check_of(&last.area->header);
    }
}
