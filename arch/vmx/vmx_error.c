/* The names of VM-instruction errors (SDM 3C 31.4) and of VMCS fields.
 * Called when a VMX instruction fails, which is always Lintel's own fault. */
#include "arch/vmx/vmx_insn.h"

#include <stddef.h>

#include "kernel/base/panic.h"

static const char *const error_names[] = {
    [1] = "VMCALL in VMX root operation",
    [2] = "VMCLEAR with an invalid physical address",
    [3] = "VMCLEAR with the VMXON pointer",
    [4] = "VMLAUNCH with a VMCS that is not clear",
    [5] = "VMRESUME with a VMCS that is not launched",
    [6] = "VMRESUME after VMXOFF",
    [7] = "VM entry with invalid control fields",
    [8] = "VM entry with invalid host-state fields",
    [9] = "VMPTRLD with an invalid physical address",
    [10] = "VMPTRLD with the VMXON pointer",
    [11] = "VMPTRLD with an incorrect VMCS revision identifier",
    [12] = "VMREAD or VMWRITE of an unsupported VMCS component",
    [13] = "VMWRITE to a read-only VMCS component",
    [15] = "VMXON in VMX root operation",
    [16] = "VM entry with an invalid executive-VMCS pointer",
    [17] = "VM entry with an executive VMCS that is not launched",
    [18] = "VM entry with an executive-VMCS pointer that is not the VMXON "
           "pointer",
    [19] = "VMCALL with a VMCS that is not clear",
    [20] = "VMCALL with invalid VM-exit control fields",
    [22] = "VMCALL with an incorrect MSEG revision identifier",
    [23] = "VMXOFF under dual-monitor treatment",
    [24] = "VMCALL with invalid SMM-monitor features",
    [25] = "VM entry with invalid execution control fields in the executive "
           "VMCS",
    [26] = "VM entry with events blocked by MOV SS",
    [28] = "invalid operand to INVEPT or INVVPID",
};

static const struct {
    uint32_t encoding;
    const char *name;
} field_names[] = {
#define FIELD_NAME(code, text) {code, #text},
    VMCS_FIELDS(FIELD_NAME)
#undef FIELD_NAME
};

/* "GUEST_CR0" for 0x6800; "UNKNOWN" for an encoding that is not in the list. */
static const char *field_name(uint32_t encoding)
{
    for (size_t i = 0; i < sizeof field_names / sizeof *field_names; i++) {
        if (field_names[i].encoding == encoding) {
            return field_names[i].name;
        }
    }
    return "UNKNOWN";
}

static const char *error_name(uint64_t error)
{
    const char *name = NULL;
    if (error < sizeof error_names / sizeof *error_names) {
        name = error_names[error];
    }
    return name ? name : "unknown error";
}

_Noreturn void vmx_error_panic(const char *instruction, enum vmx_status status)
{
    uint64_t error = 0;
    if (status == VMX_FAIL_INVALID) {
        panic("%s: VMfailInvalid (no current VMCS, or a bad pointer)",
              instruction);
    }
    vmx_try_read(VMCS_INSTRUCTION_ERROR, &error);
    panic("%s: VM-instruction error %u: %s", instruction, (unsigned)error,
          error_name(error));
}

_Noreturn void vmx_error_field(const char *instruction, uint32_t field)
{
    uint64_t error = 0;
    vmx_try_read(VMCS_INSTRUCTION_ERROR, &error);
    panic("%s of %s (%#x): VM-instruction error %u: %s", instruction,
          field_name(field), field, (unsigned)error, error_name(error));
}
