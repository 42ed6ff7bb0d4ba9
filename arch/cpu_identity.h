/* Which processor this is, by CPUID (SDM 2A, CPUID, figure 3-6).
 *
 * Who calls it: arch/processor_setup.c, arch/vmx/vmx.c, vmm/main.c,
 * vmm/vm/vm_vcpus.c. */
#pragma once

#include <stdbool.h>

/* True for "GenuineIntel". */
bool cpu_identity_is_intel(void);

/* True: another hypervisor is below, and says so. */
bool cpu_identity_is_virtual(void);

/* Bytes of the name with its NUL. */
#define CPU_IDENTITY_NAME 49U

/* What the processor calls itself, without blanks in front; "" if it does
 * not. */
void cpu_identity_name(char name[CPU_IDENTITY_NAME]);

/* The family, with the extended family where it counts. Intel's processors with
 * EPT are of family 6, those from 2026 on of 18 and 19, too. */
unsigned cpu_identity_family(void);

/* The model, with the extended model. */
unsigned cpu_identity_model(void);
