/* Makes the copy of the guest-state fields that vmx_entry_check() looks at,
 * and logs the fault that it finds. */
#include "arch/regs.h"
#include "arch/vmx/vmx_entry_check.h"
#include "arch/vmx/vmx_insn.h"
#include "arch/vmx/vmx_state.h"
#include "kernel/base/log.h"

static void read_segments(struct entry_state *state)
{
    for (unsigned i = 0; i < SEGMENT_COUNT; i++) {
        /* the encodings of the eight segments' fields follow each other (SDM
         * 3D B) */
        unsigned next = 2 * i;
        struct entry_segment *segment = &state->segment[i];
        segment->selector =
            vmx_read((enum vmcs_field)(VMCS_GUEST_ES_SELECTOR + next));
        segment->base = vmx_read((enum vmcs_field)(VMCS_GUEST_ES_BASE + next));
        segment->limit =
            vmx_read((enum vmcs_field)(VMCS_GUEST_ES_LIMIT + next));
        segment->rights =
            vmx_read((enum vmcs_field)(VMCS_GUEST_ES_RIGHTS + next));
    }
}

static void read_state(struct entry_state *state)
{
    *state = (struct entry_state){
        .entry_controls = vmx_read(VMCS_ENTRY_CONTROLS),
        .interruption = vmx_read(VMCS_ENTRY_INTERRUPTION),
        .cr0 = vmx_read(VMCS_GUEST_CR0),
        .cr3 = vmx_read(VMCS_GUEST_CR3),
        .cr4 = vmx_read(VMCS_GUEST_CR4),
        .dr7 = vmx_read(VMCS_GUEST_DR7),
        .debugctl = vmx_read(VMCS_GUEST_DEBUGCTL),
        .pat = vmx_read(VMCS_GUEST_PAT),
        .efer = vmx_read(VMCS_GUEST_EFER),
        .sysenter_esp = vmx_read(VMCS_GUEST_SYSENTER_ESP),
        .sysenter_eip = vmx_read(VMCS_GUEST_SYSENTER_EIP),
        .gdtr_base = vmx_read(VMCS_GUEST_GDTR_BASE),
        .gdtr_limit = vmx_read(VMCS_GUEST_GDTR_LIMIT),
        .idtr_base = vmx_read(VMCS_GUEST_IDTR_BASE),
        .idtr_limit = vmx_read(VMCS_GUEST_IDTR_LIMIT),
        .rip = vmx_read(VMCS_GUEST_RIP),
        .rflags = vmx_read(VMCS_GUEST_RFLAGS),
        .activity = vmx_read(VMCS_GUEST_ACTIVITY),
        .interruptibility = vmx_read(VMCS_GUEST_INTERRUPTIBILITY),
        .pending_debug = vmx_read(VMCS_GUEST_PENDING_DEBUG),
        .link_pointer = vmx_read(VMCS_LINK_POINTER),
        .cr0_fixed0 = vmx_machine.cr0_fixed0,
        .cr0_fixed1 = vmx_machine.cr0_fixed1,
        .cr4_fixed0 = vmx_machine.cr4_fixed0,
        .cr4_fixed1 = vmx_machine.cr4_fixed1,
        .physical_bits = vmx_machine.physical_bits,
    };
    read_segments(state);
}

void vmx_entry_check_log(enum exit_reason reason, uint64_t qualification)
{
    struct entry_state state;
    log_error("VM entry failed: %s, qualification %#llx",
              exit_reason_name(reason), (unsigned long long)qualification);
    if (reason != EXIT_ENTRY_GUEST_STATE) {
        return;
    }
    read_state(&state);
    struct entry_fault fault = vmx_entry_check(&state);
    if (fault.what) {
        log_error("VM entry failed for %s: %#llx", fault.what,
                  (unsigned long long)fault.value);
    } else if (qualification == 2) {
        log_error("VM entry failed for the PDPTEs (SDM 3C 27.8)");
    } else {
        log_error("VM entry failed for a field that Lintel does not check");
    }
}
