/* How ACPI turns this machine off: S5, of the FADT and the DSDT.
 *
 * Who calls it: arch/efi/efi_machine.c. */
#pragma once

#include <stdint.h>

struct boot_sleep;

/* Fills `sleep`. What the tables do not say stays 0. `rsdp` may be 0. */
void acpi_sleep_find(uint64_t rsdp, struct boot_sleep *sleep);
