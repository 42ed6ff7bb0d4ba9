/* The memory types that the firmware has set by MTRRs (SDM 3A 12.11). UEFI's
 * memory map only says what memory could be.
 *
 * Who calls it: arch/efi/efi_memory.c, arch/boot_ranges.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/regs.h"

/* IA32_MTRRCAP counts them in eight bits; the MSRs' numbers allow no more. */
#define MTRR_PAIRS 40U

struct mtrrs {
    bool on; /* false: there are none, or they are off */
    enum memory_type otherwise;
    unsigned count;
    struct {
        uint64_t base, mask;
    } pairs[MTRR_PAIRS];
    uint64_t top; /* the first address that the processor does not have */
};

/* Reads this processor's. */
void mtrr_read(struct mtrrs *mtrrs);

/* The type at `address`, which is 1 MiB or more, where the fixed-range MTRRs
 * have no effect. The type is the same up to *end, which is above `address`.
 * Where ranges overlap in a way that the manual leaves undefined, the type is
 * UC. SMRRs are left out, since the memory that they hide is in no memory map.
 * Without MTRRs the answer is WB. It is WB also if they are off, although all
 * memory is UC then (SDM 3A 12.11.2.1): Lintel runs slowly, but otherwise it
 * would have no memory at all. */
enum memory_type mtrr_type(const struct mtrrs *mtrrs, uint64_t address,
                           uint64_t *end);
