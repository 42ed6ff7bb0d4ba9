/* VMX on a processor: its capabilities, turning it on and off. Implements
 * arch/vmx/vmx.h; the other files of this folder take the capabilities from
 * vmx_machine. SDM 3C 24.6 to 24.8, SDM 3D Appendix A. */
#include "arch/vmx/vmx.h"

#include <stddef.h>
#include <stdint.h>

#include "arch/cpu.h"
#include "arch/cpu_identity.h"
#include "arch/cpuid.h"
#include "arch/msr.h"
#include "arch/page_source.h"
#include "arch/regs.h"
#include "arch/vmx/vmx_difference.h"
#include "arch/vmx/vmx_features.h"
#include "arch/vmx/vmx_insn.h"
#include "arch/vmx/vmx_state.h"
#include "kernel/base/format.h"
#include "kernel/base/log.h"
#include "kernel/base/panic.h"
#include "kernel/base/string.h"

#define BASIC_TRUE_MSRS (1ULL << 55)
#define BASIC_REVISION  0x7fffffffULL

struct vmx_machine vmx_machine;

static const char *const no_vmx_virtual =
    "this virtual machine's processor has no VMX: Lintel needs an Intel host "
    "with nested virtualisation (kvm_intel's parameter `nested` is Y) and "
    "QEMU with `-accel kvm -cpu host,+vmx`; QEMU's TCG has no VMX";
static const char *const no_vmx_intel = "this processor has no VMX (VT-x)";
static const char *const no_vmx_other =
    "this is not an Intel processor: Lintel needs VMX (VT-x)";
static const char *const locked_off =
    "VMX is locked off by the firmware: turn on VT-x / Intel Virtualization "
    "in its set-up";

/* "this processor's VMX lacks NAME, which Lintel needs". The sentence is
 * valid until the next call. */
static const char *lacks(const char *name)
{
    static char sentence[160];
    const char *const parts[] = {"this processor's VMX lacks ", name,
                                 ", which Lintel needs (under QEMU: -cpu "
                                 "host,+vmx)"};
    size_t length = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        for (const char *p = parts[i]; *p && length + 1 < sizeof sentence;
             p++) {
            sentence[length++] = *p;
        }
    }
    sentence[length] = '\0';
    return sentence;
}

/* The capability words, in their TRUE variants where there are any. Words
 * that the processor does not have stay 0. */
void vmx_capabilities(uint64_t capability[CONTROL_WORDS])
{
    bool exact = cpu_rdmsr(MSR_VMX_BASIC) & BASIC_TRUE_MSRS;
    capability[CONTROL_PIN] = cpu_rdmsr(exact ? MSR_VMX_TRUE_PIN : MSR_VMX_PIN);
    capability[CONTROL_PRIMARY] =
        cpu_rdmsr(exact ? MSR_VMX_TRUE_PRIMARY : MSR_VMX_PRIMARY);
    capability[CONTROL_EXIT] =
        cpu_rdmsr(exact ? MSR_VMX_TRUE_EXIT : MSR_VMX_EXIT);
    capability[CONTROL_ENTRY] =
        cpu_rdmsr(exact ? MSR_VMX_TRUE_ENTRY : MSR_VMX_ENTRY);
    capability[CONTROL_SECONDARY] = 0;
    if (capability[CONTROL_PRIMARY] >> 63) {
        capability[CONTROL_SECONDARY] = cpu_rdmsr(MSR_VMX_SECONDARY);
    }
}

static const char *missing_ept(uint64_t capability)
{
    static const struct {
        uint64_t bits;
        const char *name;
    } needs[] = {
        {EPT_CAP_4_LEVEL, "EPT with four levels"},
        {EPT_CAP_WRITE_BACK, "EPT with write-back memory"},
        {EPT_CAP_INVEPT, "INVEPT"},
    };
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
        if (!(capability & needs[i].bits)) {
            return lacks(needs[i].name);
        }
    }
    if (!(capability & (EPT_CAP_INVEPT_SINGLE | EPT_CAP_INVEPT_ALL))) {
        return lacks("INVEPT");
    }
    return NULL;
}

