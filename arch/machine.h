/* The machine's end: by the firmware's ResetSystem, which is all that we use of
 * it after efi_exit(); UEFI 2.10 section 8.5.1. */
#pragma once

struct boot_info;

/* After efi_exit(), before the calls below. */
void machine_init(const struct boot_info *boot);

/* VMX must be off on this processor. Where the firmware cannot do it, halts for
 * ever. */
_Noreturn void machine_power_off(void);

/* Halts this processor for ever. */
_Noreturn void machine_halt(void);
