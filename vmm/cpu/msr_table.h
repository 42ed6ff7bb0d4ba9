/* The MSRs of the guest's machine as data: what kind each is. vmm/cpu/msr.c
 * does what the kinds mean. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "arch/vmx/guest.h"

enum msr_kind {
    MSR_ABSENT,    /* #GP without a line in the log: kernels ask for it */
    MSR_CONSTANT,  /* reads `value`; a write is #GP */
    MSR_DROPPED,   /* reads `value`; a write is lost */
    MSR_REGISTER,  /* `reg`, any value */
    MSR_CANONICAL, /* `reg`, a canonical address */
    MSR_WORD,      /* `reg`, bits 63:32 are 0 */

    /* Kinds of one MSR or one block each. */
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
    enum guest_reg reg; /* of the kinds that are one of these */
    uint64_t value;     /* MSR_CONSTANT, MSR_DROPPED */
};

/* The entry, or NULL: not known. */
const struct msr_entry *msr_table_find(uint32_t msr);

/* By rising numbers, for the test that they do. */
extern const struct msr_entry msr_table[];
extern const size_t msr_table_count;
