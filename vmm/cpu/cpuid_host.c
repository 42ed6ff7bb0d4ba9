/* Executes the host's CPUID for vmm/cpu/cpuid_prepare.c. It is a file of its
 * own, so that host tests can replace it with a processor of their choice. */
#include "arch/cpu.h"
#include "vmm/cpu/cpuid.h"

void cpuid_host(uint32_t leaf, uint32_t subleaf, uint32_t regs[4])
{
    struct cpuid real = cpu_cpuid(leaf, subleaf);

    regs[0] = real.eax;
    regs[1] = real.ebx;
    regs[2] = real.ecx;
    regs[3] = real.edx;
}
