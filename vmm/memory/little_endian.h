/* Reads and writes the words of files and tables at any alignment. The files,
 * the tables and x86 are little-endian. */
#pragma once

#include <stdint.h>

#include "kernel/base/string.h"

static inline uint16_t get16(const uint8_t *from)
{
    uint16_t value;

    memcpy(&value, from, sizeof(value));
    return value;
}

static inline uint32_t get32(const uint8_t *from)
{
    uint32_t value;

    memcpy(&value, from, sizeof(value));
    return value;
}

static inline uint64_t get64(const uint8_t *from)
{
    uint64_t value;

    memcpy(&value, from, sizeof(value));
    return value;
}

static inline void put16(uint8_t *to, uint64_t value)
{
    uint16_t word = (uint16_t)value;

    memcpy(to, &word, sizeof(word));
}

static inline void put32(uint8_t *to, uint64_t value)
{
    uint32_t word = (uint32_t)value;

    memcpy(to, &word, sizeof(word));
}

static inline void put64(uint8_t *to, uint64_t value)
{
    memcpy(to, &value, sizeof(value));
}

/* Rounds `value` up to a multiple of `alignment`, a power of two. The caller
 * makes sure that the result does not wrap. */
static inline uint64_t align_up(uint64_t value, uint64_t alignment)
{
    return (value + alignment - 1) & ~(alignment - 1);
}
