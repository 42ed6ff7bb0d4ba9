/* An ELF file with sections of every kind, for the tests of what Multiboot does
 * with them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "test/unit/support/elf_write.h"
#include "vmm/boot/boot_protocol.h"
#include "vmm/boot/elf.h"

#define RIG_SECTIONS 11
#define RIG_TABLE    0x1000 /* where their headers stand in the file */
extern const Elf64_Shdr rig_sections[RIG_SECTIONS];

struct multiboot_sections_rig {
    uint8_t file[0x2000];
    struct elf elf; /* what was read of it */
    uint64_t bytes; /* of sections that are loaded for Multiboot alone */
    struct boot_start start;
    const char *why;
};

extern struct multiboot_sections_rig rig;

void rig_make_elf(bool is_64);

/* Reads the file's first `size` bytes. False: `why` says what is wrong. */
bool rig_read(uint64_t size);

/* The address of a section in a table of headers. */
uint64_t rig_address_in(const uint8_t *headers, bool is_64, size_t index);
