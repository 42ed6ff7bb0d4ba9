/* Turns the machine off by the firmware's ResetSystem, the only service of
 * the firmware that Lintel uses after efi_exit(), or by ACPI's registers. UEFI
 * 2.10 section 8.5.1. */
#pragma once

struct boot_info;

/* Call it after efi_exit() and before the functions below. */
void machine_init(const struct boot_info *boot);

/* Turns the machine off by the firmware, or by ACPI's S5 if the firmware does
 * not do it. If processor_stop_others() has stopped the first processor, that
 * one calls the firmware. VMX must be off on this processor. If neither way
 * works, halts for ever. */
_Noreturn void machine_power_off(void);

/* Resets the machine, if it can without losing what is in memory. VMX must be
 * off on this processor. */
_Noreturn void machine_reset(void);

/* Halts this processor for ever. */
_Noreturn void machine_halt(void);
