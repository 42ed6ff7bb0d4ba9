/* A queue's size and its three areas (VIRTIO 1.4 sections 2.7, 2.8 and
 * 4.2.3.2). They are judged as a whole at QueueReady = 1 (queue_setup.c) and
 * translated once for queue.c. Under the device's lock. */
#include "virtio/queue_areas.h"

#include "virtio/guest.h"
#include "virtio/ops.h"
#include "virtio/packed.h"
#include "virtio/queue.h"
#include "virtio/split.h"
#include "virtio/violation.h"

enum {
    DESC,
    DRIVER,
    DEVICE,
    AREAS
};

struct area {
    enum clause_id clause; /* the clause of the area's alignment */
    unsigned alignment;
    unsigned fixed; /* bytes of the area, without */
    unsigned entry; /* bytes for each descriptor */
    bool write;     /* the device writes the area */
    const char *name;
    const char *summary;
};

/* Sizes of 2.7, with the event words whether or not they are negotiated, and
 * of 2.8.10.1. */
static const struct area layouts[][AREAS] = {
    {
        {CLAUSE_SPLIT_DRV_001, 16, 0, 16, false, "QueueDesc",
         "the descriptor table is not aligned"},
        {CLAUSE_SPLIT_DRV_002, 2, 6, 2, false, "QueueDriver",
         "the available ring is not aligned"},
        {CLAUSE_SPLIT_DRV_003, 4, 6, 8, true, "QueueDevice",
         "the used ring is not aligned"},
    },
    {
        {CLAUSE_PACKED_DRV_001, 16, 0, 16, true, "QueueDesc",
         "the descriptor ring is not aligned"},
        {CLAUSE_PACKED_DRV_002, 4, 4, 0, false, "QueueDriver",
         "the driver's event suppression is not aligned"},
        {CLAUSE_PACKED_DRV_003, 4, 4, 0, true, "QueueDevice",
         "the device's event suppression is not aligned"},
    },
};

static bool packed(const struct virtio_device *device)
{
    return virtio_accepted(device, VIRTIO_F_RING_PACKED);
}

static const struct area *areas_of(const struct virtio_device *device)
{
    return layouts[packed(device)];
}

static uint64_t area_length(const struct area *area, uint32_t size)
{
    return area->fixed + (uint64_t)area->entry * size;
}

/* After QueueReset all of the setup is to be written again (2.6.1.2.2).
 * False: there is nothing to enable the queue with. */
static bool again_judge(struct virtio_device *device,
                        struct virtio_queue *queue)
{
    unsigned all = VIRTIO_WROTE_SIZE | VIRTIO_WROTE_LOWS | VIRTIO_WROTE_HIGHS;
    unsigned missing = all & ~(unsigned)queue->setup.written;
    bool refuse = (missing & (VIRTIO_WROTE_SIZE | VIRTIO_WROTE_LOWS)) != 0;

    if (judge(device, CLAUSE_VQRESET_DRV_003, missing != 0)) {
        violation(device, CLAUSE_VQRESET_DRV_003, .queue = queue,
                  .verdict = refuse ? VIRTIO_VERDICT_QUEUE_REFUSED
                                    : VIRTIO_VERDICT_TAKEN,
                  .summary =
                      "a queue was enabled after its reset without all of its "
                      "setup",
                  .values = {{"missing (addresses in order, size)", missing}});
    }
    return !refuse;
}

