/* The boot information of PVH kernels (Xen, public/arch-x86/hvm/ start_info.h,
 * version 1), which plain ELF kernels get, too: command line, modules, memory
 * map, RSDP. The initrd is the first module; the files of `module` lines
 * follow.
 *
 * Who calls it: vmm/boot/elf_boot.c. */
#pragma once

#include <stdint.h>

#include "vmm/boot/boot_protocol.h"
#include "vmm/boot/boot_space.h"

/* hvm_start_info, hvm_modlist_entry and hvm_memmap_table_entry. */
struct start_info {
    uint32_t magic;
    uint32_t version;
    uint32_t flags;
    uint32_t module_count;
    uint64_t modules;
    uint64_t command_line;
    uint64_t rsdp;
    uint64_t map;
    uint32_t map_count;
    uint32_t reserved;
};
_Static_assert(sizeof(struct start_info) == 56, "start_info.h");

struct start_info_module {
    uint64_t address;
    uint64_t size;
    uint64_t command_line; /* 0: none */
    uint64_t reserved;
};
_Static_assert(sizeof(struct start_info_module) == 32, "start_info.h");

struct start_info_map {
    uint64_t address;
    uint64_t size;
    uint32_t type; /* types as in e820 */
    uint32_t reserved;
};
_Static_assert(sizeof(struct start_info_map) == 24, "start_info.h");

#define START_INFO_MAGIC   0x336ec578
#define START_INFO_VERSION 1
#define START_INFO_MODULES 16 /* at most, with the initrd */

struct start_info_layout {
    uint64_t base; /* the structure, with its tables and strings */
    uint64_t size;
    uint64_t command_line;
    uint64_t module[START_INFO_MODULES];
};

/* Takes room for everything below 4 GiB, and sets the initrd of `start`.
 * NULL, or a sentence that says what is wrong. */
const char *start_info_take(struct boot_space *space,
                            const struct boot_request *request,
                            struct start_info_layout *layout,
                            struct boot_start *start);

void start_info_put(const struct guest_memory *memory,
                    const struct boot_request *request,
                    const struct start_info_layout *layout,
                    const struct boot_start *start);
