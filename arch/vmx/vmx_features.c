/* Reads CPUID once: the extended state, control-register bits and MSRs that
 * guests can have, and the mitigations that VM entries need against
 * speculation (Intel's guidance for L1TF, MDS and branch target injection;
 * SDM 2A CPUID leaf 7, SDM 4 Table 2-2 IA32_ARCH_CAPABILITIES). */
#include "arch/vmx/vmx_features.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/cpu.h"
#include "arch/cpuid.h"
#include "arch/msr.h"
#include "arch/regs.h"
#include "arch/vmx/vmx_state.h"
#include "kernel/base/log.h"
#include "kernel/base/panic.h"

/* x87, SSE, AVX, the three components of AVX-512, and PKRU take 2696 bytes
 * on known processors. AMX would need more than the page that a guest has. */
#define XCR0_ALWAYS_FITS (XCR0_X87 | XCR0_SSE | XCR0_AVX)
#define XCR0_OFFERED     (XCR0_ALWAYS_FITS | XCR0_AVX512 | XCR0_PKRU)

enum cpuid_register {
    EAX,
    EBX,
    ECX,
    EDX
};

/* The CPUID bit (of leaf 1 or 7) that stands for a bit of CR4; SDM 3A 2.5. */
static const struct {
    uint64_t cr4;
    uint8_t leaf;
    uint8_t reg; /* enum cpuid_register */
    uint32_t bit;
} cr4_features[] = {
    {CR4_VME | CR4_PVI, 1, EDX, CPUID_1_EDX_VME},
    {CR4_DE, 1, EDX, CPUID_1_EDX_DE},
    {CR4_PSE, 1, EDX, CPUID_1_EDX_PSE},
    {CR4_TSD, 1, EDX, CPUID_1_EDX_TSC},
    {CR4_PAE, 1, EDX, CPUID_1_EDX_PAE},
    {CR4_MCE, 1, EDX, CPUID_1_EDX_MCE},
    {CR4_PGE, 1, EDX, CPUID_1_EDX_PGE},
    {CR4_OSFXSR, 1, EDX, CPUID_1_EDX_FXSR},
    {CR4_OSXMMEXCPT, 1, EDX, CPUID_1_EDX_SSE},
    {CR4_PCIDE, 1, ECX, CPUID_1_ECX_PCID},
    {CR4_OSXSAVE, 1, ECX, CPUID_1_ECX_XSAVE},
    {CR4_FSGSBASE, 7, EBX, CPUID_7_EBX_FSGSBASE},
    {CR4_SMEP, 7, EBX, CPUID_7_EBX_SMEP},
    {CR4_SMAP, 7, EBX, CPUID_7_EBX_SMAP},
    {CR4_UMIP, 7, ECX, CPUID_7_ECX_UMIP},
    {CR4_PKE, 7, ECX, CPUID_7_ECX_PKU},
};

static uint32_t cpuid_word(uint8_t leaf, uint8_t reg)
{
    if (leaf > cpu_cpuid(0, 0).eax) {
        return 0;
    }
    struct cpuid r = cpu_cpuid(leaf, 0);
    const uint32_t words[] = {r.eax, r.ebx, r.ecx, r.edx};
    return words[reg];
}

static uint64_t find_cr4(uint64_t fixed1)
{
    uint64_t cr4 = CR4_PCE;
    for (size_t i = 0; i < sizeof cr4_features / sizeof *cr4_features; i++) {
        uint32_t word = cpuid_word(cr4_features[i].leaf, cr4_features[i].reg);
        if (word & cr4_features[i].bit) {
            cr4 |= cr4_features[i].cr4;
        }
    }
    return cr4 & fixed1;
}

/* The size of the XSAVE area for these components, in bytes. Without XSAVE
 * it is that of FXSAVE and the header (SDM 1 13.4). */
static uint32_t area_size(uint64_t components)
{
    uint32_t size = XSAVE_MINIMUM;

    for (unsigned i = 2; i < 63; i++) {
        struct cpuid r = cpu_cpuid(0xd, i);
        if ((components >> i & 1) && r.ebx + r.eax > size) {
            size = r.ebx + r.eax;
        }
    }
    return size;
}

static void find_extended_state(struct vmx_machine *machine)
{
    machine->xcr0 = 0;
    machine->xsave_size = area_size(0);
    if (!(machine->cr4_supported & CR4_OSXSAVE)) {
        return;
    }
    struct cpuid r = cpu_cpuid(0xd, 0);
    machine->xcr0 = ((uint64_t)r.edx << 32 | r.eax) & XCR0_OFFERED;
    /* a guest has one page for it */
    if (area_size(machine->xcr0) > PAGE_SIZE) {
        machine->xcr0 &= XCR0_ALWAYS_FITS;
    }
    machine->xsave_size = area_size(machine->xcr0);
}

/* True if VERW clears something that a guest could otherwise read:
 * - fill buffers, by MDS;
 * - fill buffers, in a transaction that aborts (TAA), which a guest can begin
 *   whatever its CPUID says;
 * - register files (RFDS).
 * Other leaks need accesses to device memory, which a guest does not have. */
