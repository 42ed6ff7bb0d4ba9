/* Running a guest, and its registers as vmm/ sees them: the middle of what
 * arch/guest.h promises. Read guest_regs.c, guest_event.c and guest_entry.asm
 * next.  SDM 3C chapters 25 to 28. */
#include "arch/guest.h"

#include <stddef.h>

#include "arch/cpu.h"
#include "arch/guest_state.h"
#include "arch/vmx_entry_check.h"
#include "arch/vmx_insn.h"
#include "arch/vmx_state.h"
#include "kernel/panic.h"

#define VECTOR_GP 13U

uint64_t guest_get(struct guest *guest, enum guest_reg reg)
{
    return guest_regs_read(guest, reg);
}

void guest_set(struct guest *guest, enum guest_reg reg, uint64_t value)
{
    guest_regs_write(guest, reg, value);
}

uint64_t guest_gpr(struct guest *guest, enum gpr gpr)
{
    if (gpr == GPR_RSP) {
        return guest_regs_read(guest, HIDDEN_RSP);
    }
    return guest->gpr[gpr];
}

void guest_set_gpr(struct guest *guest, enum gpr gpr, uint64_t value)
{
    if (gpr == GPR_RSP) {
        guest_regs_write(guest, HIDDEN_RSP, value);
        return;
    }
    guest->gpr[gpr] = value;
}

static void flush_late(struct guest *guest)
{
    if (guest->late & LATE_EVENT) {
        guest_event_flush(guest);
    }
    if (guest->late & LATE_PRIMARY) {
        vmx_write(VMCS_PRIMARY_CONTROLS, guest->primary);
    }
    if (guest->late & LATE_TLB) {
        vmx_flush_vpid(guest->vpid);
    }
    guest->late = 0;
}

void guest_run(struct guest *guest, struct exit *exit)
{
    if (!guest_switch_is_loaded(guest) || vmx_processor()->vmcs != guest) {
        guest_switch_load(guest);
    }
    /* The event first: it may need a register, and give one up. */
    if (guest->late) {
        flush_late(guest);
    }
    if (guest->dirty) {
        guest_regs_flush(guest);
    }
    if (guest->measures & MEASURE_SPEC_CTRL) {
        cpu_wrmsr(MSR_SPEC_CTRL, guest->spec_guest);
    }
    enum vmx_status status = guest_entry(guest);
    if (status != VMX_OK) {
        vmx_error_panic(guest->launched ? "VMRESUME" : "VMLAUNCH", status);
    }
    guest->valid = REGS_OWNED;
    exit_decode(guest, exit);
    if (exit->entry_failed) {
        vmx_entry_check_log(exit->reason, exit->qualification);
    }
}

/* Where a 64-bit address would not be one that the processor takes. */
static bool canonical(uint64_t address)
{
    uint64_t top = address >> 47; /* four-level paging: guests get no LA57 */
    return top == 0 || top == 0x1ffff;
}

void guest_skip(struct guest *guest, uint8_t length)
{
    uint64_t old = guest_regs_read(guest, GUEST_RIP);
    uint64_t rip = old + length;
    uint64_t blocking = guest_regs_read(guest, HIDDEN_INTERRUPTIBILITY);
    uint64_t rflags = guest_regs_read(guest, GUEST_RFLAGS);

    /* Off the end of 4 GiB, or of the canonical half: RIP wraps in the first
     * case; the second would raise #GP at the next fetch, which cannot be
     * entered, so it is raised here. */
    if ((rip ^ old) >> 32) {
        bool wide = (guest->reg[GUEST_EFER] & EFER_LMA) &&
                    (guest_get(guest, GUEST_CS_RIGHTS) & RIGHTS_L);
        rip = wide ? rip : rip & 0xffffffffU;
        if (!canonical(rip)) {
            guest_inject_exception(guest, VECTOR_GP, 0);
            return;
        }
    }
    guest_regs_write(guest, GUEST_RIP, rip);
    if (blocking & (BLOCKING_STI | BLOCKING_MOV_SS)) {
        guest_regs_write(guest, HIDDEN_INTERRUPTIBILITY,
                         blocking &
                             ~(uint64_t)(BLOCKING_STI | BLOCKING_MOV_SS));
    }
    if (rflags & RFLAGS_RF) {
        guest_regs_write(guest, GUEST_RFLAGS, rflags & ~RFLAGS_RF);
    }
    if (rflags & RFLAGS_TF) {
        guest_regs_write(guest, HIDDEN_PENDING_DEBUG,
                         guest_regs_read(guest, HIDDEN_PENDING_DEBUG) |
                             PENDING_DEBUG_BS);
    }
}

void guest_allow_cr4(struct guest *guest, uint64_t mask)
{
    /* Read by the old ownership, written back by the new one. */
    uint64_t cr4 = guest_get(guest, GUEST_CR4);
    guest->cr4_allowed = mask & vmx_machine.cr4_supported;
    guest_set(guest, GUEST_CR4, cr4);
}

void guest_flush_tlb(struct guest *guest)
{
    guest->late |= LATE_TLB;
}

uint64_t guest_xcr0_supported(void)
{
    return vmx_machine.xcr0;
}

uint64_t guest_cr4_supported(void)
{
    return vmx_machine.cr4_supported;
}

bool guest_has_rdtscp(void)
{
    return vmx_machine.rdtscp;
}

bool guest_has_invpcid(void)
{
    return vmx_machine.invpcid;
}

bool guest_has_xsaves(void)
{
    return vmx_machine.xsaves;
}
