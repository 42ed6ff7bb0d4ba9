/* CPUID at an exit, and look-ups in the policy for other files; see the header.
 * vmm/cpu/cpuid_prepare.c makes the policy. Leaves are those of SDM 2A, CPUID,
 * Table 3-8. */
#include "vmm/cpu/cpuid.h"

#include "arch/cpuid.h"
#include "arch/msr.h"
#include "arch/regs.h"
#include "arch/vmx/guest.h"
#include "vmm/chip/lapic.h"
#include "vmm/cpu/cpuid_policy.h"
#include "vmm/cpu/msr.h"

#define ECX1_OSXSAVE  (1U << 27)
#define EAXD_COMPACT  (CPUID_D1_EAX_XSAVEC | CPUID_D1_EAX_XSAVES)
#define LEAF_80000001 (CPUID_EXTENDED_FIRST + 1)

/* The highest basic leaf while IA32_MISC_ENABLE's "Limit CPUID Maxval" is set
 * (SDM 4 Table 2-2). */
#define LEAF_LIMITED 2U

/* Returns the size in bytes of an XSAVE area with the components of `xcr0` (SDM
 * 1 13.4). */
static uint32_t xsave_size(const struct cpuid_policy *policy, uint64_t xcr0,
                           bool compact)
{
    uint32_t size = XSAVE_MINIMUM;

    for (uint32_t i = 2; i < CPUID_XSAVE; i++) {
        const struct cpuid_regs *part = &policy->xsave[i];

        if ((xcr0 >> i & 1) == 0 || part->eax == 0) {
            continue;
        }
        if (!compact) {
            uint32_t end = part->ebx + part->eax;

            size = end > size ? end : size;
            continue;
        }
        if ((part->ecx & 2) != 0) {
            size = (size + 63) & ~63U;
        }
        size += part->eax;
    }
    return size;
}

/* Answers leaves 0xb and 0x1f. Each core has one thread, and one package has
 * all cores. In every subleaf EDX is the x2APIC id and ECX 7:0 is the
 * subleaf. */
static struct cpuid_regs topology(const struct msr_context *vcpu,
                                  uint32_t subleaf)
{
    enum {
        LEVEL_SMT = 1,
        LEVEL_CORE = 2
    };
    struct cpuid_regs regs = {.ecx = subleaf & 0xff, .edx = vcpu->index};

    if (subleaf == 0) {
        regs.ebx = 1;
        regs.ecx |= LEVEL_SMT << 8;
    } else if (subleaf == 1) {
        regs.eax = cpuid_width(vcpu->cpuid->cpu_count);
        regs.ebx = vcpu->cpuid->cpu_count;
        regs.ecx |= LEVEL_CORE << 8;
    }
    return regs;
}

static struct cpuid_regs xsave_leaf(const struct msr_context *vcpu,
                                    uint32_t subleaf)
{
    const struct cpuid_policy *policy = vcpu->cpuid;
    struct cpuid_regs regs = {0};

    if (subleaf >= CPUID_XSAVE || policy->xsave[0].eax == 0) {
        return regs;
    }
    regs = policy->xsave[subleaf];
    if (subleaf == 0) {
        regs.ebx =
            xsave_size(policy, guest_get(vcpu->guest, GUEST_XCR0), false);
        regs.ecx = xsave_size(policy, policy->xcr0, false);
    } else if (subleaf == 1 && (regs.eax & EAXD_COMPACT) != 0) {
        /* For XSAVEC and XSAVES. The guest has no bit of IA32_XSS, so only XCR0
         * counts. */
        regs.ebx = xsave_size(policy, guest_get(vcpu->guest, GUEST_XCR0), true);
    }
    return regs;
}

static bool limited(const struct msr_context *vcpu)
{
    return (vcpu->misc_enable & MISC_ENABLE_LIMIT_CPUID) != 0;
}

