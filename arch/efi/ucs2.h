/* Names between UTF-8, which Lintel uses, and the 16-bit characters of UEFI
 * (UCS-2, UEFI 2.10 section 2.3.1). Pure. arch/efi/efi_file.c calls it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Makes a path for the firmware: '/' becomes '\', leading and doubled
 * separators are dropped. False: the text is not UTF-8, has a character of
 * more than 16 bits, or is longer than `capacity` characters with the
 * closing 0. */
bool ucs2_from_path(uint16_t *to, size_t capacity, const char *path);

/* Makes UTF-8 of a name of at most `length` characters; a 0 ends it earlier.
 * False: it does not fit, or has half of a surrogate pair. */
bool ucs2_to_utf8(char *to, size_t capacity, const uint16_t *name,
                  size_t length);
