/* RDMSR and WRMSR of the guest. One table lists the MSRs that the machine has
 * (SDM 4 chapter 2). Any other MSR is #GP; the log has one line for each such
 * number. The table also has the MSRs that the guest accesses without an exit,
 * since a few of their accesses exit all the same.
 *
 * Who calls it: vmm/vm/exits.c for RDMSR and WRMSR. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cpuid_policy;
struct guest;
struct kvmclock;
struct lapic;

#define MSR_SEEN     64 /* unknown MSRs that a VM's log names at most */
#define MSR_VARIABLE 8  /* pairs of variable-range MTRRs */
#define MSR_FIXED    11 /* fixed-range MTRRs */

/* The unknown MSRs that have been logged; each VM has one. */
struct msr_seen {
    uint32_t numbers[MSR_SEEN];
    size_t count;
    bool full_logged;
};

/* What RDMSR, WRMSR and CPUID use of a vCPU; each vCPU has one. The owner sets
 * the pointers and `index` before it calls msr_reset(). */
struct msr_context {
    struct guest *guest;
    struct lapic *lapic;
    const struct cpuid_policy *cpuid;
    struct msr_seen *seen;
    struct kvmclock *clock; /* the VM's */
    unsigned index;         /* the vCPU's index in its VM */

    uint64_t misc_enable; /* written by msr.c, read by cpuid.c */

    /* Values that only msr.c uses. The guest reads back what it wrote; they
     * have no other effect. */
    uint64_t tsc_adjust;
    uint64_t mcg_status;
    uint64_t mtrr_def_type;
    uint64_t mtrr_fixed[MSR_FIXED];
    uint64_t mtrr_base[MSR_VARIABLE];
    uint64_t mtrr_mask[MSR_VARIABLE];
};

/* Sets the MSRs as firmware leaves them. The TSC keeps its value. */
void msr_reset(struct msr_context *context);

enum msr_result {
    MSR_OK,
    MSR_GP, /* the caller injects #GP(0) */
};

/* Read and write an MSR. On MSR_GP nothing has changed and *value is
 * undefined. */
enum msr_result msr_read(struct msr_context *context, uint32_t msr,
                         uint64_t *value);
enum msr_result msr_write(struct msr_context *context, uint32_t msr,
                          uint64_t value);
