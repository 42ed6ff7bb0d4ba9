/* What vmm/vm/exits.c calls for the exit subjects that no step of vcpu_rig.c's
 * scripts comes to. */
#include "test/unit/support/vcpu_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

void cpuid_emulate(const struct msr_context *which, uint32_t leaf,
                   uint32_t subleaf, struct cpuid_regs *regs)
{
    (void)which;
    (void)leaf;
    (void)subleaf;
    (void)regs;
    fail();
}

bool cpuid_xcr0_valid(const struct cpuid_policy *policy, uint64_t xcr0)
{
    (void)policy;
    (void)xcr0;
    return false;
}

void kvmclock_cpu_reset(struct kvmclock *clock, unsigned cpu)
{
    (void)clock;
    (void)cpu;
    rig.guest.clock_resets++;
}

enum msr_result msr_read(struct msr_context *context, uint32_t msr,
                         uint64_t *value)
{
    (void)context;
    (void)msr;
    (void)value;
    return MSR_GP;
}

enum msr_result msr_write(struct msr_context *context, uint32_t msr,
                          uint64_t value)
{
    (void)context;
    (void)msr;
    (void)value;
    return MSR_GP;
}

void cr_exit(struct vcpu *which, const struct exit *exit)
{
    (void)which;
    (void)exit;
}

void io_exit(struct vcpu *which, const struct exit *exit)
{
    (void)which;
    (void)exit;
}

void mmio_exit(struct vcpu *which, const struct exit *exit)
{
    (void)which;
    (void)exit;
}

void mmio_apic_exit(struct vcpu *which, const struct exit *exit)
{
    (void)which;
    (void)exit;
}

void vcpu_crash(struct vcpu *which, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    vsnprintf(rig.crash, sizeof(rig.crash), format, values);
    va_end(values);
    rig.crashes++;
    vm_stop(which->vm, VM_END_CRASH);
}

void vm_device_settle(struct vm *which, struct virtio_device *device)
{
    (void)which;
    (void)device;
}
