/* A VM's RAM: ranges of guest-physical addresses that are host memory. The one
 * way from a gpa_t to a pointer. The guest may change what a pointer shows at
 * any moment: read each word once, with the functions below, check the copy,
 * use the copy.
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

/* [address, address + length) as host memory when it lies in one slot; NULL
 * when it does not, wraps, or is empty. */
void *guest_memory_range(const struct guest_memory *memory, gpa_t address,
                         uint64_t length);

/* Copies; the range may span slots that touch. False, and nothing is copied,
 * when any byte is outside RAM. */
bool guest_memory_read(const struct guest_memory *memory, gpa_t address,
                       void *to, uint64_t length);
bool guest_memory_write(const struct guest_memory *memory, gpa_t address,
                        const void *from, uint64_t length);

/* One naturally aligned 64-bit word, read exactly once (page-table entries).
 * False: not RAM, or not aligned. */
bool guest_memory_read64(const struct guest_memory *memory, gpa_t address,
                         uint64_t *value);

/* Sets bits in such a word atomically if it still holds `expected` (accessed
 * and dirty bits). False: not RAM, or the word has changed. */
bool guest_memory_update64(const struct guest_memory *memory, gpa_t address,
                           uint64_t expected, uint64_t desired);
