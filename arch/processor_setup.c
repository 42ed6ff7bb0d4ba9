/* What the firmware may have set up against Lintel; arch/processor_setup.h has
 * the contract. */

#include "arch/processor_setup.h"

#include <stdbool.h>

#include "arch/cpu.h"
#include "arch/cpu_identity.h"
#include "arch/cpuid.h"
#include "arch/msr.h"
#include "arch/regs.h"

/* Intel's have the MSR from family 6, model 13 on (SDM 4 table 2-2). Others may
 * fault, and nothing catches that here. */
static bool has_misc_enable(void)
{
    unsigned family = cpu_identity_family();

    return cpu_identity_is_intel() &&
           (family > 6 || (family == 6 && cpu_identity_model() >= 13));
}

uint64_t processor_setup_limits(void)
{
    return has_misc_enable() ? MISC_ENABLE_XD_DISABLE | MISC_ENABLE_LIMIT_CPUID
                             : 0;
}

void processor_setup_first(void)
{
    uint64_t limits = processor_setup_limits();
    uint64_t misc = limits ? cpu_rdmsr(MSR_MISC_ENABLE) : 0;

    if (misc & limits) {
        cpu_wrmsr(MSR_MISC_ENABLE, misc & ~limits);
    }
}

void processor_setup_tsc(void)
{
    bool adjusts = cpu_cpuid(0, 0).eax >= 7 &&
                   cpu_cpuid(7, 0).ebx & CPUID_7_EBX_TSC_ADJUST;

    if (adjusts && cpu_rdmsr(MSR_TSC_ADJUST) != 0) {
        cpu_wrmsr(MSR_TSC_ADJUST, 0);
    }
}

void processor_setup_cet(void)
{
    uint64_t cr4 = cpu_read_cr4();

    if (cr4 & CR4_CET) {
        cpu_write_cr4(cr4 & ~CR4_CET);
    }
}
