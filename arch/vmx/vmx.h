/* VMX on this processor: whether it is there, and turning it on. SDM 3C 24.6
 * to 24.8. */
#pragma once

#include <stdbool.h>

struct page_source;

/* NULL: VMX with EPT and unrestricted guest can be used. Otherwise a
 * sentence that says what is missing and how the user turns it on. Changes
 * nothing. */
const char *vmx_missing(void);

/* Turns VMX on: sets IA32_FEATURE_CONTROL if it is unlocked, and CR4.VMXE,
 * executes VMXON, fits the table of controls to the capability MSRs and logs
 * it at debug level. NULL, or a sentence that says what is wrong. Called
 * once on each processor; processor_leave_guests() turns VMX off. */
const char *vmx_enable(struct page_source *pages);
