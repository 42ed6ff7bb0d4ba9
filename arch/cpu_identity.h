/* Which processor this is, by CPUID (SDM 2A, CPUID, figure 3-6).
 *
 * Who calls it: arch/processor_setup.c, arch/vmx/vmx.c. */
#pragma once

#include <stdbool.h>

/* True for "GenuineIntel". */
bool cpu_identity_is_intel(void);

/* The family, with the extended family where it counts: 6 for every Intel
 * processor that has EPT and is sold until 2025, 19 from then on. */
unsigned cpu_identity_family(void);

/* The model, with the extended model. */
unsigned cpu_identity_model(void);
