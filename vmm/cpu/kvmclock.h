/* KVM's paravirtual clock (Linux, Documentation/virt/kvm/x86/msr.rst): a page
 * of each vCPU's from which its kernel makes nanoseconds out of its TSC, and
 * the wall clock's time when those began. The TSC's rate never changes here, so
 * a page is written when it is registered and when a TSC is moved, and at no
 * other time; it then holds the TSC and the nanoseconds of that moment. All
 * vCPUs count from one zero by the same arithmetic, so two pages differ by less
 * than 2 ns whenever each was written; PVCLOCK_TSC_STABLE_BIT says so, and is
 * there while the TSCs are the same on all (a kernel reads one vCPU's page with
 * any vCPU's TSC then).
 *
 * Who calls it: vmm/vm/vm_vcpus.c, msr.c, vmm/vm/vcpu_events.c (INIT turns a
 * vCPU's clock off). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vmm/memory/guest_memory.h"

#define KVMCLOCK_CPUS 64

/* MSRs: the same two, with old and with new numbers. */
#define KVMCLOCK_MSR_WALL_OLD 0x11U
#define KVMCLOCK_MSR_TIME_OLD 0x12U
#define KVMCLOCK_MSR_WALL     0x4b564d00U
#define KVMCLOCK_MSR_TIME     0x4b564d01U

#define KVMCLOCK_ENABLE 1ULL /* in the value of a time MSR */

/* Bits of KVM's feature leaf 0x40000001, EAX. */
#define KVMCLOCK_FEATURES (1U << 0 | 1U << 3 | 1U << 24)

/* nanoseconds = ((ticks << shift) * multiplier) >> 32; shift may be negative.
 */
struct kvmclock_rate {
    uint32_t multiplier;
    int8_t shift;
};

struct kvmclock_cpu {
    uint64_t msr; /* as written: the page's address, and KVMCLOCK_ENABLE */
    uint64_t tsc_offset;
};

/* One a VM. */
struct kvmclock {
    const struct guest_memory *memory;
    unsigned cpu_count;
    struct kvmclock_rate rate;
    uint64_t tsc;          /* the host's at the clock's zero */
    uint64_t wall_seconds; /* since 1970 at that moment ... */
    uint32_t wall_ns;      /* ... and the rest */
    uint64_t wall_msr;     /* as written last */
    bool stable;           /* all TSC offsets are the same */
    bool told;             /* of an address that is not RAM */
    struct kvmclock_cpu cpus[KVMCLOCK_CPUS];
};

/* The clock begins now. */
void kvmclock_init(struct kvmclock *clock, const struct guest_memory *memory,
                   unsigned cpu_count);

/* RDMSR and WRMSR of the four by vCPU `cpu`. As under KVM every value is
 * accepted: an address that is not RAM, or not a multiple of 4, leaves the
 * clock off (and has a line in the log). */
uint64_t kvmclock_msr_read(const struct kvmclock *clock, unsigned cpu,
                           uint32_t msr);
void kvmclock_msr_write(struct kvmclock *clock, unsigned cpu, uint32_t msr,
                        uint64_t value);

/* Guest TSC = host TSC + offset from now on. */
void kvmclock_tsc_offset_set(struct kvmclock *clock, unsigned cpu,
                             uint64_t offset);

/* INIT: that vCPU's page is plain memory again. */
void kvmclock_cpu_reset(struct kvmclock *clock, unsigned cpu);

/* For a TSC of `hz`, 1 MHz to 1 THz. */
struct kvmclock_rate kvmclock_rate(uint64_t hz);

bool kvmclock_valid(const struct kvmclock *clock);
