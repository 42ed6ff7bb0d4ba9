/* Makes a VM's CPUID policy; see vmm/cpu/cpuid.h. The allow-list of feature
 * bits is vmm/cpu/cpuid_allowed.c. This file applies it and adds topology,
 * caches, XSAVE, clocks and names. Leaves are those of SDM 2A, CPUID, Table
 * 3-8. */
#include "arch/cpuid.h"
#include "arch/msr.h"
#include "arch/regs.h"
#include "arch/vmx/guest.h"
#include "kernel/base/string.h"
#include "vmm/cpu/cpuid.h"
#include "vmm/cpu/cpuid_allowed.h"
#include "vmm/cpu/cpuid_policy.h"
#include "vmm/cpu/kvmclock.h"

#define EDX1_HTT                  (1U << 28)
#define EAX6_ARAT                 (1U << 2)
#define EDX80000007_INVARIANT_TSC (1U << 8)

/* A bit of KVM's paravirtual features (leaf 0x40000001): I/O ports need no
 * delays, so a kernel leaves out its writes to port 0x80. */
#define KVM_FEATURE_NOP_IO_DELAY (1U << 1)

#define LINEAR_BITS           48U /* there is no 5-level paging */
#define PHYSICAL_BITS_DEFAULT 36U
#define PHYSICAL_BITS_EPT     48U /* width of four-level EPT's addresses */

#define XCR0_KNOWN (XCR0_X87 | XCR0_SSE | XCR0_AVX | XCR0_AVX512)

uint32_t *cpuid_register(struct cpuid_regs *regs, enum cpuid_register reg)
{
    switch (reg) {
    case CPUID_EAX:
        return &regs->eax;
    case CPUID_EBX:
        return &regs->ebx;
    case CPUID_ECX:
        return &regs->ecx;
    default:
        return &regs->edx;
    }
}

struct cpuid_regs cpuid_signature(uint32_t max, const char *text)
{
    uint32_t words[3];

    memcpy(words, text, sizeof(words));
    return (struct cpuid_regs){max, words[0], words[1], words[2]};
}

static struct cpuid_regs host(uint32_t leaf, uint32_t subleaf)
{
    uint32_t regs[4];

    cpuid_host(leaf, subleaf, regs);
    return (struct cpuid_regs){regs[CPUID_EAX], regs[CPUID_EBX],
                               regs[CPUID_ECX], regs[CPUID_EDX]};
}

/* Returns the place of a leaf of the allow-list in the policy. */
static struct cpuid_regs *slot_of(struct cpuid_policy *policy, uint32_t leaf,
                                  uint32_t subleaf)
{
    switch (leaf) {
    case 7:
        return &policy->feature[subleaf];
    case 0xd:
        return &policy->xsave[subleaf];
    default:
        return leaf >= CPUID_EXTENDED_FIRST
                   ? &policy->extended[leaf - CPUID_EXTENDED_FIRST]
                   : &policy->basic[leaf];
    }
}

static bool need_met(enum cpuid_need need)
{
    switch (need) {
    case NEED_RDTSCP:
        return guest_has_rdtscp();
    case NEED_INVPCID:
        return guest_has_invpcid();
    case NEED_XSAVES:
        return guest_has_xsaves();
    default:
        return true;
    }
}

unsigned cpuid_width(uint32_t count)
{
    unsigned width = 0;

    while ((1ULL << width) < count) {
        width++;
    }
    return width;
}

static void prepare_features(struct cpuid_policy *policy, uint32_t host_max,
                             uint32_t host_extended)
{
    uint64_t cr4 = guest_cr4_supported();

    for (size_t i = 0; i < cpuid_allowed_count; i++) {
        const struct cpuid_allowed *row = &cpuid_allowed[i];
        bool extended = row->leaf >= CPUID_EXTENDED_FIRST;

        if (row->leaf > (extended ? host_extended : host_max) ||
            (row->leaf == 7 && row->subleaf > host(7, 0).eax) ||
            (row->cr4 & ~cr4) != 0 || (row->xcr0 & ~policy->xcr0) != 0 ||
            !need_met(row->need)) {
            continue;
        }
        struct cpuid_regs real = host(row->leaf, row->subleaf);

        *cpuid_register(slot_of(policy, row->leaf, row->subleaf), row->reg) |=
            *cpuid_register(&real, row->reg) & row->mask;
    }
}

/* The bits of IA32_ARCH_CAPABILITIES that guests see (SDM 4 Table 2-2). They
 * let a guest leave out mitigations that this processor does not need. Left out
 * are the bits that promise further MSRs, which guests do not have (7, 10, 11,
 * 12, 18, 21, 23, 25), and bit 3, which concerns hypervisors only. */
