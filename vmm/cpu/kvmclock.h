/* KVM's paravirtual clock (Linux, Documentation/virt/kvm/x86/msr.rst). Each
 * vCPU has a page in guest memory, from which its kernel computes nanoseconds
 * out of its TSC. Another page holds the wall clock's time at nanosecond 0.
 *
 * The TSC's frequency never changes here. So a vCPU's page is written only when
 * the guest registers it and when a TSC is moved. It then holds the TSC and the
 * nanoseconds of that moment.
 *
 * All vCPUs count from the same zero by the same arithmetic, so any two pages
 * agree within 2 ns, whenever they were written. PVCLOCK_TSC_STABLE_BIT is set
 * while the TSCs of all vCPUs are equal. It tells a kernel that it may use one
 * vCPU's page with any vCPU's TSC.
 *
 * Who calls it: vmm/vm/vm_vcpus.c, msr.c, vmm/vm/vcpu_events.c (INIT turns a
 * vCPU's clock off). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vmm/memory/guest_memory.h"

#define KVMCLOCK_CPUS 64

/* The two MSRs of the clock. Each has an old and a new number. */
#define KVMCLOCK_MSR_WALL_OLD 0x11U
#define KVMCLOCK_MSR_TIME_OLD 0x12U
#define KVMCLOCK_MSR_WALL     0x4b564d00U
#define KVMCLOCK_MSR_TIME     0x4b564d01U

#define KVMCLOCK_ENABLE 1ULL /* in the value of a KVMCLOCK_MSR_TIME */

/* KVM's feature bits for this clock (leaf 0x40000001, EAX): old MSRs, new MSRs,
 * TSC_STABLE_BIT is meaningful. */
#define KVMCLOCK_FEATURES (1U << 0 | 1U << 3 | 1U << 24)

/* nanoseconds = ((ticks << shift) * multiplier) >> 32; a negative shift is a
 * right shift. */
struct kvmclock_rate {
    uint32_t multiplier;
    int8_t shift;
};

struct kvmclock_cpu {
    uint64_t msr; /* last value written: address of the page, KVMCLOCK_ENABLE */
    uint64_t tsc_offset;
};

/* The clock of one VM. */
struct kvmclock {
    const struct guest_memory *memory;
    unsigned cpu_count;
    struct kvmclock_rate rate;
    uint64_t tsc;          /* the host's TSC at the clock's zero */
    uint64_t wall_seconds; /* wall time at zero: seconds since 1970 */
    uint32_t wall_ns;      /* wall time at zero: the rest, in ns */
    uint64_t wall_msr;     /* last value that the guest wrote */
    bool stable;           /* the TSC offsets of all vCPUs are equal */
    bool told;             /* a bad address has been logged */
    struct kvmclock_cpu cpus[KVMCLOCK_CPUS];
};

/* Starts the clock: now is its zero. */
void kvmclock_init(struct kvmclock *clock, const struct guest_memory *memory,
                   unsigned cpu_count);

/* RDMSR and WRMSR of the four MSRs on vCPU `cpu`. As under KVM, any value is
 * accepted. If its address is not RAM or not a multiple of 4, the clock stays
 * off and the log has a line. */
uint64_t kvmclock_msr_read(const struct kvmclock *clock, unsigned cpu,
                           uint32_t msr);
void kvmclock_msr_write(struct kvmclock *clock, unsigned cpu, uint32_t msr,
                        uint64_t value);

/* Sets the offset of vCPU `cpu`'s TSC from the host's. */
void kvmclock_tsc_offset_set(struct kvmclock *clock, unsigned cpu,
                             uint64_t offset);

/* Handles INIT of vCPU `cpu`: its page is not written any more. */
void kvmclock_cpu_reset(struct kvmclock *clock, unsigned cpu);

/* Returns the rate of a TSC of `hz`, which is 1 MHz to 1 THz. */
struct kvmclock_rate kvmclock_rate(uint64_t hz);

bool kvmclock_valid(const struct kvmclock *clock);
