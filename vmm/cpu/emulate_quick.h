/* A short cut for plain moves between a register and a device, which are nearly
 * all device accesses of drivers. Only vmm/cpu/emulate.c uses it: it tries the
 * short cut first. */
#pragma once

#include "vmm/cpu/emulate_memory.h"

/* Executes the instruction at RIP if the cache has it and its bytes and
 * translation have not changed. False: nothing was done. */
bool emulate_quick(struct emulate_context *context,
                   enum emulate_result *result);

/* Stores the decoded instruction in the cache if it is one that emulate_quick()
 * can execute. */
void emulate_quick_remember(const struct emulation *run);
