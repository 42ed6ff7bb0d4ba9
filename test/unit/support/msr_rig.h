/* What the tests of MSRs share: a guest whose registers stand in memory, and
 * chips that note what reaches them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/vmx/guest.h"
#include "kernel/base/log.h"
#include "vmm/chip/lapic.h"
#include "vmm/cpu/cpuid.h"
#include "vmm/cpu/kvmclock.h"
#include "vmm/cpu/msr.h"
#include "vmm/cpu/msr_table.h"

struct msr_rig {
    uint64_t regs[GUEST_REG_COUNT];
    uint64_t spec_ctrl, pred_cmds;
    unsigned log_lines;
    uint64_t apic_base, deadline, x2apic_value;
    uint32_t x2apic_msr;
    bool lapic_agrees;
    bool features[CPUID_FEATURE_COUNT];
    uint64_t lapic_offset, clock_offset, clock_value;
    uint32_t clock_msr;
    struct msr_seen seen;
    struct msr_context context;
};

extern struct msr_rig rig;

/* Before each test: a machine with all features. */
int rig_setup(void **state);

/* RDMSR answers so; WRMSR is taken. */
void rig_assert_reads(uint32_t msr, uint64_t expected);
void rig_assert_writes(uint32_t msr, uint64_t value);
/* #GP, and no register or kept value is another than before. */
void rig_assert_refuses(uint32_t msr, uint64_t value);
/* RDMSR raises #GP. */
void rig_assert_unreadable(uint32_t msr);
