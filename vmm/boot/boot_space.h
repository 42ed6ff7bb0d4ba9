/* Where things go in guest memory before the guest runs: which bytes of it are
 * RAM by the memory map, and which of those something has taken. Every boot
 * protocol takes the room for kernel, initrd, modules, tables and stack through
 * it, so that nothing overlaps and nothing lies where the guest has no memory.
 *
 * Who calls it: the boot protocols (vmm/boot/boot_protocol.h),
 * vmm/boot/elf_load.c. Nothing here writes guest memory. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/memory/guest_memory.h"
#include "vmm/memory/memory_map.h"

/* Kernel segments, modules and tables of one guest. */
#define BOOT_SPACE_PIECES 128

#define BOOT_PAGE  0x1000ULL
#define BOOT_4_GIB MAP_HIGH_BASE

struct boot_space {
    const struct guest_memory *memory;
    const struct e820_entry *e820;
    size_t e820_count;

    /* By rising base; no two overlap. */
    struct {
        uint64_t base;
        uint64_t end;
    } taken[BOOT_SPACE_PIECES];
    size_t taken_count;
};

enum boot_space_answer {
    BOOT_SPACE_OK,      /* done: it is the caller's */
    BOOT_SPACE_NO_RAM,  /* some of it is not memory, or it wraps */
    BOOT_SPACE_HELD,    /* some of it is memory that the map does not call RAM:
                         * the last third of the first MiB */
    BOOT_SPACE_SCREEN,  /* some of it is the machine's screen */
    BOOT_SPACE_OVERLAP, /* some of it is taken already */
    BOOT_SPACE_FULL,    /* more than BOOT_SPACE_PIECES pieces */
};

void boot_space_init(struct boot_space *space,
                     const struct guest_memory *memory,
                     const struct e820_entry *e820, size_t e820_count);

/* Takes [base, base + size), `size` not 0. Unless it returns BOOT_SPACE_OK
 * nothing has changed. */
enum boot_space_answer boot_space_take(struct boot_space *space, uint64_t base,
                                       uint64_t size);

/* Why there is no room, as the end of a sentence: "lies where ...". */
const char *boot_space_refusal(enum boot_space_answer answer);

/* Takes `size` bytes somewhere in [from, to), at a multiple of `alignment` (a
 * power of two): the lowest room, or the highest. The first page is never
 * given: 0 is nobody's address. False: no room. */
bool boot_space_lowest(struct boot_space *space, uint64_t size,
                       uint64_t alignment, uint64_t from, uint64_t to,
                       uint64_t *base);
bool boot_space_highest(struct boot_space *space, uint64_t size,
                        uint64_t alignment, uint64_t from, uint64_t to,
                        uint64_t *base);

/* The bytes of room that was taken. */
uint8_t *boot_space_bytes(const struct guest_memory *memory, uint64_t base,
                          uint64_t size);
