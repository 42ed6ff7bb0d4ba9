/* The memory types that the firmware has set; arch/mtrr.h has the contract. */

#include "arch/mtrr.h"

#include <stddef.h>

#include "arch/cpu.h"
#include "arch/msr.h"

void mtrr_read(struct mtrrs *mtrrs)
{
    uint64_t type = 0;
    unsigned all = 0;

    *mtrrs = (struct mtrrs){.top = UINT64_MAX};
    if (!(cpu_cpuid(1, 0).edx & CPUID_1_EDX_MTRR)) {
        return;
    }
    if (cpu_cpuid(0x80000000, 0).eax >= 0x80000008) {
        mtrrs->top = 1ULL << (cpu_cpuid(0x80000008, 0).eax & 0x3f);
    }
    type = cpu_rdmsr(MSR_MTRR_DEF_TYPE);
    mtrrs->on = type & MTRR_DEF_TYPE_E;
    mtrrs->otherwise = (enum memory_type)(type & MTRR_TYPE);
    all = cpu_rdmsr(MSR_MTRRCAP) & MTRRCAP_COUNT;
    for (unsigned i = 0; i < all && i < MTRR_PAIRS; i++) {
        uint64_t mask = cpu_rdmsr(MSR_MTRR_PHYSBASE0 + 2 * i + 1);

        if (mask & MTRR_PHYSMASK_V) {
            mtrrs->pairs[mtrrs->count].base =
                cpu_rdmsr(MSR_MTRR_PHYSBASE0 + 2 * i);
            mtrrs->pairs[mtrrs->count++].mask = mask & ~0xfffULL;
        }
    }
}

/* The first address above `address` at which this pair may begin or cease to
 * match. UINT64_MAX: there is none that the processor has. The mask is usually
 * one run of ones. Then the range repeats above the run, where there is no
 * memory, or where memory encryption has keys in the address. */
static uint64_t steady_until(const struct mtrrs *mtrrs, unsigned i,
                             uint64_t address)
{
    uint64_t mask = mtrrs->pairs[i].mask;
    uint64_t start = mtrrs->pairs[i].base & mask;
    uint64_t size = mask & -mask;
    uint64_t span = mask + size;
    uint64_t within = address & (span - 1);
    uint64_t end = address - within;

    if (mask == 0) {
        return UINT64_MAX;
    }
    if (span & mask) { /* the ones have holes */
        return (address | (size - 1)) + 1;
    }
    if (within < start) {
        end += start;
    } else {
        end += within - start < size ? start + size : span + start;
    }
    return end < mtrrs->top ? end : UINT64_MAX;
}

/* SDM 3A 12.11.4.1: UC wins, and WT over WB. */
static enum memory_type both(enum memory_type a, enum memory_type b)
{
    if (a == b) {
        return a;
    }
    if ((a == MEMORY_WT && b == MEMORY_WB) ||
        (a == MEMORY_WB && b == MEMORY_WT)) {
        return MEMORY_WT;
    }
    return MEMORY_UC;
}

enum memory_type mtrr_type(const struct mtrrs *mtrrs, uint64_t address,
                           uint64_t *end)
{
    enum memory_type type = mtrrs->otherwise;
    bool found = false;

    *end = UINT64_MAX;
    if (!mtrrs->on) {
        return MEMORY_WB;
    }
    for (unsigned i = 0; i < mtrrs->count; i++) {
        uint64_t mask = mtrrs->pairs[i].mask;
        uint64_t until = steady_until(mtrrs, i, address);

        *end = until < *end ? until : *end;
        if ((address & mask) == (mtrrs->pairs[i].base & mask)) {
            enum memory_type own =
                (enum memory_type)(mtrrs->pairs[i].base & MTRR_TYPE);

            type = found ? both(type, own) : own;
            found = true;
        }
    }
    return type;
}
