/* The words of a report: names for the bits and fields that a value holds, as
 * the specification calls them. Pure.
 *
 * Who calls it: vmm/vm/vm_report.c, vmm/report/report_json.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "virtio/device.h"

/* Room for the names of all features a device may have. */
#define REPORT_WORDS_BYTES 320

/* "Status", "Config capacity"; "nothing" where there is no register. */
void report_words_register(char *text, size_t size,
                           const struct virtio_device *device, uint32_t offset);

/* What an access's value means: "ACKNOWLEDGE|DRIVER", "queue 1", "VERSION_1".
 * False, and "": the number says it all. */
bool report_words_access(char *text, size_t size,
                         const struct virtio_device *device,
                         const struct virtio_history_entry *entry);

/* The same for the value `index` of a report. */
bool report_words_value(char *text, size_t size,
                        const struct virtio_device *device,
                        const struct virtio_report *report, unsigned index);
