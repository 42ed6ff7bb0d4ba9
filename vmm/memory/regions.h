/* Who answers at which address: one sorted array for the memory windows of a
 * VM and one for its ports. vmm/vm/mmio.c and vmm/vm/io.c look accesses up
 * here. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "vmm/memory/access.h"

#define REGIONS_MAX 40

typedef enum access_result (*region_access)(void *context,
                                            struct access *access);

struct region {
    uint64_t base;
    uint64_t size;
    region_access access;
    void *context;
};

struct regions {
    struct region items[REGIONS_MAX]; /* by rising base, none overlapping */
    size_t count;
    size_t last; /* found last: a driver stays with its device */
};

/* Adds a region; it is our own bug (CHECK) if it overlaps another or does not
 * fit, since the guest chooses no region. */
void regions_add(struct regions *regions, const struct region *region);

/* The region that holds the access's first byte; NULL: nobody. */
const struct region *regions_find(struct regions *regions, uint64_t address);
