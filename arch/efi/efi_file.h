/* Files of the volume that Lintel was loaded from. Paths are UTF-8, from its
 * root; / and \ both separate.
 *
 * Who calls it: vmm/load_config.c and vmm/load_files.c, before efi_exit().
 * There it is arch/efi/efi_file.c that reads, by the firmware; in the program
 * that checks a stick on another machine it is test/check/directory.c. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct efi_boot;

enum efi_result {
    EFI_RESULT_OK,
    EFI_RESULT_ABSENT,    /* no such file or directory */
    EFI_RESULT_DIRECTORY, /* a directory, where a file was asked for */
    EFI_RESULT_FILE,      /* a file, where a directory was asked for */
    EFI_RESULT_NO_MEMORY, /* it does not fit */
    EFI_RESULT_FAILED,    /* the medium or the firmware failed */
};

/* What follows a path and a colon: "there is no such file". */
const char *efi_result_text(enum efi_result result);

/* Contents in pages of their own, which stay ours after efi_exit(). At least
 * one zero byte follows the contents. */
struct efi_file {
    uint8_t *data; /* page aligned */
    uint64_t size; /* bytes of the file */
};

/* Called after each chunk. */
typedef void (*efi_progress)(void *argument, uint64_t done, uint64_t total);

/* The whole file; `progress` may be NULL. On failure nothing is held. */
enum efi_result efi_read_file(struct efi_boot *boot, const char *path,
                              struct efi_file *file, efi_progress progress,
                              void *argument);

/* Zeroed memory of our own that lives as long as Lintel; NULL: none left. */
void *efi_alloc(struct efi_boot *boot, size_t bytes);

/* Calls `each` for every plain file of the directory whose name ends in
 * `suffix` (letter case does not matter, as FAT has it), in no order. */
typedef void (*efi_name)(void *argument, const char *name);
enum efi_result efi_list_files(struct efi_boot *boot, const char *directory,
                               const char *suffix, efi_name each,
                               void *argument);
