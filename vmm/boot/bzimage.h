/* Linux' bzImage by the boot protocol (Linux, Documentation/arch/x86/boot.rst
 * and zero-page.rst): kernel, initrd, command line, boot_params, page tables
 * and GDT into guest memory. Kernels with a 64-bit entry begin there, others at
 * their 32-bit entry.
 *
 * Who calls it: vmm/boot/boot_protocol.c. */
#pragma once

#include "vmm/boot/boot_protocol.h"

const char *bzimage_load(const struct guest_memory *memory,
                         const struct boot_request *request,
                         struct boot_start *start);
