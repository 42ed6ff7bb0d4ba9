/* Why a VM entry failed with "invalid control fields": the checks of SDM 3C
 * 27.2.1 done once more in software, on a copy of the fields. Pure but for the
 * reading and the logging, so host tests run the checks. */
#pragma once

#include <stdint.h>

#include "arch/vmx/vmx_controls.h"
#include "arch/vmx/vmx_entry_check.h"

struct entry_controls {
    uint64_t control[CONTROL_WORDS];
    uint64_t capability[CONTROL_WORDS]; /* as vmx_controls_fit() has them */
    uint64_t cr3_target_count;
    uint64_t msr_bitmap;
    uint64_t ept_pointer;
    uint64_t vpid;
    uint64_t virtual_apic;
    uint64_t apic_access;
    uint64_t tpr_threshold;
    uint64_t posted_vector;
    uint64_t posted_descriptor;
    uint64_t exit_msr_counts; /* stores and loads, added */
    uint64_t entry_msr_count;
    uint64_t interruption;
    uint64_t error_code;
    uint64_t length;
    uint64_t ept_vpid; /* IA32_VMX_EPT_VPID_CAP */
    unsigned physical_bits;
};

struct entry_fault
vmx_entry_check_controls(const struct entry_controls *controls);

/* Logs which field it was; the VMCS that could not be entered is current. */
void vmx_entry_controls_log(void);
