/* The short cut for plain moves between registers and a device, which is what
 * drivers do nearly always. Inside the emulator only: vmm/cpu/emulate.c asks
 * here first. */
#pragma once

#include "vmm/cpu/emulate_memory.h"

/* Executes the instruction at RIP if the cache knows it and nothing about it
 * has changed; false, and nothing was done, if not. */
bool emulate_quick(struct emulate_context *context,
                   enum emulate_result *result);

/* Keeps what was fetched and decoded, if the short cut could do it. */
void emulate_quick_remember(const struct emulation *run);
