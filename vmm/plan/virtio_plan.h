/* The virtio devices of a machine, in the order of their windows. The plan is
 * made before the machine, so that lines which name a device can be judged
 * while nothing has started. Pure.
 *
 * Who calls it: vmm/load_config.c checks each entry, vmm/vm/vm_device.c
 * makes what is planned. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/config/config.h"
#include "vmm/memory/memory_map.h"

struct virtio_planned {
    enum virtio_kind kind;
    size_t number; /* from 0, among the devices of its kind: the number of a
                      `disk` line */
};

struct virtio_plan {
    struct virtio_planned devices[MAP_VIRTIO_DEVICES];
    size_t count;
};

/* Makes the plan. False: the entry wants more devices than the machine has
 * windows for. */
bool virtio_plan_make(const struct config_entry *config,
                      struct virtio_plan *plan);

/* The lint level of the device of that number. */
enum virtio_lint virtio_plan_lint(const struct config_entry *config,
                                  const struct virtio_plan *plan, size_t index);

/* The features that the device of that number never offers, as bits. */
uint64_t virtio_plan_features_off(const struct config_entry *config,
                                  const struct virtio_plan *plan, size_t index);

/* Adds an error for each device that the entry names and its machine does
 * not have, and one if the entry wants too many devices. */
void virtio_plan_check(const struct config_entry *config,
                       struct errors *errors);
