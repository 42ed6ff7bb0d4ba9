/* Which processors of the machine a VM's tasks run on.
 *
 * Who calls it: vmm/vm/vm.c when a VM is built, vmm/vm/vm_run.c and
 * vmm/vm/vcpu.c for each task of it. */
#pragma once

#include <stdbool.h>

#include "vmm/config/config.h"

struct pinning {
    unsigned processors; /* that the machine has */
    unsigned vcpus;
    unsigned first; /* without `pin`: vCPU 0's */
    const struct config_entry *config;
};

/* The entry's `pin` names processors below `processors` (vmm/plan/check.c sees
 * to it). VMs that are made one after the other begin on different ones. */
void pinning_init(struct pinning *pinning, const struct config_entry *config,
                  unsigned processors);

/* The processor of a vCPU: the entry's `pin` in its order, or the next one
 * each. Where there are more vCPUs than processors they share. */
unsigned pinning_vcpu(const struct pinning *pinning, unsigned index);

/* Without a `pin` a vCPU may move where there is nothing to do. */
bool pinning_may_move(const struct pinning *pinning);

/* The processor after that one, where `pin roam` goes next. */
unsigned pinning_next(const struct pinning *pinning, unsigned processor);

/* Of the VM's n-th other task: a processor that none of its vCPUs is on, in
 * turns; where there is none, any that they are on. */
unsigned pinning_service(const struct pinning *pinning, unsigned index);
