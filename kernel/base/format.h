/* Text formatting: the part of printf that Lintel uses. Called by
 * kernel/base/log.c, kernel/base/panic.c and whoever builds a line; in host
 * tests it is the same code.
 *
 * Conversions: %s %.*s %c %d %i %u %x %X %p %%; lengths hh, h, l, ll, z, j, t;
 * flags 0, -, #, + and space; width and precision as digits or *. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

/* Writes at most `size` bytes, the closing NUL included; returns the length
 * the whole text would have had. `size` 0 writes nothing. */
size_t format_vsn(char *buffer, size_t size, const char *format, va_list values)
    __attribute__((format(printf, 3, 0)));
size_t format_sn(char *buffer, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
