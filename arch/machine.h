/* The machine as a whole: turning it off. By the firmware's ResetSystem, which
 * is all that we use of it after efi_exit(); UEFI 2.10 section 8.5.1. */
#pragma once

struct boot_info;

/* Before the first call below; `boot` must stay. */
void machine_init(const struct boot_info *boot);

/* VMX must be off on this processor. Where the firmware cannot do it:
 * power_off halts for ever, reset tries the machine's reset ports. */
_Noreturn void machine_power_off(void);
_Noreturn void machine_reset(void);

/* Halts this processor for ever. */
_Noreturn void machine_halt(void);
