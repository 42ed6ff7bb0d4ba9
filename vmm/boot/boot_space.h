/* Places in guest memory before the guest runs: which bytes are RAM by the
 * memory map, and which of them are taken. Every boot protocol takes the room
 * for kernel, initrd, modules, tables and stack here, so that nothing overlaps
 * and everything lies in memory.
 *
 * Who calls it: the boot protocols (vmm/boot/boot_protocol.h),
 * vmm/boot/elf_load.c. Nothing here writes guest memory. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/memory/guest_memory.h"
#include "vmm/memory/memory_map.h"

/* Pieces for the kernel's segments, modules and tables of one guest. */
#define BOOT_SPACE_PIECES 128

#define BOOT_PAGE  0x1000ULL
#define BOOT_4_GIB MAP_HIGH_BASE

struct boot_space {
    const struct guest_memory *memory;
    const struct e820_entry *e820;
    size_t e820_count;

    /* Sorted by base; no two pieces overlap. */
    struct {
        uint64_t base;
        uint64_t end;
    } taken[BOOT_SPACE_PIECES];
    size_t taken_count;
};

enum boot_space_answer {
    BOOT_SPACE_OK,     /* the room is the caller's */
    BOOT_SPACE_NO_RAM, /* some of it is not memory, or the range wraps */
    BOOT_SPACE_HELD, /* some of it is memory that the map does not call RAM: it
                        lies in the last third of the first MiB */
    BOOT_SPACE_SCREEN,  /* some of it is the machine's screen */
    BOOT_SPACE_OVERLAP, /* some of it is taken already */
    BOOT_SPACE_FULL,    /* more than BOOT_SPACE_PIECES pieces */
};

void boot_space_init(struct boot_space *space,
                     const struct guest_memory *memory,
                     const struct e820_entry *e820, size_t e820_count);

/* Takes [base, base + size); `size` is not 0. Unless it returns
 * BOOT_SPACE_OK, nothing has changed. */
enum boot_space_answer boot_space_take(struct boot_space *space, uint64_t base,
                                       uint64_t size);

/* The reason why there is no room, as the end of a sentence: "lies where
 * ...". */
const char *boot_space_refusal(enum boot_space_answer answer);

/* Take `size` bytes in [from, to), at a multiple of `alignment` (a power of
 * two): the lowest or the highest room. The first page is never given, so
 * that 0 is no valid address. False: there is no room. */
bool boot_space_lowest(struct boot_space *space, uint64_t size,
                       uint64_t alignment, uint64_t from, uint64_t to,
                       uint64_t *base);
bool boot_space_highest(struct boot_space *space, uint64_t size,
                        uint64_t alignment, uint64_t from, uint64_t to,
                        uint64_t *base);

/* The host's view of room that was taken. */
uint8_t *boot_space_bytes(const struct guest_memory *memory, uint64_t base,
                          uint64_t size);
