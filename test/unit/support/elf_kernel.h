/* Synthetic ELF kernels for the loaders' unit tests and fuzz target. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "test/unit/support/elf_write.h"

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

static inline void kernel_make(uint8_t *file, bool is_64, bool pvh)
{
    const uint64_t linked = (is_64 ? KERNEL_HALF : 0) + KERNEL_BASE;
    const uint64_t notes = is_64 ? 0x48 : 0x44;
    const Elf64_Phdr segments[] = {
        {PT_LOAD, 5, KERNEL_CODE, linked, KERNEL_BASE, 0x200, 0x200, 0x1000},
        {PT_NOTE, 4, KERNEL_NOTES, 0, 0, notes, notes, 4},
        {PT_LOAD, 6, KERNEL_DATA, linked + 0x1000, KERNEL_BASE + 0x1000, 0x100,
         0x2345, 0x1000},
    };

    memset(file, 0x90, KERNEL_SIZE);
    elf_write(file, is_64, linked + (is_64 ? 0x20 : 0), segments, 3);
    kernel_notes(file + KERNEL_NOTES, is_64, pvh);
}
