/* The allow-list of CPUID: which of the host's feature bits a guest may see,
 * and what each needs besides the host's bit. vmm/cpu/cpuid_prepare.c reads
 * it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum cpuid_register {
    CPUID_EAX,
    CPUID_EBX,
    CPUID_ECX,
    CPUID_EDX,
};

/* VMX controls without which a guest cannot use the instruction. */
enum cpuid_need {
    NEED_NOTHING,
    NEED_RDTSCP,
    NEED_INVPCID,
    NEED_XSAVES,
};

struct cpuid_allowed {
    uint32_t leaf;
    uint32_t subleaf;
    enum cpuid_register reg;
    uint32_t mask;
    uint64_t cr4;  /* the guest must be able to set all of these bits of CR4 */
    uint64_t xcr0; /* and to enable all of these components */
    enum cpuid_need need;
};

extern const struct cpuid_allowed cpuid_allowed[];
extern const size_t cpuid_allowed_count;
