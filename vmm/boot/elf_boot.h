/* What PVH and plain ELF kernels are both started with: their segments, PVH's
 * boot information, a GDT, a stack, and in long mode page tables. A protocol
 * opens the file, judges it, has the room taken, and has everything written.
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
    /* The protocol sets these before elf_boot_open(). */
    const struct guest_memory *memory;
    const struct boot_request *request;
    struct boot_start *start;

    /* The protocol sets these before elf_boot_take(). */
    uint64_t bias; /* added to each segment's physical address */

    struct elf elf;
    struct boot_space space;
    struct start_info_layout info;
    struct boot_paging paging; /* used in long mode */
    uint64_t stack;
    uint64_t stack_size;
};

/* Opens the kernel file. NULL, or a sentence that says what is wrong. */
const char *elf_boot_open(struct elf_boot *boot);

/* Takes the room for everything: with page tables if start->mode is
 * BOOT_LONG, and with a stack of `stack_size` bytes. Call elf_extent()
 * first. NULL, or a sentence that says what is wrong. */
const char *elf_boot_take(struct elf_boot *boot, uint64_t stack_size);

/* Takes room for `size` bytes more, on whole pages below 4 GiB. NULL, or a
 * sentence that says what is wrong. */
const char *elf_boot_take_pages(struct elf_boot *boot, uint64_t size,
                                uint64_t *base);

/* The address behind the stack's last byte. */
static inline uint64_t elf_boot_stack_top(const struct elf_boot *boot)
{
    return boot->stack + boot->stack_size;
}

/* Writes everything to the room that was taken, and sets the page tables of
 * `start`. */
void elf_boot_put(const struct elf_boot *boot);
