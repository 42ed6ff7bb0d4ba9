/* Clauses: clauses.def lists what a driver is held to. A check stands where
 * the driver's act is seen, and reports a breach by the clause's id. A
 * report only tells what the device does about the breach; the check itself
 * does it. device.h includes this header, so that vmm/ can print reports and
 * summaries. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct virtio_device;
struct virtio_queue;

/* In rising order. Each clause has a level; a report of it may have a lower
 * one, where the breach is arguable. */
enum virtio_level {
    VIRTIO_NOTE,      /* text of the specification outside its requirements */
    VIRTIO_SUSPICION, /* inferred from time or from a copy of memory */
    VIRTIO_SHOULD,    /* a warning */
    VIRTIO_MUST,      /* an error */
};

struct virtio_clause {
    const char *id;      /* "status-drv-002" */
    const char *section; /* of VIRTIO 1.4 */
    const char *text;    /* what it asks, in our words */
    enum virtio_level level;
};

enum clause_id {
#define CLAUSE(name, id, level, section, text) CLAUSE_##name,
#include "virtio/clauses.def"
#undef CLAUSE
    CLAUSE_COUNT
};

enum {
    CLAUSE_WORDS = (CLAUSE_COUNT + 63) / 64,
    VIRTIO_REPORT_VALUES = 5
};

/* What the device did about it. */
enum virtio_verdict {
    VIRTIO_VERDICT_NONE,
    VIRTIO_VERDICT_TAKEN, /* the device went on as if the act were right */
    VIRTIO_VERDICT_IGNORED,
    VIRTIO_VERDICT_BITS_IGNORED,
    VIRTIO_VERDICT_NOT_SEEN,
    VIRTIO_VERDICT_NOTIFIED,
    VIRTIO_VERDICT_READS_ZERO,
    VIRTIO_VERDICT_READS_ONES,
    VIRTIO_VERDICT_FEATURES_REFUSED,
    VIRTIO_VERDICT_QUEUE_REFUSED,
    VIRTIO_VERDICT_DROPPED,
    VIRTIO_VERDICT_REQUEST_FAILED,
    VIRTIO_VERDICT_NEEDS_RESET,
    VIRTIO_VERDICT_WAITS,
    VIRTIO_VERDICT_COUNT
};

struct virtio_value {
    const char *name;
    uint64_t value;
};

struct virtio_report {
    const struct virtio_clause *clause; /* id, level, section, text */
    enum virtio_level level;            /* of this breach */
    bool counts; /* the run has failed: the driver broke a MUST, or the device
                    threw a request away */
    enum virtio_verdict verdict;
    const char *summary; /* what the driver did, in a few words */
    const char *story; /* what follows from the breach, a paragraph; or NULL */
    const char *verdict_text; /* what the device did */
    int queue;                /* index, or -1 */
    uint32_t repeat; /* how often the clause is broken by now; reported at 1,
                        10, 100, ... */
    unsigned value_count;
    struct virtio_value values[VIRTIO_REPORT_VALUES];
};

const struct virtio_clause *virtio_clause_get(enum clause_id id);
const char *virtio_level_name(enum virtio_level level);
