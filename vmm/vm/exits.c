/* The table of the handlers of exit reasons, and the handlers that take only a
 * few lines. Larger handlers have files of their own (cr.c io.c mmio.c).
 *
 * Who calls it: vmm/vm/vcpu.c after every guest_run(). SDM 3C 26 and 28. */
#include "arch/regs.h"
#include "kernel/base/log.h"
#include "vmm/vm/vcpu.h"
#include "vmm/vm/vm.h"

/* MSR bits 63:32 go to RDX, 31:0 to RAX, both zero-extended. */
static void set_rdx_rax(struct guest *guest, uint64_t value)
{
    guest_set_gpr(guest, GPR_RAX, (uint32_t)value);
    guest_set_gpr(guest, GPR_RDX, value >> 32);
}

static uint64_t rdx_rax(struct guest *guest)
{
    return guest_gpr(guest, GPR_RDX) << 32 |
           (uint32_t)guest_gpr(guest, GPR_RAX);
}

static void exit_nothing(struct vcpu *vcpu, const struct exit *exit)
{
    (void)vcpu;
    (void)exit;
}

static void exit_exception(struct vcpu *vcpu, const struct exit *exit)
{
    if (exit->event.type != 2 && !guest_reflect_exception(vcpu->guest, exit)) {
        vcpu_crash(vcpu, "triple fault");
    }
}

static void exit_triple_fault(struct vcpu *vcpu, const struct exit *exit)
{
    (void)exit;
    vcpu_crash(vcpu, "triple fault");
}

static void exit_cpuid(struct vcpu *vcpu, const struct exit *exit)
{
    struct guest *guest = vcpu->guest;
    struct cpuid_regs regs;

    cpuid_emulate(&vcpu->msr, (uint32_t)guest_gpr(guest, GPR_RAX),
                  (uint32_t)guest_gpr(guest, GPR_RCX), &regs);
    guest_set_gpr(guest, GPR_RAX, regs.eax);
    guest_set_gpr(guest, GPR_RBX, regs.ebx);
    guest_set_gpr(guest, GPR_RCX, regs.ecx);
    guest_set_gpr(guest, GPR_RDX, regs.edx);
    guest_skip(guest, exit->length);
}

static void exit_hlt(struct vcpu *vcpu, const struct exit *exit)
{
    uint64_t rflags = guest_get(vcpu->guest, GUEST_RFLAGS);
    bool interrupts = rflags & RFLAGS_IF;

    guest_skip(vcpu->guest, exit->length);
    if (rflags & RFLAGS_TF) {
        return; /* a single-step trap is pending and ends HLT at once */
    }
    vcpu->state = VCPU_HALTED;
    vcpu->halted_without_interrupts = !interrupts;
}

/* Takes the request for this exit back. A vCPU for which an NMI still waits
 * makes the request again before the next entry. The NMI may be gone by now
 * (its local APIC was turned off), and the guest would then exit for ever. */
static void exit_nmi_window(struct vcpu *vcpu, const struct exit *exit)
{
    (void)exit;
    guest_want_nmi_window(vcpu->guest, false);
}

/* The guest spins and waits for another processor, perhaps for one whose
 * turn begins only when this turn ends. */
static void exit_pause(struct vcpu *vcpu, const struct exit *exit)
{
    guest_skip(vcpu->guest, exit->length);
    timer_cancel(&vcpu->slice);
    task_end_turn();
}

/* The guest may ignore caches: its memory is coherent whatever it does to
 * them. */
static void exit_skip(struct vcpu *vcpu, const struct exit *exit)
{
    guest_skip(vcpu->guest, exit->length);
}

/* A machine that shows KVM's signature answers KVM's hypercalls (Linux,
 * Documentation/virt/kvm/x86/hypercalls.rst). None is offered, so the answer
 * is -KVM_ENOSYS, or -KVM_EPERM outside the kernel. */
static void exit_vmcall(struct vcpu *vcpu, const struct exit *exit)
{
    struct guest *guest = vcpu->guest;
    uint64_t privilege = guest_get(guest, GUEST_SS_RIGHTS) >> 5 & 3;

    guest_set_gpr(guest, GPR_RAX, (uint64_t)(privilege == 0 ? -1000LL : -1LL));
    guest_skip(guest, exit->length);
}

/* Instructions that the guest's CPUID does not offer. */
static void exit_undefined(struct vcpu *vcpu, const struct exit *exit)
{
    (void)exit;
    vcpu_exception(vcpu, VECTOR_UD, 0);
}

