/* VPIDs. Each virtual processor that exists has its own, in all machines
 * together, so that flushing the translations of one leaves those of the
 * others. SDM 3C 29.1.
 *
 * Who calls it: vmm/vm/vm_vcpus.c. */
#pragma once

#include <stdint.h>

/* The number of VPIDs for all machines together; 0 is the host's. */
#define VPIDS 1024

/* Takes a free VPID. 0: all are taken. */
uint16_t vpid_take(void);
void vpid_give(uint16_t vpid);
