/* Kernels by Multiboot 1 and Multiboot 2 (Multiboot Specification 0.6.96;
 * Multiboot2 Specification 2.0), ELF32, ELF64, and flat by address fields:
 * started in 32-bit protected mode without paging, EAX a magic number, EBX the
 * information.
 *
 * Where the specifications leave it open, as GRUB or QEMU do:
 * - The command line begins with the image's path, a module's string with the
 *   module's (as QEMU and GRUB Legacy; GRUB 2 leaves them out).
 * - Modules are the initrd lines' files, then the module lines'; each begins a
 *   page whether it was asked for or not, behind the kernel.
 * - There is no screen. One that is asked for is not given, and the kernel is
 *   started all the same; only Multiboot 2's console flag demands one.
 * - ELF sections that no segment loads are loaded, too; the others keep the
 *   addresses they were linked at, even in a relocated image.
 * - The information is in the first 640 KiB if it fits there; there are a GDT
 *   and a page of stack, although no kernel may count on them.
 *
 * Who calls it: vmm/boot_protocol.c's table. Read next: vmm/multiboot.c. */
#pragma once

#include "vmm/boot_protocol.h"

extern const struct boot_protocol multiboot1_protocol;
extern const struct boot_protocol multiboot2_protocol;
