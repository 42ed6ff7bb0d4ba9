/* Which device answers at which address: one sorted array for a VM's memory
 * windows and one for its ports. vmm/vm/mmio.c and vmm/vm/io.c look up accesses
 * here. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "vmm/memory/access.h"

#define REGIONS_MAX 40

/* A device's access function. `context` is the region's. */
typedef enum access_result (*region_access)(void *context,
                                            struct access *access);

/* Addresses [base, base + size) belong to one device. */
struct region {
    uint64_t base;
    uint64_t size;
    region_access access;
    void *context;
};

struct regions {
    struct region items[REGIONS_MAX]; /* by rising base; no two overlap */
    size_t count;
    size_t last; /* index found last, since a driver mostly uses one device */
};

/* Adds a region. An overlap, or more than REGIONS_MAX, is our own bug (CHECK),
 * since no guest chooses regions. */
void regions_add(struct regions *regions, const struct region *region);

/* The region that holds `address`, an access's first byte. NULL: none does. */
const struct region *regions_find(struct regions *regions, uint64_t address);
