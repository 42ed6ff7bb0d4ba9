/* What a check says when a clause is broken, and how it records that it looked.
 * Used beside every check in this folder:
 *
 *     if (breaks(device, CLAUSE_X, condition)) {
 *         violation(device, CLAUSE_X, .verdict = ..., .summary = "...",
 *                   .values = {{"name", value}});
 *         return;
 *     } */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "virtio/device.h"

struct violation {
    enum clause_id id;
    const struct virtio_queue *queue; /* or NULL */
    /* No exact breach, or one that good drivers commit: a suspicion. */
    bool arguable;
    /* What the device does; and what it does instead if lint is not strict
     * (unset: the same). */
    enum virtio_verdict verdict;
    enum virtio_verdict tolerant;
    const char *summary;
    const char *story;                                /* or NULL */
    struct virtio_value values[VIRTIO_REPORT_VALUES]; /* ended by no name */
};

/* Counts and, the first time and at each power of ten, puts a report in the
 * outbox. Under the device's lock. True if `verdict` is the one to carry out,
 * false if `tolerant` is. */
bool virtio_clause_violated(struct virtio_device *device,
                            const struct violation *violation);

#define violation(device_, id_, ...)                                           \
    virtio_clause_violated(device_,                                            \
                           &(const struct violation){.id = id_, __VA_ARGS__})

/* Notes that the driver's act was judged by the clause. Under the lock. */
static inline bool breaks(struct virtio_device *device, enum clause_id id,
                          bool broken)
{
    device->exercised[id / 64] |= UINT64_C(1) << (id % 64);
    return __builtin_expect(broken, false);
}

/* The same, of a ring: by the queue's service, without the lock. */
static inline bool ring_breaks(struct virtio_queue *queue, enum clause_id id,
                               bool broken)
{
    queue->exercised[id / 64] |= UINT64_C(1) << (id % 64);
    return __builtin_expect(broken, false);
}

bool virtio_clause_ring_violated(struct virtio_queue *queue,
                                 const struct violation *violation);

#define ring_violation(queue_, id_, ...)                                       \
    virtio_clause_ring_violated(                                               \
        queue_,                                                                \
        &(const struct violation){.id = id_, .queue = queue_, __VA_ARGS__})