#define ARCH_SHOWN                                                             \
    (ARCH_RDCL_NO | ARCH_IBRS_ALL | ARCH_RSBA | ARCH_SSB_NO | ARCH_MDS_NO |    \
     ARCH_PSCHANGE_MC_NO | ARCH_TAA_NO | ARCH_SBDR_SSDP_NO | ARCH_FBSDP_NO |   \
     ARCH_PSDP_NO | ARCH_FB_CLEAR | ARCH_RRSBA | ARCH_BHI_NO | ARCH_PBRSB_NO | \
     ARCH_GDS_NO | ARCH_RFDS_NO | ARCH_RFDS_CLEAR)

static void prepare_arch_capabilities(struct cpuid_policy *policy)
{
    uint64_t real = 0;

    if (guest_has_arch_capabilities(&real)) {
        policy->feature[0].edx |= CPUID_7_EDX_ARCH_CAPABILITIES;
        policy->arch_capabilities = real & ARCH_SHOWN;
    }
}

/* Vendor, family and model, and the features that every guest has on any
 * host. */
static void prepare_identity(struct cpuid_policy *policy)
{
    struct cpuid_regs *basic = policy->basic;
    struct cpuid_regs real = host(0, 0);
    uint32_t logical = 1U << cpuid_width(policy->cpu_count);

    basic[0] =
        (struct cpuid_regs){CPUID_LEAF_MAX, real.ebx, real.ecx, real.edx};
    real = host(1, 0);
    basic[1].eax = real.eax;
    basic[1].ebx = (real.ebx & 0xff00U) | (logical & 0xffU) << 16;
    basic[1].ecx |=
        CPUID_1_ECX_X2APIC | CPUID_1_ECX_TSC_DEADLINE | CPUID_1_ECX_HYPERVISOR;
    if (policy->cpu_count > 1) {
        basic[1].edx |= EDX1_HTT;
    }
    basic[6].eax = EAX6_ARAT;
    policy->feature[0].eax = CPUID_FEATURES - 1;
    policy->feature[0].ebx |= CPUID_7_EBX_TSC_ADJUST;
}

/* Leaves 2 and 4. Every vCPU is a core with its own caches. Only the
 * third-level cache is shared, by the whole package. */
static void prepare_caches(struct cpuid_policy *policy, uint32_t host_max)
{
    uint32_t ids = (1U << cpuid_width(policy->cpu_count)) - 1;
    uint32_t cores = ids < 63 ? ids : 63;

    if (host_max >= 2) {
        policy->basic[2] = host(2, 0);
    }
    for (uint32_t i = 0; host_max >= 4 && i < CPUID_CACHES; i++) {
        struct cpuid_regs real = host(4, i);
        uint32_t type = real.eax & 0x1f;
        uint32_t level = real.eax >> 5 & 7;
        uint32_t sharing = level >= 3 ? ids : 0;

        if (type == 0) {
            break;
        }
        real.eax = (real.eax & 0x3fffU) | sharing << 14 | cores << 26;
        policy->cache[i] = real;
    }
}

/* Leaf 0xd: the state components with their offsets and sizes. The total sizes
 * depend on XCR0 and are computed at the exit. */
static void prepare_xsave(struct cpuid_policy *policy, uint32_t host_max)
{
    struct cpuid_regs real;

    policy->xcr0 = XCR0_X87;
    if (host_max < 0xd || (host(1, 0).ecx & CPUID_1_ECX_XSAVE) == 0 ||
        (guest_cr4_supported() & CR4_OSXSAVE) == 0) {
        return;
    }
    real = host(0xd, 0);
    policy->xcr0 |= real.eax & guest_xcr0_supported() & XCR0_KNOWN;
    if ((policy->xcr0 & XCR0_SSE) == 0) {
        policy->xcr0 &= ~XCR0_AVX;
    }
    if ((policy->xcr0 & XCR0_AVX) == 0 ||
        (policy->xcr0 & XCR0_AVX512) != XCR0_AVX512) {
        policy->xcr0 &= ~XCR0_AVX512;
    }
    policy->xsave[0].eax = (uint32_t)policy->xcr0;
    for (uint32_t i = 2; i < CPUID_XSAVE; i++) {
        if ((policy->xcr0 >> i & 1) != 0) {
            policy->xsave[i] = host(0xd, i);
            policy->xsave[i].ecx &= 2; /* compact form: 64-byte aligned */
            policy->xsave[i].edx = 0;
        }
    }
}

/* Returns the error, in Hz, of the TSC frequency that a guest computes from the
 * ratio `ebx` / `eax`. It is the larger of two: that of the exact quotient, and
 * that of Linux, which rounds down to whole kHz. */
