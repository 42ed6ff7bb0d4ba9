/* The offsets and constants that arch/vmx/guest_entry.asm shares with C. Not
 * part of the image; see arch/asm_constants.h. */
#include "arch/asm_constants.h"
#include "arch/msr.h"
#include "arch/vmx/guest_state.h"
#include "arch/vmx/vmx_insn.h"
#include "arch/vmx/vmx_state.h"

#define OFFSET(name, member) ASM_CONSTANT(name, offsetof(struct guest, member))

_Static_assert(offsetof(struct guest, mitigations) ==
                   offsetof(struct guest, launched) + 4,
               "guest_entry compares both at once");

void guest_offsets(void);
void guest_offsets(void)
{
    OFFSET(GUEST_GPR, gpr);
    OFFSET(GUEST_HOST_RSP, host_rsp);
    OFFSET(GUEST_LAUNCHED, launched);
    OFFSET(GUEST_MITIGATIONS, mitigations);
    OFFSET(GUEST_SPEC_GUEST, spec_guest);
    OFFSET(GUEST_SPEC_HOST, spec_host);
    ASM_CONSTANT(FIELD_HOST_RSP, VMCS_HOST_RSP);
    ASM_CONSTANT(MITIGATION_VERW, MITIGATION_VERW);
    ASM_CONSTANT(MITIGATION_SPEC_CTRL, MITIGATION_SPEC_CTRL);
    ASM_CONSTANT(MITIGATION_FILL_RSB, MITIGATION_FILL_RSB);
    ASM_CONSTANT(MITIGATION_ONE_RSB, MITIGATION_ONE_RSB);
    ASM_CONSTANT(MSR_SPEC_CTRL, MSR_SPEC_CTRL);
    ASM_CONSTANT(STATUS_OK, VMX_OK);
    ASM_CONSTANT(STATUS_INVALID, VMX_FAIL_INVALID);
    ASM_CONSTANT(STATUS_VALID, VMX_FAIL_VALID);
}
