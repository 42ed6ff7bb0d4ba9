/* What the machines have come to; vmm/vm/vm_totals.h has the contract. */
#include "vmm/vm/vm_totals.h"

static struct vm_totals totals;

void vm_totals_started(void)
{
    __atomic_add_fetch(&totals.running, 1, __ATOMIC_RELAXED);
}

void vm_totals_ended(void)
{
    __atomic_sub_fetch(&totals.running, 1, __ATOMIC_RELAXED);
}

void vm_totals_broken(const char *id)
{
    __atomic_store_n(&totals.last, id, __ATOMIC_RELAXED);
    __atomic_add_fetch(&totals.broken, 1, __ATOMIC_RELAXED);
}

struct vm_totals vm_totals_now(void)
{
    return (struct vm_totals){
        .running = __atomic_load_n(&totals.running, __ATOMIC_RELAXED),
        .broken = __atomic_load_n(&totals.broken, __ATOMIC_RELAXED),
        .last = __atomic_load_n(&totals.last, __ATOMIC_RELAXED),
    };
}
