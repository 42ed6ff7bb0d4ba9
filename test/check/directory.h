/* A directory in place of the ESP. directory.c implements the functions of
 * arch/efi/efi_file.h on it.
 *
 * Who calls it: test/check/check.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Lintel has the firmware's services here; lintel-check has a directory. */
struct efi_boot {
    const char *root;
};

/* Finds the host's path of `path`, a path on the ESP. As on FAT, the case of
 * letters does not matter. False: there is no such file; `found` is then the
 * path that it would have. */
bool directory_find(const struct efi_boot *boot, const char *path, char *found,
                    size_t size);

/* The host's path of the file that efi_read_file() has mapped at `address`. */
const char *directory_file_at(const void *address);
