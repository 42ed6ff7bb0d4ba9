/* Files of the volume that Lintel was loaded from. Paths are UTF-8 and begin at
 * its root; / and \ both separate names. In Lintel, arch/efi/efi_file.c
 * implements this with the firmware's file system, until efi_exit(). In
 * lintel-check, test/check/directory.c implements it with a directory.
 *
 * Who calls it: vmm/load_config.c, vmm/load_files.c; vmm/last_run_save.c
 * writes. */
#pragma once

#include <stdbool.h>
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

/* A sentence for a failure, to stand behind the path: "there is no such
 * file". */
const char *efi_result_text(enum efi_result result);

/* The contents, in pages that stay Lintel's after efi_exit(). At least one
 * zero byte follows them. */
struct efi_file {
    uint8_t *data; /* page aligned */
    uint64_t size; /* bytes of the file */
};

/* Called after each chunk. `rate`: KiB/s so far; 0: not known yet. */
typedef void (*efi_progress)(void *argument, uint64_t done, uint64_t total,
                             uint64_t rate);

/* Reads the whole file. `progress` may be NULL. After a failure no memory is
 * held. */
enum efi_result efi_read_file(struct efi_boot *boot, const char *path,
                              struct efi_file *file, efi_progress progress,
                              void *argument);

/* Writes the parts, one behind the other, to the file, which is made anew; its
 * folder is made if it is not there. False: the medium cannot be written. */
bool efi_write_file(struct efi_boot *boot, const char *folder, const char *path,
                    const char *const parts[2], const size_t lengths[2]);

/* Zeroed memory that lives as long as Lintel. NULL: there is none left. */
void *efi_alloc(struct efi_boot *boot, size_t bytes);

/* Calls `each`, in no order, for every plain file of the directory whose
 * name ends in `suffix`. The case of letters does not matter, as in FAT. */
typedef void (*efi_name)(void *argument, const char *name);
enum efi_result efi_list_files(struct efi_boot *boot, const char *directory,
                               const char *suffix, efi_name each,
                               void *argument);
