/* Descriptor and page tables that a kernel is started with, placed in guest
 * memory like everything else.
 *
 * Who calls it: the boot protocols. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vmm/boot/boot_protocol.h"
#include "vmm/boot/boot_space.h"

/* The selectors of every GDT here: flat 32-bit or 64-bit code, flat data. They
 * are the ones that Linux wants (boot.rst: __BOOT_CS, __BOOT_DS). */
#define BOOT_CODE 0x10
#define BOOT_DATA 0x18

#define BOOT_GDT_SIZE 32

/* Takes room below 4 GiB for a GDT; sets start's selectors and GDTR. */
bool boot_gdt_take(struct boot_space *space, struct boot_start *start);
/* Writes it, for start's mode. */
void boot_gdt_put(const struct guest_memory *memory,
                  const struct boot_start *start);

/* Page tables that map [0, end) onto itself, readable, writable, executable, in
 * the largest pages there are (SDM 3A 4.5). */
struct boot_paging {
    uint64_t base;
    uint64_t size;
    uint64_t end;
    bool gib_pages;
};

/* `end` is rounded up; at most 512 GiB a page of tables is used for 1 GiB
 * pages, one a GiB more for 2 MiB pages. False: no room below 4 GiB. */
bool boot_paging_take(struct boot_space *space, uint64_t end, bool gib_pages,
                      struct boot_paging *paging);
void boot_paging_put(const struct guest_memory *memory,
                     const struct boot_paging *paging);
