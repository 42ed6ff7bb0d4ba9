/* RDMSR and WRMSR of the guest: one table of the MSRs the machine has (SDM 4
 * chapter 2). What is not in it is #GP, with one log line a number.
 *
 * Who calls it: vmm/vm/exits.c for RDMSR and WRMSR. MSRs that the guest
 * reaches without an exit are here too, for exits that come all the same. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cpuid_policy;
struct guest;
struct kvmclock;
struct lapic;

#define MSR_SEEN     64 /* unknown numbers remembered a VM */
#define MSR_VARIABLE 8  /* pairs of variable-range MTRRs */
#define MSR_FIXED    11 /* fixed-range MTRRs */

/* One a VM: which MSRs have had their line in the log. */
struct msr_seen {
    uint32_t numbers[MSR_SEEN];
    size_t count;
    bool full_logged;
};

/* One a vCPU. The pointers are the owner's to set before msr_reset(). */
struct msr_context {
    struct guest *guest;
    struct lapic *lapic;
    const struct cpuid_policy *cpuid;
    struct msr_seen *seen;
    struct kvmclock *clock; /* the VM's ... */
    unsigned index;         /* ... and which of its vCPUs this is */

    uint64_t misc_enable; /* msr.c writes it, CPUID follows it */

    /* msr.c's own: values that are kept and have no effect. */
    uint64_t tsc_adjust;
    uint64_t mcg_status;
    uint64_t mtrr_def_type;
    uint64_t mtrr_fixed[MSR_FIXED];
    uint64_t mtrr_base[MSR_VARIABLE];
    uint64_t mtrr_mask[MSR_VARIABLE];
};

/* The state in which firmware hands the processor over. Leaves the TSC. */
void msr_reset(struct msr_context *context);

enum msr_result {
    MSR_OK,
    MSR_GP, /* inject #GP(0) */
};

/* On MSR_GP nothing has changed, and *value means nothing. */
enum msr_result msr_read(struct msr_context *context, uint32_t msr,
                         uint64_t *value);
enum msr_result msr_write(struct msr_context *context, uint32_t msr,
                          uint64_t value);
