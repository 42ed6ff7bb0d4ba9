/* Names between UTF-8, which Lintel uses, and the 16-bit characters of UEFI
 * (UCS-2, UEFI 2.10 section 2.3.1). Pure; called by arch/efi/efi_file.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A path for the firmware: '/' becomes '\', leading and doubled separators are
 * dropped. False: not UTF-8, a character beyond 16 bits, or longer than
 * `capacity` characters with the closing 0. */
bool ucs2_from_path(uint16_t *to, size_t capacity, const char *path);

/* A name of at most `length` characters (fewer if a 0 comes first). False: it
 * does not fit, or has half of a surrogate pair. */
bool ucs2_to_utf8(char *to, size_t capacity, const uint16_t *name,
                  size_t length);
