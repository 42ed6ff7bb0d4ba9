/* The allow-list of CPUID: which of the host's feature bits a guest may see,
 * and what each needs beside the host's own bit. Data for vmm/cpu/cpuid.c. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum cpuid_register {
    CPUID_EAX,
    CPUID_EBX,
    CPUID_ECX,
    CPUID_EDX,
};

/* Instructions that VMX lets a guest use only with a control turned on. */
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
    uint64_t cr4;  /* offered if a guest can set all of these ... */
    uint64_t xcr0; /* ... and all of these */
    enum cpuid_need need;
};

extern const struct cpuid_allowed cpuid_allowed[];
extern const size_t cpuid_allowed_count;
