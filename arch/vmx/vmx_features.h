/* What CPUID says that guests can be given, and what must be done round their
 * entries on this processor. Called by vmx_enable(), once. */
#pragma once

struct vmx_machine;

/* Fills in everything of `machine` that comes from CPUID; the controls and the
 * CR4 fixed bits stand already. */
void vmx_features_find(struct vmx_machine *machine);

void vmx_features_log(const struct vmx_machine *machine);
