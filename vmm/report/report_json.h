/* Reports as lines of JSON for programs; vmm/report/README.md lists the fields.
 * Pure: a function's result depends on its arguments alone.
 *
 * Who calls it: vmm/vm/vm_report.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "virtio/device.h"
#include "vmm/report/code_place.h"

/* The format's version: each line's field `lintel`. */
#define REPORT_JSON_VERSION 2

/* Bytes that are enough for each of these lines. */
#define REPORT_JSON_BYTES 8000

/* How many of the driver's last accesses a report shows. */
#define REPORT_ACCESSES 6

/* The counts of a machine's last line, for report_json_summary(). */
struct report_summary {
    /* bit n: clause n has judged an act of a driver */
    uint64_t ids[CLAUSE_WORDS];
    unsigned exercised; /* how many bits of `ids` are set */
    /* clauses that Lintel checks at all */
    unsigned observable;
    unsigned broken;       /* clauses that a driver broke */
    unsigned errors;       /* those of `broken` that are MUSTs */
    uint64_t broken_times; /* reports of all clauses, with repeats */
};

/* Each function writes one object to `text`. False: it does not fit in `size`
 * bytes.
 *
 * A report of a clause; a broken clause with its count, at the machine's end;
 * the summary, at the very end. */
bool report_json_clause(char *text, size_t size, const char *vm,
                        const struct virtio_device *device,
                        const struct virtio_report *report,
                        const struct code_place *place);
bool report_json_broken(char *text, size_t size, const char *vm,
                        const struct virtio_device *device,
                        const struct virtio_clause *clause, uint32_t count);
bool report_json_summary(char *text, size_t size, const char *vm,
                         const struct report_summary *summary);
