/* Text formatting: the part of printf that Lintel uses. Called by
 * kernel/base/log.c, kernel/base/panic.c and every file that builds a line of
 * text. Unit tests compile the same code.
 *
 * Conversions: %s %.*s %c %d %i %u %x %X %p %%. Lengths: hh, h, l, ll, z, j, t.
 * Flags: 0, -, #, + and space. Width and precision are digits or *. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

/* Writes the text to `buffer`, at most `size` bytes with the closing NUL.
 * Returns the length of the whole text without its NUL, even if it was cut.
 * With `size` 0 nothing is written. */
size_t format_vsn(char *buffer, size_t size, const char *format, va_list values)
    __attribute__((format(printf, 3, 0)));
size_t format_sn(char *buffer, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
