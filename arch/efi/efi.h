/* Lintel as a UEFI application: how it uses the firmware's boot services, and
 * how it exits them. UEFI 2.10 chapters 4, 7 and 13.
 *
 * efi_main() (arch/efi/efi.c) gathers the facts of arch/boot.h, changes to a
 * stack of Lintel's own and calls lintel_main(). Files are in
 * arch/efi/efi_file.h. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/boot.h"

struct efi_boot;

/* Lintel's main function, in vmm/main.c: the only call into a higher room.
 * If it returns, Lintel goes back to the firmware with an error; it may do
 * so only before efi_exit(). */
void lintel_main(struct efi_boot *boot);

/* The facts about the machine, valid for ever. efi_exit() fills the memory
 * map. */
const struct boot_info *efi_info(const struct efi_boot *boot);

void efi_sleep(struct efi_boot *boot, uint64_t microseconds);

/* Keys without a character (UEFI 2.10 table 12.5), as efi_read_key() returns
 * them. */
#define EFI_KEY_SCAN   0x10000U /* plus the scan code */
#define EFI_KEY_UP     (EFI_KEY_SCAN + 1)
#define EFI_KEY_DOWN   (EFI_KEY_SCAN + 2)
#define EFI_KEY_HOME   (EFI_KEY_SCAN + 5)
#define EFI_KEY_END    (EFI_KEY_SCAN + 6)
#define EFI_KEY_ESCAPE (EFI_KEY_SCAN + 23)

/* True: a key was pressed, and *key is its Unicode character, or one of the
 * above. Never waits. */
bool efi_read_key(struct efi_boot *boot, uint32_t *key);

/* Reserves `bytes` of memory at one of a few fixed places, so that the next
 * start finds it again. Neither a guest nor the firmware gets it. Takes the
 * place for which `is_it` is true, or else the first one that is free. NULL:
 * none is free. The memory is not cleared. */
void *efi_keep(struct efi_boot *boot, size_t bytes,
               bool (*is_it)(const void *memory));

/* Shows text of ASCII on the firmware's console; "\r\n" ends a line. */
void efi_print(struct efi_boot *boot, const char *text);

/* Ends the boot services. From here on only Lintel's code runs, except for
 * machine_power_off(), and nothing above works but efi_info(). Interrupts
 * are off on return. False: the firmware refuses; then none of its services
 * may be called but ResetSystem. */
bool efi_exit(struct efi_boot *boot);
