/* Synthetic ELF kernels for the loaders' unit tests and fuzz target, made with
 * the system's <elf.h>, the second opinion on every offset. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <elf.h>

#define KERNEL_SIZE  0x600
#define KERNEL_NOTES 0x180
#define KERNEL_CODE  0x200 /* 0x200 bytes, then 0x100 of data */
#define KERNEL_DATA  0x400
#define KERNEL_BASE  0x200000
#define KERNEL_HALF  0xffffffff80000000ULL

/* Two segments (text; data with bss), and a note segment with three notes, the
 * second of which is PVH's if `pvh`. */
static inline void kernel_notes(uint8_t *to, bool is_64, bool pvh)
{
    uint32_t words[] = {
        4,
        3,
        1,
        0x636261,
        0x030201, /* "abc" */
        4,
        is_64 ? 8 : 4,
        18,
        pvh ? 0x6e6558 : 0x6e6559, /* "Xen" */
        KERNEL_BASE + 0x10,
    };

    memcpy(to, words, sizeof(words));
    to += sizeof(words);
    if (is_64) {
        memset(to, 0, 4);
        to += 4;
    }

    uint32_t last[] = {4, 5, 6, 0x6e6558, 0x796e6974, 0x61}; /* "tinya" */

    memcpy(to, last, sizeof(last));
}

static inline void kernel_make_64(uint8_t *file, bool pvh)
{
    Elf64_Ehdr header = {
        .e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_EXEC,
        .e_machine = EM_X86_64,
        .e_version = EV_CURRENT,
        .e_entry = KERNEL_HALF + KERNEL_BASE + 0x20,
        .e_phoff = sizeof(Elf64_Ehdr),
        .e_ehsize = sizeof(Elf64_Ehdr),
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = 3,
    };
    Elf64_Phdr segments[] = {
        {PT_LOAD, 5, KERNEL_CODE, KERNEL_HALF + KERNEL_BASE, KERNEL_BASE, 0x200,
         0x200, 0x1000},
        {PT_NOTE, 4, KERNEL_NOTES, 0, 0, 0x48, 0x48, 4},
        {PT_LOAD, 6, KERNEL_DATA, KERNEL_HALF + KERNEL_BASE + 0x1000,
         KERNEL_BASE + 0x1000, 0x100, 0x2345, 0x1000},
    };

    memset(file, 0x90, KERNEL_SIZE);
    memcpy(file, &header, sizeof(header));
    memcpy(file + sizeof(header), segments, sizeof(segments));
    kernel_notes(file + KERNEL_NOTES, true, pvh);
}

static inline void kernel_make_32(uint8_t *file, bool pvh)
{
    Elf32_Ehdr header = {
        .e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_EXEC,
        .e_machine = EM_386,
        .e_version = EV_CURRENT,
        .e_entry = KERNEL_BASE,
        .e_phoff = sizeof(Elf32_Ehdr),
        .e_ehsize = sizeof(Elf32_Ehdr),
        .e_phentsize = sizeof(Elf32_Phdr),
        .e_phnum = 3,
    };
    Elf32_Phdr segments[] = {
        {PT_LOAD, KERNEL_CODE, KERNEL_BASE, KERNEL_BASE, 0x200, 0x200, 5,
         0x1000},
        {PT_NOTE, KERNEL_NOTES, 0, 0, 0x44, 0x44, 4, 4},
        {PT_LOAD, KERNEL_DATA, KERNEL_BASE + 0x1000, KERNEL_BASE + 0x1000,
         0x100, 0x2345, 6, 0x1000},
    };

    memset(file, 0x90, KERNEL_SIZE);
    memcpy(file, &header, sizeof(header));
    memcpy(file + sizeof(header), segments, sizeof(segments));
    kernel_notes(file + KERNEL_NOTES, false, pvh);
}
