/* Lintel as a UEFI application: what the firmware does for us while its boot
 * services exist, and leaving them. UEFI 2.10 chapters 4, 7 and 13.
 *
 * efi_main() (arch/efi/efi.c) gathers what arch/boot.h holds, turns to a stack
 * of our own and calls lintel_main(). Files are in arch/efi/efi_file.h. */
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

void efi_sleep(struct efi_boot *boot, uint64_t microseconds);

/* True, and which (a Unicode character; 0 for keys that have none), if a key
 * was pressed. Never waits. */
bool efi_read_key(struct efi_boot *boot, uint32_t *key);

/* Ends the boot services. From here on only our own code runs but for
 * machine_power_off(), and everything above but efi_info() is gone. Interrupts
 * are off on return. False: the firmware refuses, and nothing has changed but
 * that files can no longer be read. */
bool efi_exit(struct efi_boot *boot);
