/* What the tests of MSRs share: a guest whose registers stand in memory; see
 * the header. */
#include "test/unit/support/msr_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct msr_rig rig;

uint64_t guest_get(struct guest *guest, enum guest_reg reg)
{
    (void)guest;
    return rig.regs[reg];
}

void guest_set(struct guest *guest, enum guest_reg reg, uint64_t value)
{
    (void)guest;
    rig.regs[reg] = value;
}

static enum guest_write checked(enum guest_reg reg, uint64_t value)
{
    if (value >> 60 != 0) {
        return GUEST_WRITE_FAULT;
    }
    rig.regs[reg] = value;
    return GUEST_WRITE_DONE;
}

enum guest_write guest_write_efer(struct guest *guest, uint64_t value)
{
    (void)guest;
    return checked(GUEST_EFER, value);
}

enum guest_write guest_write_pat(struct guest *guest, uint64_t value)
{
    (void)guest;
    return checked(GUEST_PAT, value);
}

enum guest_write guest_write_xss(struct guest *guest, uint64_t value)
{
    (void)guest;
    return checked(GUEST_XSS, value);
}

bool guest_write_spec_ctrl(struct guest *guest, uint64_t value)
{
    (void)guest;
    rig.spec_ctrl = value;
    return true;
}

uint64_t guest_read_spec_ctrl(struct guest *guest)
{
    (void)guest;
    return rig.spec_ctrl;
}

bool guest_write_pred_cmd(struct guest *guest, uint64_t value)
{
    (void)guest;
    rig.pred_cmds += value;
    return true;
}

bool lapic_msr_read(struct lapic *lapic, uint32_t msr, uint64_t *value)
{
    (void)lapic;
    rig.x2apic_msr = msr;
    *value = rig.x2apic_value;
    return rig.lapic_agrees;
}

bool lapic_msr_write(struct lapic *lapic, uint32_t msr, uint64_t value)
{
    (void)lapic;
    rig.x2apic_msr = msr;
    rig.x2apic_value = value;
    return rig.lapic_agrees;
}

uint64_t lapic_base_read(const struct lapic *lapic)
{
    (void)lapic;
    return rig.apic_base;
}

bool lapic_base_write(struct lapic *lapic, uint64_t value)
{
    (void)lapic;
    rig.apic_base = value;
    return rig.lapic_agrees;
}

uint64_t lapic_deadline_read(struct lapic *lapic)
{
    (void)lapic;
    return rig.deadline;
}

void lapic_deadline_write(struct lapic *lapic, uint64_t value)
{
    (void)lapic;
    rig.deadline = value;
}

void lapic_tsc_offset_set(struct lapic *lapic, uint64_t offset)
{
    (void)lapic;
    rig.lapic_offset = offset;
}

uint64_t kvmclock_msr_read(const struct kvmclock *clock, unsigned cpu,
                           uint32_t msr)
{
    (void)clock;
    assert_int_equal(cpu, 5);
    rig.clock_msr = msr;
    return rig.clock_value;
}

void kvmclock_msr_write(struct kvmclock *clock, unsigned cpu, uint32_t msr,
                        uint64_t value)
{
    (void)clock;
    assert_int_equal(cpu, 5);
    rig.clock_msr = msr;
    rig.clock_value = value;
}

void kvmclock_tsc_offset_set(struct kvmclock *clock, unsigned cpu,
                             uint64_t offset)
{
    (void)clock;
    assert_int_equal(cpu, 5);
    rig.clock_offset = offset;
}

bool cpuid_has(const struct cpuid_policy *policy, enum cpuid_feature feature)
{
    (void)policy;
    return rig.features[feature];
}

uint64_t cpuid_arch_capabilities(const struct cpuid_policy *policy)
{
    (void)policy;
    return 0x1234;
}

unsigned cpuid_physical_bits(const struct cpuid_policy *policy)
{
    (void)policy;
    return 39;
}

void log_at(enum log_level level, const char *format, ...)
{
    (void)level;
    (void)format;
    rig.log_lines++;
}

int rig_setup(void **state)
{
    (void)state;
    memset(rig.regs, 0, sizeof(rig.regs));
    memset(&rig.seen, 0, sizeof(rig.seen));
    memset(rig.features, 1, sizeof(rig.features));
    rig.spec_ctrl = rig.pred_cmds = rig.deadline = rig.x2apic_value =
        rig.lapic_offset = 0;
    rig.apic_base = 0xfee00900;
    rig.lapic_agrees = true;
    rig.log_lines = 0;
    memset(&rig.context, 0xa5, sizeof(rig.context));
    rig.context.guest = NULL;
    rig.context.lapic = NULL;
    rig.context.cpuid = NULL;
    rig.context.seen = &rig.seen;
    rig.context.clock = NULL;
    rig.context.index = 5;
    msr_reset(&rig.context);
    return 0;
}

void rig_assert_reads(uint32_t msr, uint64_t expected)
{
    uint64_t value = ~expected;

    if (msr_read(&rig.context, msr, &value) != MSR_OK || value != expected) {
        fail_msg("MSR %#x reads %#llx, not %#llx", msr,
                 (unsigned long long)value, (unsigned long long)expected);
    }
}

void rig_assert_writes(uint32_t msr, uint64_t value)
{
    if (msr_write(&rig.context, msr, value) != MSR_OK) {
        fail_msg("MSR %#x refuses %#llx", msr, (unsigned long long)value);
    }
}

void rig_assert_refuses(uint32_t msr, uint64_t value)
{
    struct msr_context before = rig.context;
    uint64_t regs_before[GUEST_REG_COUNT];

    memcpy(regs_before, rig.regs, sizeof(rig.regs));
    if (msr_write(&rig.context, msr, value) != MSR_GP) {
        fail_msg("MSR %#x takes %#llx", msr, (unsigned long long)value);
    }
    assert_memory_equal(&before, &rig.context, sizeof(rig.context));
    assert_memory_equal(regs_before, rig.regs, sizeof(rig.regs));
}

void rig_assert_unreadable(uint32_t msr)
{
    uint64_t value;

    if (msr_read(&rig.context, msr, &value) != MSR_GP) {
        fail_msg("MSR %#x can be read", msr);
    }
}
