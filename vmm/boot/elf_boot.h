/* What PVH and plain ELF kernels are both started with: their segments, PVH's
 * boot information, a GDT, a stack, and in long mode page tables. A protocol
 * opens the file, judges it, has the room taken, and writes it all.
 *
 * Who calls it: vmm/boot/pvh.c, vmm/boot/elf_plain.c. */
#pragma once

#include <stdint.h>

#include "vmm/boot/boot_protocol.h"
#include "vmm/boot/boot_space.h"
#include "vmm/boot/boot_tables.h"
#include "vmm/boot/elf.h"
#include "vmm/boot/start_info.h"

struct elf_boot {
    /* The protocol's: set before elf_boot_open(). */
    const struct guest_memory *memory;
    const struct boot_request *request;
    struct boot_start *start;

    /* The protocol's: set before elf_boot_take(). */
    uint64_t bias; /* added to each segment's physical address */

    struct elf elf;
    struct boot_space space;
    struct start_info_layout info;
    struct boot_paging paging; /* in long mode */
    uint64_t stack;
    uint64_t stack_size;
};

/* Opens the kernel file. NULL, or the sentence of what is wrong. */
const char *elf_boot_open(struct elf_boot *boot);

/* Takes the room for all of it, with page tables if start->mode is BOOT_LONG,
 * and a stack of `stack_size` bytes. After elf_extent(). NULL, or the sentence
 * of what is wrong. */
const char *elf_boot_take(struct elf_boot *boot, uint64_t stack_size);

/* Takes room for `size` bytes more, on whole pages below 4 GiB. NULL, or the
 * sentence of what is wrong. */
const char *elf_boot_take_pages(struct elf_boot *boot, uint64_t size,
                                uint64_t *base);

/* The address behind the stack's last byte. */
static inline uint64_t elf_boot_stack_top(const struct elf_boot *boot)
{
    return boot->stack + boot->stack_size;
}

/* Writes it to the room that was taken; sets start's page tables. */
void elf_boot_put(const struct elf_boot *boot);
