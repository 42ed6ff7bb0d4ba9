/* Linux' bzImage by the 64-bit boot protocol (Linux, Documentation/arch/x86/
 * boot.rst and zero-page.rst): kernel, initrd, command line, boot_params, page
 * tables and GDT into guest memory, then the boot processor's registers.
 *
 * Who calls it: vmm/vm.c, for a kernel file that bzimage_recognise() knows.
 * The file is hostile: every header field is checked before it is used. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/guest_memory.h"
#include "vmm/memory_map.h"

struct guest;

struct bzimage_piece {
    const void *bytes;
    uint64_t size;
};

/* Everything here is the caller's and is only read. */
struct bzimage_request {
    const void *kernel;
    uint64_t kernel_size;
    const struct bzimage_piece *initrd; /* one after the other in memory */
    size_t initrd_count;
    const char *command_line;
    const struct e820_entry *e820;
    size_t e820_count;
    gpa_t rsdp; /* 0: the guest has no ACPI */
};

#define BZIMAGE_VERSION 80

/* Where things went: the entry state, and what the log tells. */
struct bzimage_start {
    gpa_t rip;
    gpa_t boot_params; /* RSI */
    gpa_t page_tables; /* CR3 */
    gpa_t gdt;
    uint16_t gdt_limit;
    gpa_t stack; /* RSP: a page of stack below it */

    gpa_t kernel; /* load address */
    gpa_t initrd;
    uint64_t initrd_size;          /* 0: none */
    char version[BZIMAGE_VERSION]; /* the kernel's own, printable; or "" */
};

/* Has the file a setup header ("HdrS")? */
bool bzimage_recognise(const void *kernel, uint64_t size);

/* Writes everything the kernel needs into `memory`. NULL and *start filled; or
 * the sentence of what is wrong, then `memory` is not fit to run. */
const char *bzimage_load(const struct guest_memory *memory,
                         const struct bzimage_request *request,
                         struct bzimage_start *start);

/* The boot processor's registers at the 64-bit entry. Its general registers
 * other than RSI and RSP become 0. */
void bzimage_set_registers(struct guest *guest,
                           const struct bzimage_start *start);
