/* The BIOS data area at 0x400: words that kernels read although no BIOS runs
 * here. Xen takes the end of low memory from it, others the serial port.
 *
 * Who calls it: vmm/vm/vm.c, before the kernel is loaded. */
#pragma once

#include "vmm/memory/guest_memory.h"

void bios_data_put(const struct guest_memory *memory);
