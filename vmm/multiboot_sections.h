/* An ELF kernel's sections as Multiboot wants them: the table of headers is
 * part of the information, and sections that no segment loads (symbols,
 * strings, debugging) are loaded as well, their headers telling where
 * (Multiboot 0.6.96, 3.3, syms; Multiboot2 2.0, 3.6.7).
 *
 * Who calls it: vmm/multiboot.c and the two builders of the information. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vmm/multiboot_header.h"

struct multiboot_sections {
    const uint8_t *file;
    bool is64;
    uint64_t table; /* in the file */
    uint32_t count;
    uint32_t entry_size;
    uint32_t names;         /* the index of the section with the names */
    uint64_t content_bytes; /* of the sections that no segment loads */
};

/* Contents begin at a multiple of this. */
#define MULTIBOOT_CONTENTS_ALIGN 4096

/* Fills *sections from an ELF file that vmm/elf.c has taken; count 0: it has
 * none. False: the table or a section is not in the file. */
bool multiboot_sections_read(const uint8_t *file, uint64_t size,
                             struct multiboot_sections *sections,
                             char why[BOOT_WRONG]);

static inline uint64_t
multiboot_sections_size(const struct multiboot_sections *sections)
{
    return (uint64_t)sections->count * sections->entry_size;
}

/* The table, for contents at `address`. */
void multiboot_sections_put_headers(const struct multiboot_sections *sections,
                                    uint32_t address, uint8_t *to);

/* The contents, content_bytes of them. */
void multiboot_sections_put_contents(const struct multiboot_sections *sections,
                                     uint8_t *to);
