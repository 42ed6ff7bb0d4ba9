/* A buffer that is written from front to back and never beyond its end. Bytes
 * that do not fit are counted and not written, so the same code first finds the
 * size and then writes.
 *
 * Who calls it: vmm/boot/multiboot1_info.c, vmm/boot/multiboot2_info.c. */
#pragma once

#include <stdint.h>

#include "kernel/base/string.h"

struct multiboot_writer {
    uint8_t *to;
    uint64_t room;
    uint64_t used;
};

static inline void multiboot_set(struct multiboot_writer *writer, uint64_t at,
                                 const void *from, uint64_t length)
{
    if (at <= writer->room && length <= writer->room - at && length != 0) {
        memcpy(writer->to + at, from, length);
    }
}

static inline void multiboot_set32(struct multiboot_writer *writer, uint64_t at,
                                   uint64_t value)
{
    uint32_t word = (uint32_t)value;

    multiboot_set(writer, at, &word, sizeof(word));
}

static inline void multiboot_set64(struct multiboot_writer *writer, uint64_t at,
                                   uint64_t value)
{
    multiboot_set(writer, at, &value, sizeof(value));
}

/* Takes zeroed room for `length` bytes at a multiple of `align`, and returns
 * its offset. */
static inline uint64_t multiboot_take(struct multiboot_writer *writer,
                                      uint64_t length, uint64_t align)
{
    uint64_t at = (writer->used + align - 1) & ~(align - 1);
    uint64_t end = at + length;

    if (end <= writer->room && end != writer->used) {
        memset(writer->to + writer->used, 0, end - writer->used);
    }
    writer->used = end;
    return at;
}

/* The `length` bytes at offset `at`, for the caller to fill. NULL: they do
 * not fit. */
static inline uint8_t *multiboot_room_at(const struct multiboot_writer *writer,
                                         uint64_t at, uint64_t length)
{
    if (at > writer->room || length > writer->room - at) {
        return NULL;
    }
    return writer->to + at;
}