static void exit_protection(struct vcpu *vcpu, const struct exit *exit)
{
    (void)exit;
    vcpu_exception(vcpu, VECTOR_GP, 0);
}

static void exit_rdmsr(struct vcpu *vcpu, const struct exit *exit)
{
    struct guest *guest = vcpu->guest;
    uint64_t value = 0;

    if (msr_read(&vcpu->msr, (uint32_t)guest_gpr(guest, GPR_RCX), &value) ==
        MSR_GP) {
        vcpu_exception(vcpu, VECTOR_GP, 0);
        return;
    }
    set_rdx_rax(guest, value);
    guest_skip(guest, exit->length);
}

static void exit_wrmsr(struct vcpu *vcpu, const struct exit *exit)
{
    struct guest *guest = vcpu->guest;

    if (msr_write(&vcpu->msr, (uint32_t)guest_gpr(guest, GPR_RCX),
                  rdx_rax(guest)) == MSR_GP) {
        vcpu_exception(vcpu, VECTOR_GP, 0);
        return;
    }
    guest_skip(guest, exit->length);
}

/* Exits of a local APIC that the processor plays (vmm/chip/lapic_apicv.c).
 * Both come after their instruction. */
static void exit_virtualized_eoi(struct vcpu *vcpu, const struct exit *exit)
{
    lapic_virtual_eoi(&vcpu->lapic, (uint8_t)exit->qualification);
}

static void exit_apic_write(struct vcpu *vcpu, const struct exit *exit)
{
    lapic_virtual_write(&vcpu->lapic, exit->qualification & PAGE_OFFSET);
}

static void exit_xsetbv(struct vcpu *vcpu, const struct exit *exit)
{
    struct guest *guest = vcpu->guest;
    uint64_t value = rdx_rax(guest);

    if ((uint32_t)guest_gpr(guest, GPR_RCX) != 0 ||
        !cpuid_xcr0_valid(&vcpu->vm->cpuid, value) ||
        !guest_set_xcr0(guest, value)) {
        vcpu_exception(vcpu, VECTOR_GP, 0);
        return;
    }
    guest_skip(guest, exit->length);
}

/* A task gate or a TSS in a far transfer. A 64-bit kernel cannot have one,
 * and the switch is not emulated. */
static void exit_task_switch(struct vcpu *vcpu, const struct exit *exit)
{
    vcpu_crash(vcpu,
               "hardware task switch to selector %#llx: not offered "
               "(use interrupt gates, SDM 3A 7.3)",
               (unsigned long long)(exit->qualification & 0xffff));
}

static void exit_entry_failed(struct vcpu *vcpu, const struct exit *exit)
{
    vcpu_crash(vcpu, "the processor refuses this guest state (%s)",
               exit_reason_name(exit->reason));
}

static void exit_ept_misconfiguration(struct vcpu *vcpu,
                                      const struct exit *exit)
{
    vcpu_crash(vcpu, "EPT misconfiguration at %#llx: a defect of Lintel",
               (unsigned long long)exit->ept.gpa);
}

/* Exits that come only if a control asks for them, which Lintel does not set,
 * or under a monitor of SMIs, which it does not have. */
static void exit_unasked(struct vcpu *vcpu, const struct exit *exit)
{
    vcpu_crash(vcpu,
               "VM exit %s (%u), for which no control was set: a defect of "
               "Lintel or of the processor",
               exit_reason_name(exit->reason), (unsigned)exit->reason);
}

/* Every reason of the SDM has its entry. SEAMCALL and TDCALL exit on every
 * processor that has them, whatever the controls say (SDM 3C 26.1.2). */
