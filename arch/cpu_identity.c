/* Which processor this is; arch/cpu_identity.h has the contract. */

#include "arch/cpu_identity.h"

#include <stdint.h>

#include "arch/cpu.h"
#include "arch/regs.h"

bool cpu_identity_is_intel(void)
{
    struct cpuid maker = cpu_cpuid(0, 0);

    return maker.ebx == 0x756e6547U && maker.edx == 0x49656e69U &&
           maker.ecx == 0x6c65746eU;
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
