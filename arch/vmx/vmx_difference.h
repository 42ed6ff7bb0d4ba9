/* What differs between two processors' VMX. Guests move between processors with
 * their controls and features, so these have to be the same on all; the cores
 * of hybrid parts are not always. Pure.
 *
 * Who calls it: arch/vmx/vmx.c. */
#pragma once

struct vmx_machine;

/* The register or the leaf of CPUID in which `here` differs from `first`. NULL:
 * they are the same. */
const char *vmx_difference(const struct vmx_machine *first,
                           const struct vmx_machine *here);
