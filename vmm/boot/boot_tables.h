/* The descriptor and page tables with which a kernel is started. They lie in
 * guest memory.
 *
 * Who calls it: the boot protocols. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vmm/boot/boot_protocol.h"
#include "vmm/boot/boot_space.h"

/* The selectors of every GDT here: flat 32-bit or 64-bit code, and flat
 * data. Linux asks for these numbers (boot.rst: __BOOT_CS, __BOOT_DS). */
#define BOOT_CODE 0x10
#define BOOT_DATA 0x18

#define BOOT_GDT_SIZE 32

/* Takes room below 4 GiB for a GDT, and sets the selectors and GDTR of
 * `start`. */
bool boot_gdt_take(struct boot_space *space, struct boot_start *start);
/* Writes the GDT for the mode of `start`. */
void boot_gdt_put(const struct guest_memory *memory,
                  const struct boot_start *start);

/* Page tables that map [0, end) onto itself, readable, writable and
 * executable, in the largest pages that the processor has (SDM 3A 4.5). */
struct boot_paging {
    uint64_t base;
    uint64_t size;
    uint64_t end;
    bool gib_pages;
};

/* Takes room for page tables. `end` is rounded up. With 1 GiB pages, a page
 * of tables maps up to 512 GiB; with 2 MiB pages, each GiB needs one more.
 * False: there is no room below 4 GiB. */
bool boot_paging_take(struct boot_space *space, uint64_t end, bool gib_pages,
                      struct boot_paging *paging);
void boot_paging_put(const struct guest_memory *memory,
                     const struct boot_paging *paging);
