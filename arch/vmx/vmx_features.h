/* What CPUID says guests can have, and what entries need on this processor.
 * vmx_enable() calls it once. */
#pragma once

struct vmx_machine;

/* Fills in every member of `machine` that comes from CPUID. The controls and
 * the fixed bits of CR4 are set already. */
void vmx_features_find(struct vmx_machine *machine);

void vmx_features_log(const struct vmx_machine *machine);
