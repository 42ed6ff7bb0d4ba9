/* Not part of the image: compiled to assembly, of which the build keeps the
 * lines that begin with @ as build/guest_offsets.inc for guest_entry.asm. So
 * the offsets there cannot drift from the structure. */
#include <stddef.h>

#include "arch/vmx/guest_state.h"
#include "arch/vmx/vmx_insn.h"
#include "arch/vmx/vmx_state.h"

#define CONSTANT(name, value)                                                  \
    __asm__ volatile("\n@ " #name " equ %c0" : : "i"(value))
#define OFFSET(name, member) CONSTANT(name, offsetof(struct guest, member))

_Static_assert(offsetof(struct guest, measures) ==
                   offsetof(struct guest, launched) + 4,
               "guest_entry compares both at once");

void guest_offsets(void);
void guest_offsets(void)
{
    OFFSET(GUEST_GPR, gpr);
    OFFSET(GUEST_HOST_RSP, host_rsp);
    OFFSET(GUEST_LAUNCHED, launched);
    OFFSET(GUEST_MEASURES, measures);
    OFFSET(GUEST_SPEC_GUEST, spec_guest);
    OFFSET(GUEST_SPEC_HOST, spec_host);
    CONSTANT(FIELD_HOST_RSP, VMCS_HOST_RSP);
    CONSTANT(MEASURE_VERW, MEASURE_VERW);
    CONSTANT(MEASURE_SPEC_CTRL, MEASURE_SPEC_CTRL);
    CONSTANT(MEASURE_FILL_RSB, MEASURE_FILL_RSB);
    CONSTANT(MEASURE_ONE_RSB, MEASURE_ONE_RSB);
    CONSTANT(MSR_SPEC_CTRL, MSR_SPEC_CTRL);
    CONSTANT(STATUS_OK, VMX_OK);
    CONSTANT(STATUS_INVALID, VMX_FAIL_INVALID);
    CONSTANT(STATUS_VALID, VMX_FAIL_VALID);
}
