/* The table of clauses, and what becomes of a broken clause: it is counted,
 * and it is reported the first time and at each power of ten, so that a
 * guest cannot flood the log. Checks call this file through violation.h. */
#include "virtio/clause.h"

#include "virtio/lock.h"
#include "virtio/violation.h"

static const struct virtio_clause clauses[CLAUSE_COUNT] = {
#define CLAUSE(name, id, level, section, text)                                 \
    [CLAUSE_##name] = {id, section, text, VIRTIO_##level},
#include "virtio/clauses.def"
#undef CLAUSE
};

static const char *const level_names[] = {
    [VIRTIO_NOTE] = "note",
    [VIRTIO_SUSPICION] = "suspicion",
    [VIRTIO_SHOULD] = "warning",
    [VIRTIO_MUST] = "error",
};

static const struct {
    const char *text;
    bool loses; /* the device threw a request away */
} verdicts[VIRTIO_VERDICT_COUNT] = {
    [VIRTIO_VERDICT_NONE] = {"", false},
    [VIRTIO_VERDICT_TAKEN] = {"the device goes on as if it were right", false},
    [VIRTIO_VERDICT_IGNORED] = {"the access is ignored", false},
    [VIRTIO_VERDICT_BITS_IGNORED] = {"the bits are ignored", false},
    [VIRTIO_VERDICT_NOT_SEEN] = {"the device does not see the buffer", false},
    [VIRTIO_VERDICT_NOTIFIED] = {"the device notifies the driver", false},
    [VIRTIO_VERDICT_READS_ZERO] = {"the read gives 0", false},
    [VIRTIO_VERDICT_READS_ONES] = {"the read gives all ones", false},
    [VIRTIO_VERDICT_FEATURES_REFUSED] = {"FEATURES_OK stays clear", false},
    [VIRTIO_VERDICT_QUEUE_REFUSED] = {"QueueReady stays 0", false},
    [VIRTIO_VERDICT_DROPPED] = {"the buffer is returned with length 0", true},
    [VIRTIO_VERDICT_REQUEST_FAILED] = {"the request fails by its status", true},
    [VIRTIO_VERDICT_NEEDS_RESET] = {"the device stops: DEVICE_NEEDS_RESET",
                                    true},
    [VIRTIO_VERDICT_WAITS] = {"the device waits for the driver", false},
};

const struct virtio_clause *virtio_clause_get(enum clause_id id)
{
    return (unsigned)id < CLAUSE_COUNT ? &clauses[id] : NULL;
}

const char *virtio_level_name(enum virtio_level level)
{
    return (unsigned)level <= VIRTIO_MUST ? level_names[level] : "";
}

static bool power_of_ten(uint32_t count)
{
    while (count != 0 && count % 10 == 0) {
        count /= 10;
    }
    return count == 1;
}

static void put_in_outbox(struct virtio_device *device,
                          const struct violation *violation,
                          enum virtio_verdict verdict, uint32_t count)
{
    if (device->outbox_count == VIRTIO_OUTBOX) {
        return; /* the outbox is full; the breach is counted all the same */
    }
    const struct virtio_clause *clause = &clauses[violation->id];
    struct virtio_report *report = &device->outbox[device->outbox_count++];
    enum virtio_level level =
        violation->arguable && clause->level > VIRTIO_SUSPICION
            ? VIRTIO_SUSPICION
            : clause->level;

    *report = (struct virtio_report){
        .clause = clause,
        .level = level,
        .counts = level == VIRTIO_MUST || verdicts[verdict].loses,
        .verdict = verdict,
        .summary = violation->summary,
        .story = violation->story,
        .verdict_text = verdicts[verdict].text,
        .queue = violation->queue != NULL ? violation->queue->index : -1,
        .repeat = count,
    };
    while (report->value_count < VIRTIO_REPORT_VALUES &&
           violation->values[report->value_count].name != NULL) {
        report->values[report->value_count] =
            violation->values[report->value_count];
        report->value_count++;
    }
}

bool virtio_clause_violated(struct virtio_device *device,
                            const struct violation *violation)
{
    bool by_verdict = device->lint == VIRTIO_LINT_STRICT ||
                      violation->tolerant == VIRTIO_VERDICT_NONE;

    mark_exercised(device, violation->id);
    if (device->lint == VIRTIO_LINT_OFF) {
        return by_verdict;
    }
    uint32_t *count = &device->broken[violation->id];

    if (*count != UINT32_MAX) {
        (*count)++;
        if (power_of_ten(*count)) {
            put_in_outbox(device, violation,
                          by_verdict ? violation->verdict : violation->tolerant,
                          *count);
        }
    }
    return by_verdict;
}

bool virtio_clause_ring_violated(struct virtio_queue *queue,
                                 const struct violation *violation)
{
    virtio_device_lock(queue->device);
    bool by_verdict = virtio_clause_violated(queue->device, violation);

    virtio_device_unlock(queue->device);
    return by_verdict;
}

void virtio_clause_deliver(struct virtio_device *device)
{
    struct virtio_report reports[VIRTIO_OUTBOX];
    unsigned count = device->outbox_count;

    for (unsigned i = 0; i < count; i++) {
        reports[i] = device->outbox[i];
    }
    device->outbox_count = 0;
    __atomic_store_n(&device->lock, 0, __ATOMIC_RELEASE);
    for (unsigned i = 0; i < count; i++) {
        env_report(device, &reports[i]);
    }
}

uint32_t virtio_device_broken(const struct virtio_device *device,
                              enum clause_id id)
{
    return device->broken[id];
}

bool virtio_device_exercised(const struct virtio_device *device,
                             enum clause_id id)
{
    uint64_t word = device->exercised[id / 64];

    for (unsigned i = 0; i < device->queue_count; i++) {
        word |= device->queues[i].exercised[id / 64];
    }
    return (word >> (id % 64) & 1) != 0;
}
