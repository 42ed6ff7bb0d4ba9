/* Words for the numbers in a report: the specification's names for their bits
 * and fields. Pure: a function's result depends on its arguments alone.
 *
 * Who calls it: vmm/vm/vm_report.c, vmm/report/report_json.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "virtio/device.h"

/* Bytes that are enough for the names of all features of a device. */
#define REPORT_WORDS_BYTES 320

/* The name of the register at `offset`: "Status", "Config capacity". If there
 * is no register, "nothing". */
void report_words_register(char *text, size_t size,
                           const struct virtio_device *device, uint32_t offset);

/* Says what the value of an access means: "ACKNOWLEDGE|DRIVER", "queue 1",
 * "VERSION_1". False, with an empty text: the number needs no words. */
bool report_words_access(char *text, size_t size,
                         const struct virtio_device *device,
                         const struct virtio_history_entry *entry);

/* As report_words_access(), for value number `index` of a report. */
bool report_words_value(char *text, size_t size,
                        const struct virtio_device *device,
                        const struct virtio_report *report, unsigned index);
