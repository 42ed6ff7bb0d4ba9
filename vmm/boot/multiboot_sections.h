/* An ELF kernel's sections as Multiboot wants them (Multiboot 0.6.96, 3.3,
 * syms; Multiboot2 2.0, 3.6.7). The table of section headers is part of the
 * information. Sections that no segment loads (symbols, strings, debugging) are
 * loaded as well, and their headers tell where.
 *
 * Who calls it: vmm/boot/multiboot.c and the two builders of the information */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vmm/boot/elf.h"

/* The contents of each section begin at a multiple of this. */
#define MULTIBOOT_CONTENTS_ALIGN 4096

/* Sets *size to the bytes of the sections that no segment loads, one after
 * the other, and returns NULL. Or returns start->wrong: not all of the
 * sections lie in the file. */
const char *multiboot_sections_judge(const struct elf *elf, uint64_t *size,
                                     struct boot_start *start);

static inline uint64_t multiboot_sections_size(const struct elf *elf)
{
    return (uint64_t)elf->section_count * elf->section_size;
}

/* Writes the table of headers, for contents at `address`. */
void multiboot_sections_put_headers(const struct elf *elf, uint32_t address,
                                    uint8_t *to);

/* Writes the contents, as many bytes as multiboot_sections_judge() counted. */
void multiboot_sections_put_contents(const struct elf *elf, uint8_t *to);
