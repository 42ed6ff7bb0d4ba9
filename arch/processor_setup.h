/* What firmware may have set up against Lintel on a processor: limits of CPUID
 * and of NX, an offset of the time-stamp counter, shadow stacks. Each is put
 * right before Lintel relies on it.
 *
 * Who calls it: arch/efi/efi.c and vmm/main.c on the first processor,
 * arch/processor_start.c for the others. SDM 4 table 2-2. */
#pragma once

#include <stdint.h>

/* The first thing on the first processor, with the firmware's tables still
 * loaded: clears the bits of processor_setup_limits(). */
void processor_setup_first(void);

/* The bits of IA32_MISC_ENABLE that a processor has to clear before it sets
 * EFER.NXE or asks for a leaf of CPUID above 3: "XD bit disable" and "limit
 * CPUID maxval". 0: the processor has no such MSR. */
uint64_t processor_setup_limits(void);

/* Sets IA32_TSC_ADJUST to 0 where there is one: the firmware may have moved
 * one processor's time-stamp counter away from the others'. */
void processor_setup_tsc(void);

/* Turns the firmware's shadow stacks off (CR4.CET). Lintel has none, so a far
 * return would fault. */
void processor_setup_cet(void);
