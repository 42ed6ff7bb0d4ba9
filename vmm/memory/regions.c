/* Implements the sorted array of regions; see the header. */
#include "vmm/memory/regions.h"

#include "kernel/base/panic.h"

void regions_add(struct regions *regions, const struct region *region)
{
    size_t at = regions->count;

    CHECK(regions->count < REGIONS_MAX);
    CHECK(region->size > 0 && region->base + region->size > region->base);
    while (at > 0 && regions->items[at - 1].base > region->base) {
        regions->items[at] = regions->items[at - 1];
        at--;
    }
    regions->items[at] = *region;
    regions->count++;
    if (at > 0) {
        const struct region *before = &regions->items[at - 1];

        CHECK(before->base + before->size <= region->base);
    }
    if (at + 1 < regions->count) {
        CHECK(region->base + region->size <= regions->items[at + 1].base);
    }
}

const struct region *regions_find(struct regions *regions, uint64_t address)
{
    const struct region *last = &regions->items[regions->last];
    size_t low = 0;
    size_t high = regions->count;

    if (address - last->base < last->size) {
        return last;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct region *region = &regions->items[middle];

        if (address < region->base) {
            high = middle;
        } else if (address - region->base >= region->size) {
            low = middle + 1;
        } else {
            regions->last = middle;
            return region;
        }
    }
    return NULL;
}