static struct cpuid_regs basic_leaf(const struct msr_context *vcpu,
                                    uint32_t leaf, uint32_t subleaf)
{
    static const struct cpuid_regs none;
    const struct cpuid_policy *policy = vcpu->cpuid;
    struct cpuid_regs regs;

    if (leaf > LEAF_LIMITED && limited(vcpu)) {
        return policy->basic[LEAF_LIMITED];
    }
    switch (leaf) {
    case 0:
        regs = policy->basic[0];
        if (limited(vcpu)) {
            regs.eax = LEAF_LIMITED;
        }
        return regs;
    case 1:
        regs = policy->basic[1];
        regs.ebx |= vcpu->index << 24;
        if ((guest_get(vcpu->guest, GUEST_CR4) & CR4_OSXSAVE) != 0) {
            regs.ecx |= ECX1_OSXSAVE;
        }
        /* The bit is 0 while the local APIC is disabled (SDM 3A 11.4.3). */
        if ((vcpu->lapic->base & APIC_BASE_EN) == 0) {
            regs.edx &= ~CPUID_1_EDX_APIC;
        }
        return regs;
    case 4:
        return subleaf < CPUID_CACHES ? policy->cache[subleaf] : none;
    case 7:
        return subleaf < CPUID_FEATURES ? policy->feature[subleaf] : none;
    case 0xb:
    case 0x1f:
        return topology(vcpu, subleaf);
    case 0xd:
        return xsave_leaf(vcpu, subleaf);
    default:
        if (leaf < CPUID_BASIC) {
            return policy->basic[leaf];
        }
        /* A leaf beyond the largest one gives the largest one's data, which is
         * topology (SDM 2A, CPUID). */
        return leaf <= CPUID_LEAF_MAX ? none : topology(vcpu, subleaf);
    }
}

/* Answers a hypervisor's leaves and the extended ones. False: `leaf` is none of
 * them. */
static bool upper_leaf(const struct msr_context *vcpu, uint32_t leaf,
                       struct cpuid_regs *regs)
{
    const struct cpuid_policy *policy = vcpu->cpuid;

    if (leaf <= CPUID_HYPER_MAX) {
        *regs = policy->hyper[leaf - CPUID_HYPER_FIRST];
    } else if (leaf == CPUID_LINTEL) {
        *regs = cpuid_signature(CPUID_LINTEL, "LintelLintel");
    } else if (leaf <= CPUID_HYPER_LAST) {
        *regs = (struct cpuid_regs){0};
    } else if (leaf >= CPUID_EXTENDED_FIRST && leaf <= CPUID_EXTENDED_MAX) {
        *regs = policy->extended[leaf - CPUID_EXTENDED_FIRST];
        if (leaf == LEAF_80000001 &&
            (vcpu->misc_enable & MISC_ENABLE_XD_DISABLE) != 0) {
            regs->edx &= ~CPUID_80000001_EDX_NX;
        }
    } else {
        return false;
    }
    return true;
}

void cpuid_emulate(const struct msr_context *vcpu, uint32_t leaf,
                   uint32_t subleaf, struct cpuid_regs *regs)
{
    if (leaf < CPUID_HYPER_FIRST || !upper_leaf(vcpu, leaf, regs)) {
        *regs = basic_leaf(vcpu, leaf, subleaf);
    }
}

