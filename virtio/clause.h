/* The clause engine: clauses.def lists what a driver is held to; a check stands
 * where the thing is seen and reports by id. Reporting returns always: what the
 * device then does is the checker's business and is only told in the report.
 * Included by device.h, so that vmm/ can print reports and summaries. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct virtio_device;
struct virtio_queue;

/* In rising order. A clause has one; a report may have a lower one, where the
 * breach is arguable. */
enum virtio_level {
    VIRTIO_NOTE,      /* specification's text outside its requirements */
    VIRTIO_SUSPICION, /* seen by heuristics or time */
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
    VIRTIO_VERDICT_TAKEN, /* went on as if it were right */
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
    bool counts; /* the run has failed: by a MUST, or by a request that the
                    device threw away */
    enum virtio_verdict verdict;
    const char *summary;      /* what the driver did, in a few words */
    const char *story;        /* what follows, in a paragraph; or NULL */
    const char *verdict_text; /* what the device did */
    int queue;                /* index, or -1 */
    uint32_t repeat;          /* how often now; reported at 1, 10, 100, ... */
    unsigned value_count;
    struct virtio_value values[VIRTIO_REPORT_VALUES];
};

const struct virtio_clause *virtio_clause_get(enum clause_id id);
const char *virtio_level_name(enum virtio_level level);
