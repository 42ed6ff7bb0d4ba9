/* The information that a Multiboot kernel gets (Multiboot Specification 0.6.96,
 * 3.3; Multiboot2 Specification 2.0, 3.6): its content as plain data, and the
 * structures of both versions, written into a buffer.
 *
 * Who calls it: vmm/boot/multiboot.c: first without a buffer, for the size,
 * then for the bytes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/memory/memory_map.h"

struct boot_screen;
struct elf;

#define MULTIBOOT_INFO_ALIGN 8

#define MULTIBOOT_RSDP_SIZE 36 /* bytes; the first 20 are ACPI 1.0's */

/* The command line of the kernel or of a module: a file's path, with either
 * kind of slashes, and the words that the user wrote behind it. NULL means
 * "". */
struct multiboot_line {
    const char *path;
    const char *options;
};

struct multiboot_module {
    uint32_t start;
    uint32_t end; /* the address behind the last byte */
    struct multiboot_line line;
};

struct multiboot_info {
    struct multiboot_line command_line;
    const struct e820_entry *e820;
    size_t e820_count;
    const struct multiboot_module *modules;
    size_t module_count;
    const struct elf *elf; /* NULL: the file is not ELF, or has no sections */
    uint32_t section_contents; /* the address of the sections that no segment
                                  holds */
    const uint8_t *rsdp;       /* MULTIBOOT_RSDP_SIZE bytes; NULL: no ACPI */
    const struct boot_screen *screen; /* NULL: none */
    bool relocatable;
    uint32_t load_base; /* used if the image is relocatable */
};

/* Both return the size of the structure for a place at `address`, and write
 * the bytes that fit into `room`. If `room` is 0, `to` may be NULL. */
uint64_t multiboot1_info_put(const struct multiboot_info *info,
                             uint32_t address, uint8_t *to, uint64_t room);
uint64_t multiboot2_info_put(const struct multiboot_info *info,
                             uint32_t address, uint8_t *to, uint64_t room);

/* ---- for the two builders (vmm/boot/multiboot_info.c) ---- */

#define MULTIBOOT_LOADER_NAME "Lintel"

/* KiB of RAM from 0 (at most 640), and from 1 MiB to the first hole. */
uint32_t multiboot_info_memory_lower(const struct multiboot_info *info);
uint32_t multiboot_info_memory_upper(const struct multiboot_info *info);

/* "PATH OPTIONS", the path with '/'. The first returns its length with the
 * NUL, the second writes it. */
uint64_t multiboot_line_length(const struct multiboot_line *line);
void multiboot_line_put(const struct multiboot_line *line, uint8_t *to);