static bool buffers_tell(uint32_t edx, uint64_t arch)
{
    bool transactions = cpuid_word(7, EBX) & CPUID_7_EBX_RTM;

    if ((edx & CPUID_7_EDX_MD_CLEAR) &&
        (!(arch & ARCH_MDS_NO) || (transactions && !(arch & ARCH_TAA_NO)))) {
        return true;
    }
    return (arch & ARCH_RFDS_CLEAR) && !(arch & ARCH_RFDS_NO);
}

/* Enhanced IBRS is written once. It keeps the guest's branch and return
 * predictions from Lintel; on some processors it misses one return (PBRSB). The
 * older IBRS has to be written after each exit, and keeps only the guest's
 * branch predictions from Lintel. */
static void find_branch_mitigations(struct vmx_machine *machine, uint64_t arch)
{
    if (!(machine->spec_bits & SPEC_CTRL_IBRS)) {
        return;
    }
    machine->spec_host = SPEC_CTRL_IBRS;
    if (!(arch & ARCH_IBRS_ALL)) {
        machine->mitigations |= MITIGATION_SPEC_CTRL | MITIGATION_FILL_RSB;
    } else if (!(arch & ARCH_PBRSB_NO)) {
        machine->mitigations |= MITIGATION_ONE_RSB;
    }
}

static void find_mitigations(struct vmx_machine *machine)
{
    uint32_t edx = cpuid_word(7, EDX);
    uint64_t arch = 0;

    if (edx & CPUID_7_EDX_ARCH_CAPABILITIES) {
        arch = cpu_rdmsr(MSR_ARCH_CAPABILITIES);
    }
    machine->has_arch_capabilities = edx & CPUID_7_EDX_ARCH_CAPABILITIES;
    machine->arch_capabilities = arch;
    machine->flush_l1d = (edx & CPUID_7_EDX_FLUSH_CMD) &&
                         !(arch & ARCH_RDCL_NO) &&
                         !(arch & ARCH_SKIP_L1DFL_VMENTRY);
    machine->barrier = edx & CPUID_7_EDX_SPEC_CTRL;
    machine->mitigations = buffers_tell(edx, arch) ? MITIGATION_VERW : 0;
    machine->spec_bits = (edx & CPUID_7_EDX_SPEC_CTRL ? SPEC_CTRL_IBRS : 0) |
                         (edx & CPUID_7_EDX_STIBP ? SPEC_CTRL_STIBP : 0) |
                         (edx & CPUID_7_EDX_SSBD ? SPEC_CTRL_SSBD : 0);
    machine->spec_host = 0;
    find_branch_mitigations(machine, arch);
}

void vmx_features_find(struct vmx_machine *machine)
{
    uint32_t secondary = machine->controls[CONTROL_SECONDARY];
    uint32_t last = cpu_cpuid(0x80000000U, 0).eax;
    uint32_t extended = cpu_cpuid(0x80000001U, 0).edx;
    bool rdtscp = extended & CPUID_80000001_EDX_RDTSCP;

    machine->cr4_supported = find_cr4(machine->cr4_fixed1);
    find_extended_state(machine);
    machine->rdtscp = rdtscp && (secondary & SECONDARY_RDTSCP);
    machine->tsc_aux = rdtscp || cpuid_word(7, ECX) & CPUID_7_ECX_RDPID;
    machine->invpcid = (cpuid_word(7, EBX) & CPUID_7_EBX_INVPCID) &&
                       (secondary & SECONDARY_INVPCID);
    machine->xsaves = machine->xcr0 &&
                      (cpu_cpuid(0xd, 1).eax & CPUID_D1_EAX_XSAVES) &&
                      (secondary & SECONDARY_XSAVES);
    machine->physical_bits =
        last >= 0x80000008U ? cpu_cpuid(0x80000008U, 0).eax & 0xff : 36;
    machine->efer_allowed =
        (uint32_t)(EFER_SCE | EFER_LME | EFER_LMA) |
        (extended & CPUID_80000001_EDX_NX ? (uint32_t)EFER_NXE : 0);
    find_mitigations(machine);
}

static const char *yes(uint64_t value)
{
    return value ? "yes" : "no";
}

void vmx_features_log(const struct vmx_machine *machine)
{
    uint64_t ept = machine->ept_vpid;
    log_debug("vmx: VMCS revision %#x, %u physical address bits, EPT/VPID "
              "capabilities %#llx",
              machine->revision, machine->physical_bits,
              (unsigned long long)ept);
    log_debug("vmx: EPT pages of 2 MiB %s, of 1 GiB %s, accessed/dirty %s",
              yes(ept & EPT_CAP_2M), yes(ept & EPT_CAP_1G),
              yes(ept & EPT_CAP_ACCESSED_DIRTY));
    log_debug("vmx: guests may set CR4 %#llx, XCR0 %#llx, EFER %#x",
              (unsigned long long)machine->cr4_supported,
              (unsigned long long)machine->xcr0, machine->efer_allowed);
    log_debug(
        "vmx: against speculation: L1D flush %s, IBPB %s, VERW %s, "
        "return stack %s, SPEC_CTRL %#llx",
        yes(machine->flush_l1d), yes(machine->barrier),
        yes(machine->mitigations & MITIGATION_VERW),
        yes(machine->mitigations & (MITIGATION_FILL_RSB | MITIGATION_ONE_RSB)),
        (unsigned long long)machine->spec_host);
}