static const exit_handler handlers[EXIT_REASON_COUNT] = {
    [EXIT_EXCEPTION_NMI] = exit_exception,
    [EXIT_EXTERNAL_INTERRUPT] = exit_nothing,
    [EXIT_TRIPLE_FAULT] = exit_triple_fault,
    [EXIT_INIT] = exit_nothing,
    [EXIT_SIPI] = exit_nothing,
    [EXIT_IO_SMI] = exit_unasked,
    [EXIT_OTHER_SMI] = exit_unasked,
    [EXIT_INTERRUPT_WINDOW] = exit_nothing,
    [EXIT_NMI_WINDOW] = exit_nmi_window,
    [EXIT_TASK_SWITCH] = exit_task_switch,
    [EXIT_CPUID] = exit_cpuid,
    [EXIT_GETSEC] = exit_undefined,
    [EXIT_HLT] = exit_hlt,
    [EXIT_INVD] = exit_skip,
    [EXIT_INVLPG] = exit_unasked,
    [EXIT_RDPMC] = exit_protection,
    [EXIT_RDTSC] = exit_unasked,
    [EXIT_RSM] = exit_undefined,
    [EXIT_VMCALL] = exit_vmcall,
    [EXIT_VMCLEAR] = exit_undefined,
    [EXIT_VMLAUNCH] = exit_undefined,
    [EXIT_VMPTRLD] = exit_undefined,
    [EXIT_VMPTRST] = exit_undefined,
    [EXIT_VMREAD] = exit_undefined,
    [EXIT_VMRESUME] = exit_undefined,
    [EXIT_VMWRITE] = exit_undefined,
    [EXIT_VMXOFF] = exit_undefined,
    [EXIT_VMXON] = exit_undefined,
    [EXIT_CR_ACCESS] = cr_exit,
    [EXIT_MOV_DR] = exit_unasked,
    [EXIT_IO] = io_exit,
    [EXIT_RDMSR] = exit_rdmsr,
    [EXIT_WRMSR] = exit_wrmsr,
    [EXIT_ENTRY_GUEST_STATE] = exit_entry_failed,
    [EXIT_ENTRY_MSR_LOADING] = exit_entry_failed,
    [EXIT_ENTRY_MACHINE_CHECK] = exit_entry_failed,
    [EXIT_MWAIT] = exit_undefined,
    [EXIT_MONITOR_TRAP] = exit_unasked,
    [EXIT_MONITOR] = exit_undefined,
    [EXIT_PAUSE] = exit_pause,
    [EXIT_TPR_BELOW_THRESHOLD] = exit_unasked,
    [EXIT_APIC_ACCESS] = mmio_apic_exit,
    [EXIT_VIRTUALIZED_EOI] = exit_virtualized_eoi,
    [EXIT_GDTR_IDTR] = exit_unasked,
    [EXIT_LDTR_TR] = exit_unasked,
    [EXIT_EPT_VIOLATION] = mmio_exit,
    [EXIT_EPT_MISCONFIGURATION] = exit_ept_misconfiguration,
    [EXIT_INVEPT] = exit_undefined,
    [EXIT_RDTSCP] = exit_unasked,
    [EXIT_INVVPID] = exit_undefined,
    [EXIT_PREEMPTION_TIMER] = exit_nothing,
    [EXIT_WBINVD] = exit_skip,
    [EXIT_XSETBV] = exit_xsetbv,
    [EXIT_APIC_WRITE] = exit_apic_write,
    [EXIT_RDRAND] = exit_unasked,
    [EXIT_INVPCID] = exit_unasked,
    [EXIT_VMFUNC] = exit_undefined,
    [EXIT_ENCLS] = exit_undefined,
    [EXIT_RDSEED] = exit_unasked,
    [EXIT_PML_FULL] = exit_unasked,
    [EXIT_XSAVES] = exit_unasked,
    [EXIT_XRSTORS] = exit_unasked,
    [EXIT_PCONFIG] = exit_undefined,
    [EXIT_SUB_PAGE_PERMISSION] = exit_unasked,
    [EXIT_UMWAIT] = exit_undefined,
    [EXIT_TPAUSE] = exit_undefined,
    [EXIT_LOADIWKEY] = exit_undefined,
    [EXIT_ENCLV] = exit_undefined,
    [EXIT_ENQCMD_PASID] = exit_undefined,
    [EXIT_ENQCMDS_PASID] = exit_undefined,
    [EXIT_BUS_LOCK] = exit_unasked,
    [EXIT_INSTRUCTION_TIMEOUT] = exit_unasked,
    [EXIT_SEAMCALL] = exit_undefined,
    [EXIT_TDCALL] = exit_undefined,
    [EXIT_RDMSRLIST] = exit_undefined,
    [EXIT_WRMSRLIST] = exit_undefined,
    [EXIT_URDMSR] = exit_undefined,
    [EXIT_UWRMSR] = exit_undefined,
    [EXIT_RDMSR_IMMEDIATE] = exit_undefined,
    [EXIT_WRMSRNS_IMMEDIATE] = exit_undefined,
};

void exits_handle(struct vcpu *vcpu, const struct exit *exit)
{
    if (exit->reason >= EXIT_REASON_COUNT || handlers[exit->reason] == NULL) {
        vcpu_crash(vcpu, "VM exit without a handler: %s (%u)",
                   exit_reason_name(exit->reason), (unsigned)exit->reason);
        return;
    }
    vcpu->exits[exit->reason]++;
    handlers[exit->reason](vcpu, exit);
}
