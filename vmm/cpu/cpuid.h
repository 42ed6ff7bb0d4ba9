/* CPUID as guests see it (SDM 2A, CPUID). The answers are the host's feature
 * bits through an allow-list, the machine's topology and clock, and two ranges
 * of hypervisor leaves: KVM's signature at 0x40000000, Lintel's at 0x40000100.
 *
 * Each VM has one policy, which is made when the VM is built. At an exit, the
 * answer is looked up in the policy, and the few bits that depend on the vCPU's
 * registers are added.
 *
 * Who calls it: vmm/vm/vm.c (cpuid_prepare), the CPUID exit (cpuid_emulate),
 * vmm/cpu/msr.c and the CR and XSETBV exits for what the guest has (cpuid_has
 * and below). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct msr_context;

/* CPUID's four result registers, in the order of enum cpuid_register. */
struct cpuid_regs {
    uint32_t eax;
    uint32_t ebx;
    uint32_t ecx;
    uint32_t edx;
};

#define CPUID_BASIC    0x17 /* number of leaves kept: 0 to 0x16 */
#define CPUID_EXTENDED 9    /* 0x80000000 to 0x80000008 */
#define CPUID_HYPER    0x11 /* 0x40000000 to 0x40000010 */
#define CPUID_CACHES   8    /* subleaves of leaf 4 */
#define CPUID_FEATURES 2    /* subleaves of leaf 7 */
#define CPUID_XSAVE    8    /* subleaves of leaf 0xd, to AVX-512's last one */

/* What CPUID tells a VM's guest. cpuid_prepare() fills it in; afterwards it is
 * only read. */
struct cpuid_policy {
    uint32_t cpu_count;
    uint64_t tsc_hz;
    uint64_t xcr0;              /* XSAVE components that the guest may enable */
    uint64_t arch_capabilities; /* IA32_ARCH_CAPABILITIES, if CPUID offers it */
    struct cpuid_regs basic[CPUID_BASIC];
    struct cpuid_regs extended[CPUID_EXTENDED];
    struct cpuid_regs hyper[CPUID_HYPER];
    struct cpuid_regs cache[CPUID_CACHES];
    struct cpuid_regs feature[CPUID_FEATURES];
    struct cpuid_regs xsave[CPUID_XSAVE];
};

/* Frequency of the guest's local APIC timer clock. It is also the crystal's in
 * leaf 0x15, since guests take the one for the other (SDM 3A 11.5.4). */
#define CPUID_CRYSTAL_HZ 1000000000U

/* Makes the policy from the host's CPUID. `tsc_hz` is the frequency of the
 * guest's TSC. */
void cpuid_prepare(struct cpuid_policy *policy, uint32_t cpu_count,
                   uint64_t tsc_hz);

/* Answers CPUID on the vCPU of this context. The answer depends on the policy,
 * the vCPU's index (its APIC id), CR4, XCR0, IA32_MISC_ENABLE and the local
 * APIC's mode. */
void cpuid_emulate(const struct msr_context *vcpu, uint32_t leaf,
                   uint32_t subleaf, struct cpuid_regs *regs);

/* Features that other files ask for with cpuid_has(). */
enum cpuid_feature {
    CPUID_HAS_PCID,
    CPUID_HAS_XSAVE,
    CPUID_HAS_FSGSBASE,
    CPUID_HAS_TSC_ADJUST,
    CPUID_HAS_SMEP,
    CPUID_HAS_SMAP,
    CPUID_HAS_UMIP,
    CPUID_HAS_RDTSCP,
    CPUID_HAS_RDPID,
    CPUID_HAS_XSAVES,
    CPUID_HAS_NX,
    CPUID_HAS_GIB_PAGES,
    CPUID_HAS_SPEC_CTRL, /* IBRS and IBPB: MSRs 0x48 and 0x49 */
    CPUID_HAS_STIBP,
    CPUID_HAS_SSBD,
    CPUID_HAS_ARCH_CAPABILITIES,
    CPUID_FEATURE_COUNT
};
bool cpuid_has(const struct cpuid_policy *policy, enum cpuid_feature feature);

/* Returns the bits of CR4 that the guest may set. VMXE and SMXE are never among
 * them. */
uint64_t cpuid_cr4_allowed(const struct cpuid_policy *policy);

/* May XSETBV load this value into XCR0 (SDM 1 13.3)? */
bool cpuid_xcr0_valid(const struct cpuid_policy *policy, uint64_t xcr0);

/* Returns the value of IA32_ARCH_CAPABILITIES, which exists if the guest has
 * CPUID_HAS_ARCH_CAPABILITIES. */
uint64_t cpuid_arch_capabilities(const struct cpuid_policy *policy);

/* Returns the width of a guest-physical address (MAXPHYADDR) in bits. */
unsigned cpuid_physical_bits(const struct cpuid_policy *policy);

/* Executes CPUID on the host. cpuid_host.c defines it in the product,
 * test/unit/support/ in tests. regs[0 .. 3] = EAX, EBX, ECX, EDX. */
void cpuid_host(uint32_t leaf, uint32_t subleaf, uint32_t regs[4]);
