/* The MSRs of the guest's machine as data: number and kind. vmm/cpu/msr.c
 * implements the kinds. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "arch/vmx/guest.h"

enum msr_kind {
    MSR_ABSENT,    /* #GP without a log line, since kernels probe for it */
    MSR_CONSTANT,  /* reads `value`; a write is #GP */
    MSR_DROPPED,   /* reads `value`; a write is ignored */
    MSR_REGISTER,  /* kept in guest register `reg`; any value */
    MSR_CANONICAL, /* kept in `reg`; the value must be a canonical address */
    MSR_WORD,      /* kept in `reg`; bits 63:32 must be 0 */

    /* Kinds that stand for one MSR or one block of MSRs. */
    MSR_KIND_APIC_BASE,
    MSR_KIND_TSC,
    MSR_KIND_TSC_ADJUST,
    MSR_KIND_TSC_AUX,
    MSR_KIND_SPEC_CTRL,
    MSR_KIND_PRED_CMD,
    MSR_KIND_MISC_ENABLE,
    MSR_KIND_MCG_STATUS,
    MSR_KIND_DEBUGCTL,
    MSR_KIND_MTRR_DEF_TYPE,
    MSR_KIND_MTRR_FIXED,
    MSR_KIND_MTRR_VARIABLE,
    MSR_KIND_PAT,
    MSR_KIND_EFER,
    MSR_KIND_XSS,
    MSR_KIND_KVMCLOCK,
    MSR_KIND_ARCH_CAPABILITIES,
};

struct msr_entry {
    uint32_t first;
    uint32_t last;
    enum msr_kind kind;
    enum guest_reg reg; /* for the kinds that are kept in a guest register */
    uint64_t value;     /* for MSR_CONSTANT and MSR_DROPPED */
};

/* Returns the entry of an MSR; NULL: the machine does not have it. */
const struct msr_entry *msr_table_find(uint32_t msr);

/* The table, sorted by number. It is exported for the test of that order. */
extern const struct msr_entry msr_table[];
extern const size_t msr_table_count;
