/* CPUID as guests see it (SDM 2A, CPUID): the host's own answers through an
 * allow-list of named bits, the machine's topology and clock, and the two
 * hypervisor ranges (KVM's signature at 0x40000000, Lintel's at 0x40000100).
 *
 * A policy is made once a VM; an exit is a look-up in it plus the few bits
 * that follow the vCPU's registers. Who calls it: vmm/vm/vm.c (cpuid_prepare),
 * the CPUID exit (cpuid_emulate), vmm/cpu/msr.c and the CR and XSETBV exits for
 * what the guest has (cpuid_has and below). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct msr_context;

/* In the order in which the instruction's register array is kept. */
struct cpuid_regs {
    uint32_t eax;
    uint32_t ebx;
    uint32_t ecx;
    uint32_t edx;
};

#define CPUID_BASIC    0x17 /* leaves that are kept: 0 to 0x16 */
#define CPUID_EXTENDED 9    /* 0x80000000 to 0x80000008 */
#define CPUID_HYPER    0x11 /* 0x40000000 to 0x40000010 */
#define CPUID_CACHES   8    /* subleaves of leaf 4 */
#define CPUID_FEATURES 2    /* of leaf 7 */
#define CPUID_XSAVE    8    /* of leaf 0xd: to the last AVX-512 state */

/* What one VM's processors are. Filled by cpuid_prepare, then only read. */
struct cpuid_policy {
    uint32_t cpu_count;
    uint64_t tsc_hz;
    uint64_t xcr0;              /* components the guest may enable */
    uint64_t arch_capabilities; /* IA32_ARCH_CAPABILITIES, if CPUID has it */
    struct cpuid_regs basic[CPUID_BASIC];
    struct cpuid_regs extended[CPUID_EXTENDED];
    struct cpuid_regs hyper[CPUID_HYPER];
    struct cpuid_regs cache[CPUID_CACHES];
    struct cpuid_regs feature[CPUID_FEATURES];
    struct cpuid_regs xsave[CPUID_XSAVE];
};

/* Frequency of the guest's local APIC timer clock: the crystal of leaf 0x15,
 * since guests take one for the other (SDM 3A 11.5.4). */
#define CPUID_CRYSTAL_HZ 1000000000U

/* Asks the host and makes the policy. `tsc_hz` is the guest's TSC rate. */
void cpuid_prepare(struct cpuid_policy *policy, uint32_t cpu_count,
                   uint64_t tsc_hz);

/* The answer on the vCPU that has these MSRs: from its policy, its index (the
 * APIC id), its CR4 and XCR0, its local APIC's mode and IA32_MISC_ENABLE. */
void cpuid_emulate(const struct msr_context *vcpu, uint32_t leaf,
                   uint32_t subleaf, struct cpuid_regs *regs);

/* Features that other files ask about. */
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
    CPUID_HAS_SPEC_CTRL, /* IBRS, IBPB: MSRs 0x48 and 0x49 */
    CPUID_HAS_STIBP,
    CPUID_HAS_SSBD,
    CPUID_HAS_ARCH_CAPABILITIES,
    CPUID_FEATURE_COUNT
};
bool cpuid_has(const struct cpuid_policy *policy, enum cpuid_feature feature);

/* Bits of CR4 that the guest may set; VMXE and SMXE never. */
uint64_t cpuid_cr4_allowed(const struct cpuid_policy *policy);

/* Is it a value that XSETBV accepts for XCR0 (SDM 1 13.3)? */
bool cpuid_xcr0_valid(const struct cpuid_policy *policy, uint64_t xcr0);

/* The MSR of CPUID_HAS_ARCH_CAPABILITIES. */
uint64_t cpuid_arch_capabilities(const struct cpuid_policy *policy);

/* Width of a guest-physical address, in bits. */
unsigned cpuid_physical_bits(const struct cpuid_policy *policy);

/* The host's instruction: arch/ in the product, a fake in tests.
 * regs[0 .. 3] = EAX, EBX, ECX, EDX. */
void cpuid_host(uint32_t leaf, uint32_t subleaf, uint32_t regs[4]);