static bool size_judge(struct virtio_device *device, struct virtio_queue *queue)
{
    uint32_t size = queue->size;

    if (packed(device)) {
        if (judge(device, CLAUSE_PACKED_TXT_001, size == 0)) {
            violation(device, CLAUSE_PACKED_TXT_001, .queue = queue,
                      .verdict = VIRTIO_VERDICT_QUEUE_REFUSED,
                      .summary = "the size is 0",
                      .values = {{"QueueSize", size}});
        }
        return size != 0;
    }
    if (judge(device, CLAUSE_SPLIT_TXT_001,
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
    unsigned missing = (VIRTIO_WROTE_LOWS | VIRTIO_WROTE_HIGHS) &
                       ~(unsigned)queue->setup.written;
    bool low = (missing & VIRTIO_WROTE_LOWS) != 0;

    if (judge(device, CLAUSE_MMIO_DRV_016,
              (queue->setup.written & VIRTIO_WROTE_SIZE) == 0)) {
        violation(device, CLAUSE_MMIO_DRV_016, .queue = queue,
                  .verdict = VIRTIO_VERDICT_QUEUE_REFUSED,
                  .summary = "QueueSize was not written",
                  .values = {{"QueueSizeMax", queue->size_max}});
        return false;
    }
    if (judge(device, CLAUSE_MMIO_TXT_014, missing != 0)) {
        /* A 32-bit driver that leaves the upper halves at 0 works by luck,
         * so it may go on. Without its lower half an area has no address. */
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
    const struct area *areas = areas_of(device);
    bool good = true;

    for (unsigned i = 0; i < AREAS; i++) {
        if (judge(device, areas[i].clause,
                  queue->setup.address[i] % areas[i].alignment != 0)) {
            violation(device, areas[i].clause, .queue = queue,
                      .verdict = VIRTIO_VERDICT_QUEUE_REFUSED,
                      .summary = areas[i].summary,
                      .values = {{areas[i].name, queue->setup.address[i]}});
            good = false;
        }
    }
    return good;
}

static bool memory_judge(struct virtio_device *device,
                         struct virtio_queue *queue, uint8_t *memory[AREAS])
{
    const struct area *areas = areas_of(device);
    bool good = true;

    for (unsigned i = 0; i < AREAS; i++) {
        uint64_t length = area_length(&areas[i], queue->size);

        memory[i] = env_guest_range(device, (gpa_t){queue->setup.address[i]},
                                    length, areas[i].write);
        if (judge(device, CLAUSE_RESV_DRV_005, memory[i] == NULL)) {
            violation(device, CLAUSE_RESV_DRV_005, .queue = queue,
                      .verdict = VIRTIO_VERDICT_QUEUE_REFUSED,
                      .summary = "a queue's area is not in memory",
                      .values = {{areas[i].name, queue->setup.address[i]},
                                 {"length", length}});
            good = false;
        }
    }
    return good;
}

/* Each area lies in memory, so no sum wraps here. */
static bool overlap_judge(struct virtio_device *device,
                          struct virtio_queue *queue)
{
    const struct area *areas = areas_of(device);

    for (unsigned i = 0; i < AREAS; i++) {
        unsigned j = (i + 1) % AREAS;
        uint64_t a = queue->setup.address[i];
        uint64_t b = queue->setup.address[j];

        if (judge(device, CLAUSE_MMIO_TXT_014,
                  a < b + area_length(&areas[j], queue->size) &&
                      b < a + area_length(&areas[i], queue->size))) {
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

/* Judges the start values. The driver may set the available ring's flags as
 * it likes. */
static void split_judge(struct virtio_device *device,
                        struct virtio_queue *queue,
                        uint8_t *const memory[AREAS])
{
    uint16_t avail_idx = guest_read16(memory[DRIVER] + AVAIL_IDX);
    uint16_t used_flags = guest_read16(memory[DEVICE] + USED_FLAGS);
    uint16_t used_idx = guest_read16(memory[DEVICE] + USED_IDX);

    if (judge(device, CLAUSE_SPLIT_DRV_022, used_flags != 0)) {
        violation(device, CLAUSE_SPLIT_DRV_022, .queue = queue,
                  .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = "flags of the used ring were not 0",
                  .values = {{"used.flags", used_flags}});
    }
    if (judge(device, CLAUSE_MMIO_TXT_013, used_idx != 0)) {
        violation(device, CLAUSE_MMIO_TXT_013, .queue = queue,
                  .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = "idx of the used ring was not 0",
                  .values = {{"used.idx", used_idx}});
    }
    if (judge(device, CLAUSE_SPLIT_TXT_007, avail_idx != 0)) {
        violation(device, CLAUSE_SPLIT_TXT_007, .queue = queue,
                  .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = "idx of the available ring was not 0",
                  .values = {{"avail.idx", avail_idx}});
    }
}

/* The same for a packed queue. Here the whole driver area is the driver's to
 * set. */
static void packed_judge(struct virtio_device *device,
                         struct virtio_queue *queue,
                         uint8_t *const memory[AREAS])
{
    uint32_t event = guest_read32(memory[DEVICE]);
    unsigned marked = 0;

    for (unsigned i = 0; i < queue->size; i++) {
        uint16_t flags =
            guest_read16(memory[DESC] + DESC_SIZE * i + PACKED_FLAGS);

        marked += (flags & (PACKED_F_AVAIL | PACKED_F_USED)) != 0;
    }
    if (judge(device, CLAUSE_PACKED_TXT_008, marked != 0)) {
        violation(device, CLAUSE_PACKED_TXT_008, .queue = queue,
                  .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = "the descriptor ring was not zeroed",
                  .values = {{"marked descriptors", marked},
                             {"QueueSize", queue->size}});
    }
    if (judge(device, CLAUSE_MMIO_TXT_013, event != 0)) {
        violation(device, CLAUSE_MMIO_TXT_013, .queue = queue,
                  .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = "the device's event suppression was not 0",
                  .values = {{"event suppression", event}});
    }
}

bool virtio_queue_areas_judge(struct virtio_queue *queue)
{
    struct virtio_device *device = queue->device;
    uint8_t *memory[AREAS];

    if (!(queue->session.was_reset ? again_judge(device, queue)
                                   : written_judge(device, queue)) ||
        !size_judge(device, queue) || !alignment_judge(device, queue) ||
        !memory_judge(device, queue, memory) || !overlap_judge(device, queue)) {
        return false;
    }
    if (packed(device)) {
        packed_judge(device, queue, memory);
    } else {
        split_judge(device, queue, memory);
    }
    virtio_queue_start(queue, memory);
    return true;
}
