/* How a check judges an act of the driver by a clause, and what it says when
 * the clause is broken. Used beside every check in this folder:
 *
 *     if (judge(device, CLAUSE_X, condition)) {
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
    /* the act is no exact breach, or good drivers do it, too: a suspicion */
    bool arguable;
    /* What the device does under strict lint, and what it does under other
     * levels (not set: the same). */
    enum virtio_verdict verdict;
    enum virtio_verdict tolerant;
    const char *summary;
    const char *story; /* or NULL */
    struct virtio_value
        values[VIRTIO_REPORT_VALUES]; /* a value without a name ends the list */
};

/* Counts the breach, marks the clause as exercised and, the first time and
 * at each power of ten, puts a report into the outbox. Under the device's
 * lock. True: the caller carries out `verdict`. False: it carries out
 * `tolerant`. */
bool virtio_clause_violated(struct virtio_device *device,
                            const struct violation *violation);

#define violation(device_, id_, ...)                                           \
    virtio_clause_violated(device_,                                            \
                           &(const struct violation){.id = id_, __VA_ARGS__})

/* Records that an act of the driver came under the clause. A run's summary
 * counts the clauses that were exercised. Under the lock. */
static inline void mark_exercised(struct virtio_device *device,
                                  enum clause_id id)
{
    device->exercised[id / 64] |= UINT64_C(1) << (id % 64);
}

/* Records the same. Returns whether the act broke the clause. */
static inline bool judge(struct virtio_device *device, enum clause_id id,
                         bool broken)
{
    mark_exercised(device, id);
    return __builtin_expect(broken, false);
}

/* The same two for what the queue's service finds in the ring, without the
 * lock. */
static inline void ring_mark_exercised(struct virtio_queue *queue,
                                       enum clause_id id)
{
    queue->exercised[id / 64] |= UINT64_C(1) << (id % 64);
}

static inline bool ring_judge(struct virtio_queue *queue, enum clause_id id,
                              bool broken)
{
    ring_mark_exercised(queue, id);
    return __builtin_expect(broken, false);
}

bool virtio_clause_ring_violated(struct virtio_queue *queue,
                                 const struct violation *violation);

#define ring_violation(queue_, id_, ...)                                       \
    virtio_clause_ring_violated(                                               \
        queue_,                                                                \
        &(const struct violation){.id = id_, .queue = queue_, __VA_ARGS__})
