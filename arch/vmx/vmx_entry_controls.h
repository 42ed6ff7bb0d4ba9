/* Why a VM entry failed with "invalid control fields": the checks of SDM 3C
 * 27.2.1 done once more in software, on a copy of the fields. Called by
 * arch/vmx/guest.c. */
#pragma once

/* Logs which field it was; the VMCS that could not be entered is current. */
void vmx_entry_controls_log(void);
