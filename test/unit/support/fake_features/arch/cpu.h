/* arch/cpu.h for the test of arch/vmx/vmx_features.c (-iquote
 * test/unit/support/fake_features): what the processor says of itself is the
 * test's. */
#pragma once

#define cpu_cpuid real_cpuid
#define cpu_rdmsr privileged_rdmsr
#include "../../../../arch/cpu.h"
#undef cpu_cpuid
#undef cpu_rdmsr

struct cpuid cpu_cpuid(uint32_t leaf, uint32_t subleaf);
uint64_t cpu_rdmsr(uint32_t msr);