const char *vmx_missing(void)
{
    uint64_t capability[CONTROL_WORDS];
    uint32_t fitted[CONTROL_WORDS];
    uint32_t ecx = cpu_cpuid(1, 0).ecx;

    if (!(ecx & CPUID_1_ECX_VMX)) {
        if (ecx & CPUID_1_ECX_HYPERVISOR) {
            return no_vmx_virtual;
        }
        return cpu_identity_is_intel() ? no_vmx_intel : no_vmx_other;
    }
    uint64_t feature = cpu_rdmsr(MSR_FEATURE_CONTROL);
    if ((feature & FEATURE_CONTROL_LOCK) && !(feature & FEATURE_CONTROL_VMX)) {
        return locked_off;
    }
    vmx_capabilities(capability);
    const struct vmx_control *control = vmx_controls_fit(capability, fitted);
    if (control) {
        return lacks(control->name);
    }
    /* EPT was found, so this register exists (SDM 3D A.10). */
    return missing_ept(cpu_rdmsr(MSR_VMX_EPT_VPID));
}

static bool offers_posting(const uint64_t capability[CONTROL_WORDS])
{
    return capability[CONTROL_PIN] >> 32 & PIN_POSTED_INTERRUPTS;
}

/* Logs which kind of local APIC guests get, and why. */
static void log_apic(const uint64_t capability[CONTROL_WORDS])
{
    const char *missing = vmx_controls_no_apic(capability);

    if (missing == NULL) {
        log_info("local APICs: by the processor (APIC accesses, register "
                 "virtualization, x2APIC mode, virtual-interrupt delivery%s)",
                 offers_posting(capability) ? ", posted interrupts" : "");
    } else {
        log_info("local APICs: in software (the processor has no %s)", missing);
    }
}

static void fit_machine(struct vmx_machine *machine,
                        const uint64_t capability[CONTROL_WORDS])
{
    CHECK(!vmx_controls_fit(capability, machine->controls));
    machine->revision = (uint32_t)(cpu_rdmsr(MSR_VMX_BASIC) & BASIC_REVISION);
    machine->ept_vpid = cpu_rdmsr(MSR_VMX_EPT_VPID);
    if (!(machine->ept_vpid & EPT_CAP_INVVPID) ||
        !(machine->ept_vpid & (EPT_CAP_INVVPID_SINGLE | EPT_CAP_INVVPID_ALL))) {
        machine->controls[CONTROL_SECONDARY] &= ~SECONDARY_VPID;
    }
    /* A hypervisor below Lintel would have to emulate the timer at each
     * entry; and its external interrupts can be relied on. */
    if (cpu_cpuid(1, 0).ecx & CPUID_1_ECX_HYPERVISOR) {
        machine->controls[CONTROL_PIN] &= ~PIN_PREEMPTION_TIMER;
    }
    machine->timer_shift = (unsigned)bits(cpu_rdmsr(MSR_VMX_MISC), 4, 0);
    /* With unrestricted guest, PE and PG need not be set (SDM 3C 24.8). */
    machine->cr0_fixed0 = cpu_rdmsr(MSR_VMX_CR0_FIXED0) & ~(CR0_PE | CR0_PG);
    machine->cr0_fixed1 = cpu_rdmsr(MSR_VMX_CR0_FIXED1);
    machine->cr4_fixed0 = cpu_rdmsr(MSR_VMX_CR4_FIXED0);
    machine->cr4_fixed1 = cpu_rdmsr(MSR_VMX_CR4_FIXED1);
    vmx_features_find(machine);
    machine->apic = vmx_controls_no_apic(capability) == NULL;
    machine->posting = machine->apic && offers_posting(capability);
    machine->ready = true;
}

/* The boot processor's VMX is the machine's. NULL, or a sentence if this
 * processor's is another. It is valid until the next call. */
static const char *misfit(void)
{
    static struct vmx_machine here; /* only one processor starts at a time */
    uint64_t capability[CONTROL_WORDS];

    memset(&here, 0, sizeof here);
    vmx_capabilities(capability);
    fit_machine(&here, capability);
    if (vmx_machine.ready) {
        static char sentence[120];
        const char *name = vmx_difference(&vmx_machine, &here);

        if (!name) {
            return NULL;
        }
        format_sn(sentence, sizeof sentence,
                  "%s differs from the first processor's", name);
        return sentence;
    }
    vmx_machine = here;
    vmx_controls_log(capability, here.controls);
    log_apic(capability);
    vmx_features_log(&here);
    return NULL;
}

