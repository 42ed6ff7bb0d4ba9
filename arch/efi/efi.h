/* Lintel as a UEFI application: what the firmware does for us while its boot
 * services exist, and leaving them. UEFI 2.10 chapters 4, 7 and 13.
 *
 * efi_main() (arch/efi/efi.c) gathers what arch/boot.h holds, turns to a stack
 * of our own and calls lintel_main(). Paths are UTF-8, from the root of the
 * volume Lintel was loaded from; / and \ both separate. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/boot.h"

struct efi_boot;

/* Upstairs; the only call that goes there. To return is to go back to the
 * firmware with an error, possible only before efi_exit(). */
void lintel_main(struct efi_boot *boot);

/* Valid for ever; the memory map is filled by efi_exit(). */
const struct boot_info *efi_info(const struct efi_boot *boot);

enum efi_result {
    EFI_RESULT_OK,
    EFI_RESULT_ABSENT,    /* no such file or directory */
    EFI_RESULT_NO_MEMORY, /* it does not fit */
    EFI_RESULT_FAILED,    /* the medium or the firmware failed; or a directory
                             where a file was asked for, or the other way */
};

/* "not found", "not enough memory", "read error". */
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

void efi_sleep(struct efi_boot *boot, uint64_t microseconds);

/* True, and which (a Unicode character; 0 for keys that have none), if a key
 * was pressed. Never waits. */
bool efi_read_key(struct efi_boot *boot, uint32_t *key);

/* Ends the boot services. From here on only our own code runs but for
 * machine_power_off(), and everything above but efi_info() is gone. Interrupts
 * are off on return. False: the firmware refuses, and nothing has changed but
 * that files can no longer be read. */
bool efi_exit(struct efi_boot *boot);
