/* Turns the machine off by the firmware's ResetSystem, the only service of
 * the firmware that Lintel uses after efi_exit(). UEFI 2.10 section 8.5.1. */
#pragma once

struct boot_info;

/* Call it after efi_exit() and before the functions below. */
void machine_init(const struct boot_info *boot);

/* Turns the machine off. VMX must be off on this processor. If the firmware
 * cannot do it, halts for ever. */
_Noreturn void machine_power_off(void);

/* Halts this processor for ever. */
_Noreturn void machine_halt(void);
