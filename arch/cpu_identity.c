/* Which processor this is; arch/cpu_identity.h has the contract. */

#include "arch/cpu_identity.h"

#include <stddef.h>
#include <stdint.h>

#include "arch/cpu.h"
#include "arch/regs.h"
#include "kernel/base/string.h"

bool cpu_identity_is_intel(void)
{
    struct cpuid maker = cpu_cpuid(0, 0);

    return maker.ebx == 0x756e6547U && maker.edx == 0x49656e69U &&
           maker.ecx == 0x6c65746eU;
}

bool cpu_identity_is_virtual(void)
{
    return cpu_cpuid(1, 0).ecx & CPUID_1_ECX_HYPERVISOR;
}

unsigned cpu_identity_family(void)
{
    uint32_t eax = cpu_cpuid(1, 0).eax;
    unsigned family = (unsigned)bits(eax, 11, 8);

    return family == 15 ? family + (unsigned)bits(eax, 27, 20) : family;
}

unsigned cpu_identity_model(void)
{
    uint32_t eax = cpu_cpuid(1, 0).eax;

    return (unsigned)bits(eax, 7, 4) | (unsigned)bits(eax, 19, 16) << 4;
}

/* Leaves 0x80000002 to 0x80000004 have 16 bytes each. */
void cpu_identity_name(char name[CPU_IDENTITY_NAME])
{
    struct cpuid leaves[3];
    size_t blanks = 0;

    memset(name, 0, CPU_IDENTITY_NAME);
    if (cpu_cpuid(0x80000000, 0).eax < 0x80000004) {
        return;
    }
    for (uint32_t i = 0; i < 3; i++) {
        leaves[i] = cpu_cpuid(0x80000002 + i, 0);
    }
    memcpy(name, leaves, sizeof leaves);
    while (name[blanks] == ' ') {
        blanks++;
    }
    memmove(name, name + blanks, CPU_IDENTITY_NAME - blanks);
}
