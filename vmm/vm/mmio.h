/* Accesses to guest-physical addresses that are not RAM. vmm/vm/io.c shares the
 * emulator's set-up with it. */
#pragma once

#include "vmm/cpu/emulate.h"

struct vcpu;

/* Fills `context` for the vCPU's last exit. */
void mmio_prepare(struct vcpu *vcpu, struct emulate_context *context);

/* Acts on the emulator's answer, and ends the VM where the guest cannot go
 * on. */
void mmio_finish(struct vcpu *vcpu, const struct emulate_context *context,
                 enum emulate_result result);
