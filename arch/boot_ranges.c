/* The memory map as a sorted list; arch/boot_ranges.h has the contract. */

#include "arch/boot_ranges.h"

#include "arch/mtrr.h"
#include "kernel/base/string.h"

#define MEGABYTE 0x100000ULL

bool boot_range_is_ram(const struct boot_range *range)
{
    return range->kind != BOOT_MMIO && range->write_back;
}

static uint64_t range_end(const struct boot_range *range)
{
    return range->base + range->size;
}

/* Insertion sort: the firmware's lists are short, and usually sorted. */
static void sort(struct boot_range *ranges, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct boot_range moved = ranges[i];
        size_t at = i;
        while (at > 0 && ranges[at - 1].base > moved.base) {
            ranges[at] = ranges[at - 1];
            at--;
        }
        ranges[at] = moved;
    }
}

/* Cuts a usable range across 1 MiB in two; the part below is BOOT_KEPT. */
static size_t cut_low(struct boot_range *ranges, size_t count, size_t capacity)
{
    for (size_t i = 0; i < count; i++) {
        struct boot_range *range = &ranges[i];
        if (range->kind != BOOT_USABLE || range->base >= MEGABYTE) {
            continue;
        }
        if (range_end(range) > MEGABYTE && count < capacity) {
            memmove(range + 1, range, (count - i) * sizeof(*range));
            count++;
            range[1].size = range_end(range) - MEGABYTE;
            range[1].base = MEGABYTE;
            range->size = MEGABYTE - range->base;
        }
        range->kind = BOOT_KEPT;
    }
    return count;
}

/* Separates two ranges that claim the same memory: the usable one yields,
 * otherwise the later one. `low` does not begin above `high`. */
static void separate(struct boot_range *low, struct boot_range *high)
{
    uint64_t end = range_end(low);

    if (low->kind == BOOT_USABLE && high->kind != BOOT_USABLE) {
        low->size = high->base - low->base;
        return;
    }
    if (range_end(high) <= end) {
        high->size = 0;
        return;
    }
    high->size = range_end(high) - end;
    high->base = end;
}

static bool mergeable(const struct boot_range *a, const struct boot_range *b)
{
    return a->kind == b->kind && a->write_back == b->write_back &&
           range_end(a) == b->base;
}

/* Trims every pair of neighbours that overlap. True: some did. The rest of a
 * trimmed range may have to move, and may overlap the next one. */
static bool separate_all(struct boot_range *ranges, size_t *count)
{
    bool overlapped = false;
    size_t kept = 0;

    for (size_t i = 0; i + 1 < *count; i++) {
        struct boot_range *low = &ranges[i];
        struct boot_range *high = low + 1;
        /* A range that was moved past its neighbour waits for the next
         * round. */
        if (low->size && low->base <= high->base &&
            range_end(low) > high->base) {
            separate(low, high);
            overlapped = true;
        }
    }
    for (size_t i = 0; i < *count; i++) {
        if (ranges[i].size) {
            ranges[kept++] = ranges[i];
        }
    }
    *count = kept;
    return overlapped;
}

size_t boot_ranges_normalise(struct boot_range *ranges, size_t count,
                             size_t capacity)
{
    size_t kept = 0;

    sort(ranges, count);
    /* Each round takes something away, so the rounds end. */
    while (separate_all(ranges, &count)) {
        sort(ranges, count);
    }
    count = cut_low(ranges, count, capacity);
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && mergeable(&ranges[kept - 1], &ranges[i])) {
            ranges[kept - 1].size += ranges[i].size;
        } else {
            ranges[kept++] = ranges[i];
        }
    }
    return kept;
}

/* The first address above `base` at which the memory changes from write-back
 * to another type, or back. `end`: there is none below it. */
static uint64_t change(const struct mtrrs *mtrrs, uint64_t base, uint64_t end)
{
    uint64_t at = 0;
    bool write_back = mtrr_type(mtrrs, base, &at) == MEMORY_WB;

    while (at < end) {
        uint64_t next = 0;
        if ((mtrr_type(mtrrs, at, &next) == MEMORY_WB) != write_back) {
            return at;
        }
        at = next;
    }
    return end;
}

size_t boot_ranges_cut_uncached(struct boot_range *ranges, size_t count,
                                size_t capacity, const struct mtrrs *mtrrs,
                                uint64_t *left_out)
{
    uint64_t unused = 0;

    *left_out = 0;
    for (size_t i = 0; i < count; i++) {
        struct boot_range *range = &ranges[i];
        uint64_t end = range_end(range);
        uint64_t at = 0;

        if (range->kind != BOOT_USABLE) {
            continue;
        }
        at = change(mtrrs, range->base, end);
        if (at < end && count < capacity) {
            memmove(range + 1, range, (count - i) * sizeof(*range));
            count++;
            range[1].base = at;
            range[1].size = end - at;
            range->size = at - range->base;
            at = end;
        }
        if (at < end || mtrr_type(mtrrs, range->base, &unused) != MEMORY_WB) {
            range->kind = BOOT_FIRMWARE;
            range->write_back = false;
            *left_out += range->size;
        }
    }
    return count;
}
