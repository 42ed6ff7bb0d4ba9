/* The values of an entry's keys that may name single devices: `lint` and
 * `features`. Used by vmm/config/config.c. Whether the machine has such a
 * device is judged by vmm/plan/virtio_plan.h. */
#pragma once

#include <stdbool.h>

struct config_entry;
struct config_reader;

/* A level for all devices, and others for single ones, in any order:
 * "tolerant", "strict,console0=off,block1=tolerant", "entropy2=off". False:
 * errors were added. */
bool config_device_lint(struct config_reader *reader,
                        struct config_entry *entry, const char *value);

/* What is never offered, by all devices or, beside that, by single ones:
 * "-event_idx,-in_order", "-in_order,block1=-event_idx,block1=-ring_packed".
 * False: errors were added. */
bool config_device_features(struct config_reader *reader,
                            struct config_entry *entry, const char *value);
