/* The value of an entry's `lint` key. Used by kernel/config.c. */
#pragma once

#include <stdbool.h>

struct config_entry;
struct config_reader;

/* A level for all devices, and others for single ones, in any order:
 * "tolerant", "strict,console0=off,block1=tolerant", "entropy2=off". Whether
 * the machine has such a device is judged by vmm/virtio_plan.h. */
bool config_lint_read(struct config_reader *reader, struct config_entry *entry,
                      const char *value);