/* Where each feature's bit is, and which bit of CR4 it lets the guest set. */
static const struct {
    uint32_t leaf;
    uint32_t subleaf;
    enum cpuid_register reg;
    uint32_t bit;
    uint64_t cr4;
} features[CPUID_FEATURE_COUNT] = {
    [CPUID_HAS_PCID] = {1, 0, CPUID_ECX, CPUID_1_ECX_PCID, CR4_PCIDE},
    [CPUID_HAS_XSAVE] = {1, 0, CPUID_ECX, CPUID_1_ECX_XSAVE, CR4_OSXSAVE},
    [CPUID_HAS_FSGSBASE] = {7, 0, CPUID_EBX, CPUID_7_EBX_FSGSBASE,
                            CR4_FSGSBASE},
    [CPUID_HAS_TSC_ADJUST] = {7, 0, CPUID_EBX, CPUID_7_EBX_TSC_ADJUST, 0},
    [CPUID_HAS_SMEP] = {7, 0, CPUID_EBX, CPUID_7_EBX_SMEP, CR4_SMEP},
    [CPUID_HAS_SMAP] = {7, 0, CPUID_EBX, CPUID_7_EBX_SMAP, CR4_SMAP},
    [CPUID_HAS_UMIP] = {7, 0, CPUID_ECX, CPUID_7_ECX_UMIP, CR4_UMIP},
    [CPUID_HAS_RDTSCP] = {0x80000001, 0, CPUID_EDX, CPUID_80000001_EDX_RDTSCP,
                          0},
    [CPUID_HAS_RDPID] = {7, 0, CPUID_ECX, CPUID_7_ECX_RDPID, 0},
    [CPUID_HAS_XSAVES] = {0xd, 1, CPUID_EAX, CPUID_D1_EAX_XSAVES, 0},
    [CPUID_HAS_NX] = {0x80000001, 0, CPUID_EDX, CPUID_80000001_EDX_NX, 0},
    [CPUID_HAS_GIB_PAGES] = {0x80000001, 0, CPUID_EDX,
                             CPUID_80000001_EDX_PAGE1GB, 0},
    [CPUID_HAS_SPEC_CTRL] = {7, 0, CPUID_EDX, CPUID_7_EDX_SPEC_CTRL, 0},
    [CPUID_HAS_STIBP] = {7, 0, CPUID_EDX, CPUID_7_EDX_STIBP, 0},
    [CPUID_HAS_SSBD] = {7, 0, CPUID_EDX, CPUID_7_EDX_SSBD, 0},
    [CPUID_HAS_ARCH_CAPABILITIES] = {7, 0, CPUID_EDX,
                                     CPUID_7_EDX_ARCH_CAPABILITIES, 0},
};

bool cpuid_has(const struct cpuid_policy *policy, enum cpuid_feature feature)
{
    struct cpuid_regs regs;
    uint32_t leaf = features[feature].leaf;

    switch (leaf) {
    case 7:
        regs = policy->feature[features[feature].subleaf];
        break;
    case 0xd:
        regs = policy->xsave[features[feature].subleaf];
        break;
    default:
        regs = leaf >= CPUID_EXTENDED_FIRST
                   ? policy->extended[leaf - CPUID_EXTENDED_FIRST]
                   : policy->basic[leaf];
        break;
    }
    return (*cpuid_register(&regs, features[feature].reg) &
            features[feature].bit) != 0;
}

uint64_t cpuid_cr4_allowed(const struct cpuid_policy *policy)
{
    uint64_t allowed = CR4_VME | CR4_PVI | CR4_TSD | CR4_DE | CR4_PSE |
                       CR4_PAE | CR4_MCE | CR4_PGE | CR4_PCE | CR4_OSFXSR |
                       CR4_OSXMMEXCPT;

    for (unsigned i = 0; i < CPUID_FEATURE_COUNT; i++) {
        if (cpuid_has(policy, (enum cpuid_feature)i)) {
            allowed |= features[i].cr4;
        }
    }
    return allowed & guest_cr4_supported();
}

bool cpuid_xcr0_valid(const struct cpuid_policy *policy, uint64_t xcr0)
{
    if ((xcr0 & XCR0_X87) == 0 || (xcr0 & ~policy->xcr0) != 0) {
        return false;
    }
    if ((xcr0 & XCR0_AVX) != 0 && (xcr0 & XCR0_SSE) == 0) {
        return false;
    }
    return (xcr0 & XCR0_AVX512) == 0 ||
           ((xcr0 & XCR0_AVX512) == XCR0_AVX512 && (xcr0 & XCR0_AVX) != 0);
}

uint64_t cpuid_arch_capabilities(const struct cpuid_policy *policy)
{
    return policy->arch_capabilities;
}

unsigned cpuid_physical_bits(const struct cpuid_policy *policy)
{
    return policy->extended[8].eax & 0xff;
}
