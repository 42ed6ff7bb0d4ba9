/* A split queue's size and three areas, VIRTIO 1.4 sections 2.7 and 4.2.3.2,
 * judged as a whole at QueueReady = 1 (queue_setup.c) and translated once for
 * queue_split.c. Under the device's lock. */
#include "virtio/queue_areas.h"

#include "virtio/guest.h"
#include "virtio/ops.h"
#include "virtio/queue.h"
#include "virtio/violation.h"

enum {
    DESC,
    DRIVER,
    DEVICE,
    AREAS
};

static const struct {
    enum clause_id clause;
    unsigned alignment;
    const char *name;
    const char *summary;
} areas[AREAS] = {
    [DESC] = {CLAUSE_SPLIT_DRV_001, 16, "QueueDesc",
              "the descriptor table is not aligned"},
    [DRIVER] = {CLAUSE_SPLIT_DRV_002, 2, "QueueDriver",
                "the available ring is not aligned"},
    [DEVICE] = {CLAUSE_SPLIT_DRV_003, 4, "QueueDevice",
                "the used ring is not aligned"},
};

/* 2.7: with the event words, whether or not they are negotiated. */
static uint64_t area_length(unsigned area, uint32_t size)
{
    return area == DESC     ? UINT64_C(16) * size
           : area == DRIVER ? UINT64_C(6) + UINT64_C(2) * size
                            : UINT64_C(6) + UINT64_C(8) * size;
}

static bool size_judge(struct virtio_device *device, struct virtio_queue *queue)
{
    uint32_t size = queue->size;

    if (breaks(device, CLAUSE_MMIO_DRV_016,
               (queue->written & VIRTIO_WROTE_SIZE) == 0)) {
        violation(device, CLAUSE_MMIO_DRV_016, .queue = queue,
                  .verdict = VIRTIO_VERDICT_QUEUE_REFUSED,
                  .summary = "QueueSize was not written",
                  .values = {{"QueueSizeMax", queue->size_max}});
        return false;
    }
    if (breaks(device, CLAUSE_SPLIT_TXT_001,
               size == 0 || (size & (size - 1)) != 0)) {
        violation(device, CLAUSE_SPLIT_TXT_001, .queue = queue,
                  .verdict = VIRTIO_VERDICT_QUEUE_REFUSED,
                  .summary = "the size is not a power of 2",
                  .values = {{"QueueSize", size}});
        return false;
    }
    return true;
}

static bool written_judge(struct virtio_device *device,
                          struct virtio_queue *queue)
{
    unsigned missing =
        (VIRTIO_WROTE_LOWS | VIRTIO_WROTE_HIGHS) & ~(unsigned)queue->written;
    bool low = (missing & VIRTIO_WROTE_LOWS) != 0;

    if (breaks(device, CLAUSE_MMIO_TXT_014, missing != 0)) {
        /* A driver of 32 bits that relies on the upper halves being 0 works
         * by luck; an area without a lower half is nowhere. */
        violation(device, CLAUSE_MMIO_TXT_014, .queue = queue,
                  .verdict =
                      low ? VIRTIO_VERDICT_QUEUE_REFUSED : VIRTIO_VERDICT_TAKEN,
                  .summary = "address registers were not written",
                  .values = {{"missing (bits, in order)", missing}});
    }
    return !low;
}

static bool alignment_judge(struct virtio_device *device,
                            struct virtio_queue *queue)
{
    bool good = true;

    for (unsigned i = 0; i < AREAS; i++) {
        if (breaks(device, areas[i].clause,
                   queue->address[i] % areas[i].alignment != 0)) {
            violation(device, areas[i].clause, .queue = queue,
                      .verdict = VIRTIO_VERDICT_QUEUE_REFUSED,
                      .summary = areas[i].summary,
                      .values = {{areas[i].name, queue->address[i]}});
            good = false;
        }
    }
    return good;
}

static bool memory_judge(struct virtio_device *device,
                         struct virtio_queue *queue, uint8_t *memory[AREAS])
{
    bool good = true;

    for (unsigned i = 0; i < AREAS; i++) {
        uint64_t length = area_length(i, queue->size);

        memory[i] = env_guest_range(device, (gpa_t){queue->address[i]}, length,
                                    i == DEVICE);
        if (breaks(device, CLAUSE_RESV_DRV_005, memory[i] == NULL)) {
            violation(device, CLAUSE_RESV_DRV_005, .queue = queue,
                      .verdict = VIRTIO_VERDICT_QUEUE_REFUSED,
                      .summary = "a queue's area is not in memory",
                      .values = {{areas[i].name, queue->address[i]},
                                 {"length", length}});
            good = false;
        }
    }
    return good;
}

/* The areas lie in memory, so no sum wraps here. */
static bool overlap_judge(struct virtio_device *device,
                          struct virtio_queue *queue)
{
    for (unsigned i = 0; i < AREAS; i++) {
        unsigned j = (i + 1) % AREAS;
        uint64_t a = queue->address[i];
        uint64_t b = queue->address[j];

        if (breaks(device, CLAUSE_MMIO_TXT_014,
                   a < b + area_length(j, queue->size) &&
                       b < a + area_length(i, queue->size))) {
            violation(device, CLAUSE_MMIO_TXT_014, .queue = queue,
                      .verdict = VIRTIO_VERDICT_QUEUE_REFUSED,
                      .summary = "the queue's areas overlap",
                      .values = {{areas[i].name, a},
                                 {areas[j].name, b},
                                 {"QueueSize", queue->size}});
            return false;
        }
    }
    return true;
}

/* The start values. flags of the available ring is the driver's to set. */
static void contents_judge(struct virtio_device *device,
                           struct virtio_queue *queue,
                           uint8_t *const memory[AREAS])
{
    uint16_t avail_idx = guest_read16(memory[DRIVER] + 2);
    uint16_t used_flags = guest_read16(memory[DEVICE]);
    uint16_t used_idx = guest_read16(memory[DEVICE] + 2);

    if (breaks(device, CLAUSE_SPLIT_DRV_022, used_flags != 0)) {
        violation(device, CLAUSE_SPLIT_DRV_022, .queue = queue,
                  .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = "flags of the used ring were not 0",
                  .values = {{"used.flags", used_flags}});
    }
    if (breaks(device, CLAUSE_MMIO_TXT_013, used_idx != 0)) {
        violation(device, CLAUSE_MMIO_TXT_013, .queue = queue,
                  .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = "idx of the used ring was not 0",
                  .values = {{"used.idx", used_idx}});
    }
    if (breaks(device, CLAUSE_SPLIT_TXT_007, avail_idx != 0)) {
        violation(device, CLAUSE_SPLIT_TXT_007, .queue = queue,
                  .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = "idx of the available ring was not 0",
                  .values = {{"avail.idx", avail_idx}});
    }
}

bool virtio_queue_areas_judge(struct virtio_queue *queue)
{
    struct virtio_device *device = queue->device;
    uint8_t *memory[AREAS];

    if (!size_judge(device, queue) || !written_judge(device, queue) ||
        !alignment_judge(device, queue) ||
        !memory_judge(device, queue, memory) || !overlap_judge(device, queue)) {
        return false;
    }
    contents_judge(device, queue, memory);
    virtio_queue_start(queue, memory[DESC], memory[DRIVER], memory[DEVICE]);
    return true;
}
