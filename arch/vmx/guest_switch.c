/* Changes the guest that is on the processor. A guest's FPU, debug registers
 * and a few MSRs stay in the processor across exits, since Lintel uses none
 * of them (-mgeneral-regs-only). They are saved only when another guest
 * takes the processor. SDM 1 chapter 13 (XSAVE), SDM 3C 25.3. */
#include <stddef.h>

#include "arch/cpu.h"
#include "arch/msr.h"
#include "arch/regs.h"
#include "arch/vmx/guest_state.h"
#include "arch/vmx/vmx_insn.h"
#include "arch/vmx/vmx_state.h"
#include "kernel/base/panic.h"

static void check(const char *instruction, enum vmx_status status)
{
    if (status != VMX_OK) {
        vmx_error_panic(instruction, status);
    }
}

static void prepare_vmcs(struct guest *guest, struct vmx_processor *processor)
{
    /* A VMCS is active on one processor only. To move a guest, guest_leave()
     * takes it out of the old processor first (SDM 3C 25.11.1). */
    CHECK(!guest->processor);
    if (!guest->initialised) {
        *(uint32_t *)guest->vmcs = vmx_machine.revision;
    }
    check("VMCLEAR", vmx_vmclear((uintptr_t)guest->vmcs));
    check("VMPTRLD", vmx_vmptrld((uintptr_t)guest->vmcs));
    guest->processor = processor;
    guest->launched = 0;
    guest->host_rsp = 0;
    /* Translations with this VPID and EPT pointer may be another guest's, or
     * older than a change that was made on another processor. */
    guest->late |= LATE_TLB;
    vmx_flush_ept(guest->ept_pointer);
    processor->vmcs = guest;
    processor->ready = NULL;
    guest_setup_vmcs(guest);
    guest->initialised = true;
}

void guest_switch_vmcs_here(struct guest *guest)
{
    struct vmx_processor *processor = vmx_processor();
    if (guest->processor != processor) {
        prepare_vmcs(guest, processor);
        return;
    }
    check("VMPTRLD", vmx_vmptrld((uintptr_t)guest->vmcs));
    processor->vmcs = guest;
    processor->ready = NULL;
}

static void save_state(struct guest *guest)
{
    guest_regs_save_msrs(guest);
    guest->dr[0] = cpu_read_dr0();
    guest->dr[1] = cpu_read_dr1();
    guest->dr[2] = cpu_read_dr2();
    guest->dr[3] = cpu_read_dr3();
    guest->dr6 = cpu_read_dr6();
    if (vmx_machine.xcr0) {
        /* All components: one that the guest has turned off in XCR0 keeps
         * its contents (SDM 1 13.3). */
        cpu_xsetbv(0, vmx_machine.xcr0);
        vmx_xsave(guest->xsave, vmx_machine.xcr0);
    } else {
        vmx_fxsave(guest->xsave);
    }
}

/* `before` was on the processor until now, or is NULL. */
static void load_state(struct guest *guest, const struct guest *before)
{
    guest_regs_load_msrs(guest, before);
    cpu_write_dr7(DR7_AT_RESET);
    cpu_write_dr0(guest->dr[0]);
    cpu_write_dr1(guest->dr[1]);
    cpu_write_dr2(guest->dr[2]);
    cpu_write_dr3(guest->dr[3]);
    cpu_write_dr6(guest->dr6);
    if (vmx_machine.xcr0) {
        cpu_xsetbv(0, vmx_machine.xcr0);
        vmx_xrstor(guest->xsave, vmx_machine.xcr0);
        cpu_xsetbv(0, guest->reg[GUEST_XCR0]);
        guest->dirty &= ~REG_BIT(GUEST_XCR0);
    } else {
        vmx_fxrstor(guest->xsave);
    }
}

/* The last guest must not train the branch predictors for the next one. */
static void forget_branches(void)
{
    if (vmx_machine.barrier) {
        cpu_wrmsr(MSR_PRED_CMD, PRED_CMD_IBPB);
    }
}

/* A guest may read the first-level cache whatever its page tables say.
 * Flushes it, since other guests, and Lintel's work for them, may have left
 * data there. */
static void separate(struct vmx_processor *processor)
{
    if (processor->mixed && vmx_machine.flush_l1d) {
        cpu_wrmsr(MSR_FLUSH_CMD, FLUSH_CMD_L1D);
    }
    processor->mixed = false;
}

void guest_switch_load(struct guest *guest)
{
    struct vmx_processor *processor = vmx_processor();

    guest_switch_vmcs(guest);
    if (processor->loaded != guest) {
        struct guest *before = processor->loaded;
        if (before) {
            save_state(before);
            forget_branches();
        }
        processor->loaded = guest;
        processor->mixed = true;
        load_state(guest, before);
    }
    separate(processor);
    processor->ready = guest;
}

void guest_switch_drop(struct guest *guest)
{
    struct vmx_processor *processor = guest->processor;
    if (!processor) {
        return;
    }
    CHECK(processor == vmx_processor());
    check("VMCLEAR", vmx_vmclear((uintptr_t)guest->vmcs));
    if (processor->vmcs == guest) {
        processor->vmcs = NULL;
        processor->ready = NULL;
    }
    if (processor->loaded == guest) {
        processor->loaded = NULL;
        forget_branches();
    }
    guest->processor = NULL;
}

void guest_leave(struct guest *guest)
{
    if (guest->processor && guest->processor->loaded == guest) {
        save_state(guest);
    }
    guest_switch_drop(guest);
}
