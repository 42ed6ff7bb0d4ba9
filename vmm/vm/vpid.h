/* VPIDs: each virtual processor that exists has its own, whichever machine it
 * belongs to, so that flushing one's translations costs no other its own.
 * SDM 3C 29.1.
 *
 * Who calls it: vmm/vm/vm_vcpus.c. */
#pragma once

#include <stdint.h>

/* Of all machines together; 0 is the host's. */
#define VPIDS 1024

/* One that nobody has; 0: all are taken. */
uint16_t vpid_take(void);
void vpid_give(uint16_t vpid);
