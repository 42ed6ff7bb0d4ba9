/* Finds the reason why a VM entry failed with "invalid control fields":
 * repeats the checks of SDM 3C 27.2.1 in software, on a copy of the fields.
 * arch/vmx/guest.c calls it. */
#pragma once

/* Logs the field that is wrong. The VMCS that could not be entered is
 * current. */
void vmx_entry_controls_log(void);
