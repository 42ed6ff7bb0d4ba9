/* The results of CPUID: its four registers, and the feature bits that more
 * than one file needs (SDM 2A, CPUID, tables 3-8 to 3-11).
 * vmm/cpu/cpuid_allowed.c has the other bits that a guest may see. Every
 * room and host test may include this header, like arch/regs.h. */
#pragma once

#include <stdint.h>

struct cpuid {
    uint32_t eax, ebx, ecx, edx;
};

#define CPUID_1_ECX_VMX          (1U << 5)
#define CPUID_1_ECX_PCID         (1U << 17)
#define CPUID_1_ECX_X2APIC       (1U << 21)
#define CPUID_1_ECX_TSC_DEADLINE (1U << 24)
#define CPUID_1_ECX_XSAVE        (1U << 26)
#define CPUID_1_ECX_RDRAND       (1U << 30)
#define CPUID_1_ECX_HYPERVISOR   (1U << 31) /* another hypervisor is below */

#define CPUID_1_EDX_VME  (1U << 1)
#define CPUID_1_EDX_DE   (1U << 2)
#define CPUID_1_EDX_PSE  (1U << 3)
#define CPUID_1_EDX_TSC  (1U << 4)
#define CPUID_1_EDX_PAE  (1U << 6)
#define CPUID_1_EDX_MCE  (1U << 7)
#define CPUID_1_EDX_APIC (1U << 9)
#define CPUID_1_EDX_MTRR (1U << 12)
#define CPUID_1_EDX_PGE  (1U << 13)
#define CPUID_1_EDX_FXSR (1U << 24)
#define CPUID_1_EDX_SSE  (1U << 25)

/* Leaf 7, subleaf 0. */
#define CPUID_7_EBX_FSGSBASE          (1U << 0)
#define CPUID_7_EBX_TSC_ADJUST        (1U << 1)
#define CPUID_7_EBX_SMEP              (1U << 7)
#define CPUID_7_EBX_INVPCID           (1U << 10)
#define CPUID_7_EBX_RTM               (1U << 11)
#define CPUID_7_EBX_RDSEED            (1U << 18)
#define CPUID_7_EBX_SMAP              (1U << 20)
#define CPUID_7_ECX_UMIP              (1U << 2)
#define CPUID_7_ECX_PKU               (1U << 3)
#define CPUID_7_ECX_RDPID             (1U << 22)
#define CPUID_7_EDX_MD_CLEAR          (1U << 10)
#define CPUID_7_EDX_SPEC_CTRL         (1U << 26) /* IBRS and IBPB */
#define CPUID_7_EDX_STIBP             (1U << 27)
#define CPUID_7_EDX_FLUSH_CMD         (1U << 28) /* flushes the L1 data cache */
#define CPUID_7_EDX_ARCH_CAPABILITIES (1U << 29)
#define CPUID_7_EDX_SSBD              (1U << 31)

/* Leaf 0xd, subleaf 1. */
#define CPUID_D1_EAX_XSAVEC (1U << 1)
#define CPUID_D1_EAX_XSAVES (1U << 3)

#define CPUID_80000001_EDX_NX      (1U << 20)
#define CPUID_80000001_EDX_PAGE1GB (1U << 26)
#define CPUID_80000001_EDX_RDTSCP  (1U << 27)