static uint64_t clock_error(uint64_t khz, uint64_t ebx, uint64_t eax)
{
    uint64_t hz = CPUID_CRYSTAL_HZ * ebx / eax;
    uint64_t exact = hz > khz * 1000 ? hz - khz * 1000 : khz * 1000 - hz;
    uint64_t whole = hz / 1000 > khz ? hz / 1000 - khz : khz - hz / 1000;

    return exact > whole * 1000 ? exact : whole * 1000;
}

/* Leaf 0x15: TSC frequency / crystal frequency = EBX / EAX. Linux computes
 * crystal_khz * EBX / EAX in 32 bits, so EBX is limited such that the product
 * does not overflow. Among the remaining ratios the one with the smallest error
 * is taken. */
static void prepare_clock(struct cpuid_policy *policy)
{
    const uint32_t crystal_khz = CPUID_CRYSTAL_HZ / 1000;
    const uint64_t largest = UINT32_MAX / crystal_khz;
    const uint32_t denominators = 20000;
    uint64_t khz = (policy->tsc_hz + 500) / 1000;
    uint32_t mhz = (uint32_t)((khz + 500) / 1000);
    uint64_t numerator = 1;
    uint64_t denominator = 1;
    uint64_t least = UINT64_MAX;

    for (uint64_t eax = 1; eax <= denominators && least != 0; eax++) {
        uint64_t below = khz * eax / crystal_khz;

        for (uint64_t ebx = below; ebx <= below + 1 && ebx <= largest; ebx++) {
            uint64_t error = clock_error(khz, ebx, eax);

            if (ebx != 0 && error < least) {
                least = error;
                numerator = ebx;
                denominator = eax;
            }
        }
        if (below > largest) {
            break;
        }
    }
    policy->basic[0x15] = (struct cpuid_regs){
        (uint32_t)denominator, (uint32_t)numerator, CPUID_CRYSTAL_HZ, 0};
    policy->basic[0x16] = (struct cpuid_regs){mhz, mhz, 100, 0};
    policy->hyper[0x10] = (struct cpuid_regs){(uint32_t)khz, crystal_khz, 0, 0};
}

/* The host's brand string up to its frequency. The frequency is left out, since
 * under an emulator it is not the TSC's. */
static void prepare_brand(struct cpuid_policy *policy)
{
    struct cpuid_regs *leaves = &policy->extended[2];
    char brand[3 * sizeof(*leaves)];
    size_t length = 0;

    for (uint32_t i = 0; i < 3; i++) {
        leaves[i] = host(CPUID_EXTENDED_FIRST + 2 + i, 0);
    }
    memcpy(brand, leaves, sizeof(brand));
    while (length < sizeof(brand) && brand[length] != '\0' &&
           brand[length] != '@') {
        length++;
    }
    while (length > 0 && brand[length - 1] == ' ') {
        length--;
    }
    memset(brand + length, 0, sizeof(brand) - length);
    brand[sizeof(brand) - 1] = '\0';
    memcpy(leaves, brand, sizeof(brand));
}

static void prepare_extended(struct cpuid_policy *policy, uint32_t host_max)
{
    uint32_t bits = PHYSICAL_BITS_DEFAULT;

    policy->extended[0].eax = CPUID_EXTENDED_MAX;
    if (host_max >= CPUID_EXTENDED_FIRST + 4) {
        prepare_brand(policy);
    }
    if (host_max >= CPUID_EXTENDED_FIRST + 6) {
        policy->extended[6].ecx = host(CPUID_EXTENDED_FIRST + 6, 0).ecx;
    }
    policy->extended[7].edx = EDX80000007_INVARIANT_TSC;
    if (host_max >= CPUID_EXTENDED_FIRST + 8) {
        bits = host(CPUID_EXTENDED_FIRST + 8, 0).eax & 0xff;
    }
    bits = bits > PHYSICAL_BITS_EPT ? PHYSICAL_BITS_EPT : bits;
    policy->extended[8].eax = LINEAR_BITS << 8 | bits;
}

void cpuid_prepare(struct cpuid_policy *policy, uint32_t cpu_count,
                   uint64_t tsc_hz)
{
    uint32_t host_max = host(0, 0).eax;
    uint32_t host_extended = host(CPUID_EXTENDED_FIRST, 0).eax;

    memset(policy, 0, sizeof(*policy));
    policy->cpu_count = cpu_count;
    policy->tsc_hz = tsc_hz;
    prepare_xsave(policy, host_max);
    prepare_features(policy, host_max, host_extended);
    prepare_identity(policy);
    prepare_arch_capabilities(policy);
    prepare_caches(policy, host_max);
    prepare_extended(policy, host_extended);
    policy->hyper[0] = cpuid_signature(CPUID_HYPER_MAX, "KVMKVMKVM\0\0\0");
    policy->hyper[1].eax = KVM_FEATURE_NOP_IO_DELAY | KVMCLOCK_FEATURES;
    prepare_clock(policy);
}
