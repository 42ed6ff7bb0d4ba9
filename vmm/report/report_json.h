/* Reports as lines for programs; the README lists the fields. Pure.
 *
 * Who calls it: vmm/vm/vm_report.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "virtio/device.h"
#include "vmm/report/code_place.h"

/* The version of the format. */
#define REPORT_JSON_VERSION 2

/* Room for any of these lines. */
#define REPORT_JSON_BYTES 8000

/* How many of the driver's last accesses a report shows. */
#define REPORT_ACCESSES 6

/* What report_json_summary() tells. */
struct report_summary {
    uint64_t ids[CLAUSE_WORDS]; /* clauses that judged an act of the drivers */
    unsigned exercised;         /* how many they are */
    unsigned observable;
    unsigned broken;       /* clauses */
    unsigned errors;       /* of them, MUSTs */
    uint64_t broken_times; /* all reports and repeats */
};

/* Each writes one object. False: it does not fit in `size` bytes. */
bool report_json_clause(char *text, size_t size, const char *vm,
                        const struct virtio_device *device,
                        const struct virtio_report *report,
                        const struct code_place *place);
bool report_json_broken(char *text, size_t size, const char *vm,
                        const struct virtio_device *device,
                        const struct virtio_clause *clause, uint32_t count);
bool report_json_summary(char *text, size_t size, const char *vm,
                         const struct report_summary *summary);
