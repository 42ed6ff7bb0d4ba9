/* A directory in the place of the ESP: where arch/efi/efi_file.h's functions
 * read in the program of test/check/.
 *
 * Who calls it: test/check/check.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What the product has from the firmware is here the directory. */
struct efi_boot {
    const char *root;
};

/* The host's path of `path` on the ESP, letters of either case being the same,
 * as on FAT. Where there is no such file: what it would be. */
bool directory_find(const struct efi_boot *boot, const char *path, char *found,
                    size_t size);

/* The host's path of the file whose contents are at `address`, once read. */
const char *directory_file_at(const void *address);
