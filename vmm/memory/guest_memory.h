/* A VM's RAM: ranges of guest-physical addresses that are host memory. This is
 * the only way from a gpa_t to a pointer. The guest may change the memory
 * behind a pointer at any moment. So code reads each word once, with the
 * functions below, checks the copy, and uses the copy.
 *
 * Who calls it: everything in vmm/ that touches guest memory; virtio/ through
 * env_guest_range(). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "virtio/env.h"

#define GUEST_MEMORY_SLOTS 4

struct guest_memory_slot {
    uint64_t base; /* guest-physical */
    uint64_t size; /* bytes, a multiple of 4 KiB */
    uint8_t *host;
};

struct guest_memory {
    struct guest_memory_slot slots[GUEST_MEMORY_SLOTS]; /* by rising base */
    size_t slot_count;
};

static inline gpa_t gpa(uint64_t value)
{
    return (gpa_t){value};
}

/* The host memory of [address, address + length). NULL: the range does not lie
 * in one slot, wraps, or is empty. */
void *guest_memory_range(const struct guest_memory *memory, gpa_t address,
                         uint64_t length);

/* Copy between guest memory and the caller's. The range may span slots that
 * touch. False: a byte of it is not RAM, and nothing is copied. */
bool guest_memory_read(const struct guest_memory *memory, gpa_t address,
                       void *to, uint64_t length);
bool guest_memory_write(const struct guest_memory *memory, gpa_t address,
                        const void *from, uint64_t length);

/* Reads one naturally aligned 64-bit word exactly once (page-table entries).
 * False: the word is not RAM or not aligned. */
bool guest_memory_read64(const struct guest_memory *memory, gpa_t address,
                         uint64_t *value);

/* Atomically replaces such a word by `desired`, if it still is `expected`
 * (accessed and dirty bits). False: the word is not RAM, is not aligned, or has
 * changed. */
bool guest_memory_update64(const struct guest_memory *memory, gpa_t address,
                           uint64_t expected, uint64_t desired);
