/* The values of keys that may name single devices, `lint` and `features`.
 * vmm/config/config.c uses it. vmm/plan/virtio_plan.h judges whether the
 * machine has such a device. */
#pragma once

#include <stdbool.h>

struct config_entry;
struct config_reader;

/* Reads a level for all devices and levels for single devices, in any order:
 * "tolerant", "strict,console0=off,block1=tolerant", "entropy2=off". False:
 * errors were added. */
bool config_device_lint(struct config_reader *reader,
                        struct config_entry *entry, const char *value);

/* Reads features that are never offered, by all devices or also by single
 * ones: "-event_idx,-in_order",
 * "-in_order,block1=-event_idx,block1=-ring_packed". False: errors were
 * added. */
bool config_device_features(struct config_reader *reader,
                            struct config_entry *entry, const char *value);
