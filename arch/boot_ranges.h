/* The memory map as a sorted list. Pure; called by arch/efi/efi_memory.c and
 * arch/paging.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "arch/boot.h"

/* Sorts by base, cuts usable memory off at 1 MiB (the part below is
 * BOOT_KEPT), trims overlaps (the less usable kind stays) and merges
 * neighbours of one kind. The array has room for `capacity` ranges; the cut
 * may add one. Returns the new count. */
size_t boot_ranges_normalise(struct boot_range *ranges, size_t count,
                             size_t capacity);

struct mtrrs;

/* Turns usable memory that the MTRRs do not make write-back into BOOT_FIRMWARE.
 * `ranges` are normalised, and stay so. `capacity` is as above. Where there is
 * no room for another range, the rest of the range is turned, too. *left_out
 * becomes the number of bytes that were turned. Returns the new count. */
size_t boot_ranges_cut_uncached(struct boot_range *ranges, size_t count,
                                size_t capacity, const struct mtrrs *mtrrs,
                                uint64_t *left_out);

/* True for RAM that is mapped write-back: Lintel's, the firmware's or free. */
bool boot_range_is_ram(const struct boot_range *range);
