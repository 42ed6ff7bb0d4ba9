/* The BIOS data area at 0x400. Kernels read some of its words although no BIOS
 * has run: Xen reads the end of low memory, others the serial port.
 *
 * Who calls it: vmm/vm/vm.c, before the kernel is loaded. */
#pragma once

#include "vmm/memory/guest_memory.h"

/* Writes those words into the guest's memory. */
void bios_data_put(const struct guest_memory *memory);