/* Sets CR0 and CR4 so that XSAVE works for guests' state, and so that VMXON
 * finds the fixed bits of SDM 3C 24.8. */
static void set_control_registers(const struct vmx_machine *machine)
{
    uint64_t cr0 = cpu_read_cr0() & ~(CR0_TS | CR0_EM);
    uint64_t cr4 = cpu_read_cr4() | CR4_VMXE | CR4_OSFXSR | CR4_OSXMMEXCPT;
    if (machine->xcr0) {
        cr4 |= CR4_OSXSAVE;
    }
    cpu_write_cr0((cr0 | machine->cr0_fixed0) & machine->cr0_fixed1);
    cpu_write_cr4((cr4 | machine->cr4_fixed0) & machine->cr4_fixed1);
}

/* Turns VMX off, before the processor halts or the machine is turned off. */
static void disable(void)
{
    struct vmx_processor *processor = vmx_processor();

    /* the VMXON region stays taken, since the machine ends */
    vmx_vmxoff();
    cpu_write_cr4(cpu_read_cr4() & ~CR4_VMXE);
    processor->vmxon = NULL;
    processor->vmcs = NULL;
    processor->loaded = NULL;
    processor->ready = NULL;
    processor_here()->leave_guests = NULL;
}

const char *vmx_enable(struct page_source *pages)
{
    struct vmx_processor *processor = vmx_processor();
    const char *missing = vmx_missing();
    if (missing) {
        return missing;
    }
    CHECK(!processor->vmxon);
    uint64_t feature = cpu_rdmsr(MSR_FEATURE_CONTROL);
    if (!(feature & FEATURE_CONTROL_LOCK)) {
        cpu_wrmsr(MSR_FEATURE_CONTROL,
                  feature | FEATURE_CONTROL_VMX | FEATURE_CONTROL_LOCK);
    }
    missing = misfit();
    if (missing) {
        return missing;
    }
    uint32_t *region = pages->alloc(pages);
    if (!region) {
        return "no memory is left for VMX's own page";
    }
    *region = vmx_machine.revision;
    set_control_registers(&vmx_machine);
    if (vmx_machine.spec_bits) {
        cpu_wrmsr(MSR_SPEC_CTRL, vmx_machine.spec_host);
    }
    if (vmx_machine.xsaves) {
        /* a guest's XSAVES uses this MSR, which must name nothing of the
         * firmware's */
        cpu_wrmsr(MSR_XSS, 0);
    }
    if (vmx_vmxon((uintptr_t)region) != VMX_OK) {
        pages->free(pages, region);
        return "VMXON failed on this processor";
    }
    processor->vmxon = region;
    processor_here()->leave_guests = disable;
    /* flushes mappings of an earlier user of VMX on this processor */
    vmx_flush_ept(0);
    return NULL;
}

void vmx_flush_ept(uint64_t pointer)
{
    bool single = pointer && (vmx_machine.ept_vpid & EPT_CAP_INVEPT_SINGLE);
    if (!vmx_processor()->vmxon) {
        return;
    }
    if (!single && !(vmx_machine.ept_vpid & EPT_CAP_INVEPT_ALL)) {
        return; /* nothing is known to be cached, and there is no way to flush
                   all */
    }
    enum vmx_status status =
        vmx_invept(single ? INVEPT_SINGLE : INVEPT_ALL, pointer);
    if (status != VMX_OK) {
        vmx_error_panic("INVEPT", status);
    }
}

void vmx_flush_vpid(uint16_t vpid)
{
    bool single = vmx_machine.ept_vpid & EPT_CAP_INVVPID_SINGLE;
    if (!vpid || !vmx_processor()->vmxon) {
        return; /* without VPIDs each entry and exit flushes */
    }
    enum vmx_status status =
        vmx_invvpid(single ? INVVPID_SINGLE : INVVPID_ALL, single ? vpid : 0);
    if (status != VMX_OK) {
        vmx_error_panic("INVVPID", status);
    }
}
