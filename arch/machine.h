/* The machine as a whole: silencing what the firmware left running, and turning
 * it off. By the firmware's ResetSystem, which is all that we use of it after
 * efi_exit(); UEFI 2.10 section 8.5.1. */
#pragma once

struct boot_info;

/* Masks all pins of the IOAPICs, which the firmware may have routed to vectors
 * of its own. After efi_exit(), before the calls below; `boot` must stay. */
void machine_init(const struct boot_info *boot);

/* VMX must be off on this processor. Where the firmware cannot do it:
 * power_off halts for ever, reset tries the machine's reset ports. */
_Noreturn void machine_power_off(void);
_Noreturn void machine_reset(void);

/* Halts this processor for ever. */
_Noreturn void machine_halt(void);
