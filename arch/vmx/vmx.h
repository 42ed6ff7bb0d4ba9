/* VMX on this processor: is it there, turn it on. SDM 3C 24.6 to 24.8. */
#pragma once

#include <stdbool.h>

struct page_source;

/* NULL: VMX with EPT and unrestricted guest can be used. Otherwise a sentence
 * that says what is missing and how the user turns it on. Changes nothing. */
const char *vmx_missing(void);

/* Sets IA32_FEATURE_CONTROL if it is unlocked, CR4.VMXE, VMXON; fits the
 * control table to the capability MSRs and prints it at debug level. NULL, or
 * the sentence. Once a processor; processor_leave_guests() turns it off. */
const char *vmx_enable(struct page_source *pages);
