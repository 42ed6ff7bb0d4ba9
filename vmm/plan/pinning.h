/* Which processors of the machine a VM's tasks run on.
 *
 * Who calls it: vmm/vm/vm.c when a VM is built, vmm/vm/vm_run.c and
 * vmm/vm/vcpu.c for each task of it. */
#pragma once

#include <stdbool.h>

#include "vmm/config/config.h"

struct pinning {
    unsigned processors; /* processors of the machine */
    unsigned vcpus;
    unsigned first; /* the processor of vCPU 0, if the entry has no `pin` */
    const struct config_entry *config;
};

/* Plans for an entry. Its `pin` names processors below `processors`, which
 * vmm/plan/check.c has judged. VMs that are made one after the other begin
 * on different processors. */
void pinning_init(struct pinning *pinning, const struct config_entry *config,
                  unsigned processors);

/* The processor of a vCPU: from the entry's `pin`, in order, or one after
 * the other. Where there are more vCPUs than processors, they share. */
unsigned pinning_vcpu(const struct pinning *pinning, unsigned index);

/* True if a vCPU may move to a processor without work: the entry has no
 * `pin`. */
bool pinning_may_move(const struct pinning *pinning);

/* The processor after that one, to which `pin roam` moves. */
unsigned pinning_next(const struct pinning *pinning, unsigned processor);

/* The processor of the VM's n-th task that is no vCPU: in turns, one that
 * none of the VM's vCPUs is on; where there is none, one of the vCPUs'. */
unsigned pinning_service(const struct pinning *pinning, unsigned index);
