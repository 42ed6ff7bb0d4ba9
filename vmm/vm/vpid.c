/* VPIDs; see the header. */
#include "vmm/vm/vpid.h"

#include "arch/spinlock.h"
#include "kernel/base/panic.h"

/* Locked, since several processors build machines at the same time. */
static struct {
    struct spinlock lock;
    uint64_t taken[VPIDS / 64];
} vpids = {.taken = {1}}; /* 0 belongs to the host */

uint16_t vpid_take(void)
{
    uint16_t found = 0;

    spinlock_take(&vpids.lock);
    for (unsigned i = 0; found == 0 && i < VPIDS / 64; i++) {
        if (vpids.taken[i] != UINT64_MAX) {
            unsigned bit = (unsigned)__builtin_ctzll(~vpids.taken[i]);

            vpids.taken[i] |= 1ULL << bit;
            found = (uint16_t)(64 * i + bit);
        }
    }
    spinlock_give(&vpids.lock);
    return found;
}

void vpid_give(uint16_t vpid)
{
    uint64_t bit = 1ULL << vpid % 64;

    CHECK(vpid > 0 && vpid < VPIDS && (vpids.taken[vpid / 64] & bit));
    spinlock_take(&vpids.lock);
    vpids.taken[vpid / 64] &= ~bit;
    spinlock_give(&vpids.lock);
}
