/* memcpy and its relatives, as ISO C 7.24 defines them. Called by every room,
 * and by code that the compiler makes out of assignments.
 * kernel/base/objects.mk keeps the compiler from turning these loops into calls
 * of themselves.
 *
 * Copies move 8 bytes at a time where they can. Processors with fast string
 * operations move single bytes as fast; other processors and emulators take a
 * step for each. */
#define STRING_IMPLEMENTATION
#include "kernel/base/string.h"

#include <stdint.h>

#include "arch/rep.h"

/* In bytes. Below this length a plain loop is faster than starting REP. */
#define REP_WORTHWHILE 64

/* Eight bytes of any type, at any alignment. */
typedef uint64_t __attribute__((may_alias, aligned(1))) word;

static void copy_up(uint8_t *to, const uint8_t *from, size_t length)
{
    if (length >= REP_WORTHWHILE) {
        size_t quadwords = length / 8;

        rep_movsq(to, from, quadwords);
        to += quadwords * 8;
        from += quadwords * 8;
        length %= 8;
    }
    while (length >= 8) {
        *(word *)to = *(const word *)from;
        to += 8;
        from += 8;
        length -= 8;
    }
    for (size_t i = 0; i < length; i++) {
        to[i] = from[i];
    }
}

void *memcpy(void *restrict to, const void *restrict from, size_t length)
{
    copy_up(to, from, length);
    return to;
}

void *memmove(void *to, const void *from, size_t length)
{
    uint8_t *destination = to;
    const uint8_t *source = from;

    /* Copying upwards overwrites bytes not yet read only if `to` lies inside
     * the source, where the first unsigned distance is below `length`.
     * copy_up() reads eight bytes at once, so `to` must not lie in the eight
     * bytes below `from` either. */
    if ((uintptr_t)to - (uintptr_t)from >= length &&
        (uintptr_t)from - (uintptr_t)to >= 8) {
        copy_up(destination, source, length);
    } else if ((uintptr_t)to < (uintptr_t)from) {
        for (size_t i = 0; i < length; i++) {
            destination[i] = source[i];
        }
    } else {
        for (size_t i = length; i > 0; i--) {
            destination[i - 1] = source[i - 1];
        }
    }
    return to;
}

void *memset(void *to, int byte, size_t length)
{
    uint8_t *at = to;

    if (length >= REP_WORTHWHILE) {
        size_t quadwords = length / 8;

        rep_stosq(at, (uint8_t)byte * 0x0101010101010101ULL, quadwords);
        at += quadwords * 8;
        length %= 8;
    }
    for (size_t i = 0; i < length; i++) {
        at[i] = (uint8_t)byte;
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t length)
{
    const uint8_t *left = a;
    const uint8_t *right = b;

    for (size_t i = 0; i < length; i++) {
        if (left[i] != right[i]) {
            return left[i] < right[i] ? -1 : 1;
        }
    }
    return 0;
}

size_t strlen(const char *string)
{
    size_t length = 0;

    while (string[length] != '\0') {
        length++;
    }
    return length;
}

size_t strnlen(const char *string, size_t limit)
{
    size_t length = 0;

    while (length < limit && string[length] != '\0') {
        length++;
    }
    return length;
}

int strncmp(const char *a, const char *b, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        uint8_t left = (uint8_t)a[i];
        uint8_t right = (uint8_t)b[i];

        if (left != right) {
            return left < right ? -1 : 1;
        }
        if (left == '\0') {
            break;
        }
    }
    return 0;
}

int strcmp(const char *a, const char *b)
{
    return strncmp(a, b, SIZE_MAX);
}

char *strchr(const char *string, int character)
{
    for (;; string++) {
        if (*string == (char)character) {
            /* ISO C 7.24.5.2 takes a const string and returns a plain pointer,
             * so the cast drops `const`. */
            return (char *)(uintptr_t)string;
        }
        if (*string == '\0') {
            return NULL;
        }
    }
}
