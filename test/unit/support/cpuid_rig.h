/* What the tests of CPUID share: hosts to ask, and a guest that does. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/vmx/guest.h"
#include "vmm/chip/lapic.h"
#include "vmm/cpu/cpuid.h"
#include "vmm/cpu/kvmclock.h"
#include "vmm/cpu/msr.h"

enum cpuid_rig_host {
    HOST_ALL, /* has every bit */
    HOST_SKYLAKE,
    HOST_OLD, /* ends at leaf 1 */
};

struct cpuid_rig {
    enum cpuid_rig_host machine;
    uint64_t host_cr4;
    uint64_t host_xcr0;
    uint64_t host_arch;
    bool host_instructions; /* RDTSCP, INVPCID, XSAVES for guests */
    uint64_t cr4, xcr0;
    struct cpuid_policy policy;
    struct lapic lapic;
    struct msr_context vcpu; /* that asks */
};

extern struct cpuid_rig rig;

/* A policy for a guest on that host; then what its CPUID answers, on the vCPU
 * of an APIC ID or on the first. */
void rig_prepare(enum cpuid_rig_host host, uint32_t cpus, uint64_t tsc_hz);
struct cpuid_regs rig_ask_as(uint32_t apic_id, uint32_t leaf, uint32_t subleaf);
struct cpuid_regs rig_ask(uint32_t leaf, uint32_t subleaf);
void rig_assert_regs(struct cpuid_regs regs, uint32_t eax, uint32_t ebx,
                     uint32_t ecx, uint32_t edx);
