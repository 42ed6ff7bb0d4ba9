/* RDMSR and WRMSR: what the machine has, what it refuses, and that a refusal
 * changes nothing. Guest registers and local APIC are fakes that remember. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arch/cpu.h"
#include "arch/guest.h"
#include "kernel/log.h"
#include "vmm/cpuid.h"
#include "vmm/kvmclock.h"
#include "vmm/lapic.h"
#include "vmm/msr.h"
#include "vmm/msr_table.h"

/* ---- fakes ---- */

static uint64_t regs[GUEST_REG_COUNT];
static uint64_t spec_ctrl, pred_cmds;
static unsigned log_lines;
static uint64_t apic_base, deadline, x2apic_value;
static uint32_t x2apic_msr;
static bool lapic_agrees;
static bool features[CPUID_FEATURE_COUNT];
static uint64_t lapic_offset, clock_offset, clock_value;
static uint32_t clock_msr;

uint64_t guest_get(struct guest *guest, enum guest_reg reg)
{
    (void)guest;
    return regs[reg];
}

void guest_set(struct guest *guest, enum guest_reg reg, uint64_t value)
{
    (void)guest;
    regs[reg] = value;
}

static enum guest_write checked(enum guest_reg reg, uint64_t value)
{
    if (value >> 60 != 0) {
        return GUEST_WRITE_FAULT;
    }
    regs[reg] = value;
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
    spec_ctrl = value;
    return true;
}

uint64_t guest_read_spec_ctrl(struct guest *guest)
{
    (void)guest;
    return spec_ctrl;
}

bool guest_write_pred_cmd(struct guest *guest, uint64_t value)
{
    (void)guest;
    pred_cmds += value;
    return true;
}

bool lapic_msr_read(struct lapic *lapic, uint32_t msr, uint64_t *value)
{
    (void)lapic;
    x2apic_msr = msr;
    *value = x2apic_value;
    return lapic_agrees;
}

bool lapic_msr_write(struct lapic *lapic, uint32_t msr, uint64_t value)
{
    (void)lapic;
    x2apic_msr = msr;
    x2apic_value = value;
    return lapic_agrees;
}

uint64_t lapic_base_read(const struct lapic *lapic)
{
    (void)lapic;
    return apic_base;
}

bool lapic_base_write(struct lapic *lapic, uint64_t value)
{
    (void)lapic;
    apic_base = value;
    return lapic_agrees;
}

uint64_t lapic_deadline_read(struct lapic *lapic)
{
    (void)lapic;
    return deadline;
}

void lapic_deadline_write(struct lapic *lapic, uint64_t value)
{
    (void)lapic;
    deadline = value;
}

void lapic_tsc_offset_set(struct lapic *lapic, uint64_t offset)
{
    (void)lapic;
    lapic_offset = offset;
}

uint64_t kvmclock_msr_read(const struct kvmclock *clock, unsigned cpu,
                           uint32_t msr)
{
    (void)clock;
    assert_int_equal(cpu, 5);
    clock_msr = msr;
    return clock_value;
}

void kvmclock_msr_write(struct kvmclock *clock, unsigned cpu, uint32_t msr,
                        uint64_t value)
{
    (void)clock;
    assert_int_equal(cpu, 5);
    clock_msr = msr;
    clock_value = value;
}

void kvmclock_tsc_offset_set(struct kvmclock *clock, unsigned cpu,
                             uint64_t offset)
{
    (void)clock;
    assert_int_equal(cpu, 5);
    clock_offset = offset;
}

bool cpuid_has(const struct cpuid_policy *policy, enum cpuid_feature feature)
{
    (void)policy;
    return features[feature];
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
    log_lines++;
}

/* ---- the machine ---- */

static struct msr_seen seen;
static struct msr_context context;

static int setup(void **state)
{
    (void)state;
    memset(regs, 0, sizeof(regs));
    memset(&seen, 0, sizeof(seen));
    memset(features, 1, sizeof(features));
    spec_ctrl = pred_cmds = deadline = x2apic_value = lapic_offset = 0;
    apic_base = 0xfee00900;
    lapic_agrees = true;
    log_lines = 0;
    memset(&context, 0xa5, sizeof(context));
    context.guest = NULL;
    context.lapic = NULL;
    context.cpuid = NULL;
    context.seen = &seen;
    context.clock = NULL;
    context.index = 5;
    msr_reset(&context);
    return 0;
}

static void assert_reads(uint32_t msr, uint64_t expected)
{
    uint64_t value = ~expected;

    if (msr_read(&context, msr, &value) != MSR_OK || value != expected) {
        fail_msg("MSR %#x reads %#llx, not %#llx", msr,
                 (unsigned long long)value, (unsigned long long)expected);
    }
}

static void assert_writes(uint32_t msr, uint64_t value)
{
    if (msr_write(&context, msr, value) != MSR_OK) {
        fail_msg("MSR %#x refuses %#llx", msr, (unsigned long long)value);
    }
}

/* #GP, and no register or kept value is another than before. */
static void assert_refuses(uint32_t msr, uint64_t value)
{
    struct msr_context before = context;
    uint64_t regs_before[GUEST_REG_COUNT];

    memcpy(regs_before, regs, sizeof(regs));
    if (msr_write(&context, msr, value) != MSR_GP) {
        fail_msg("MSR %#x takes %#llx", msr, (unsigned long long)value);
    }
    assert_memory_equal(&before, &context, sizeof(context));
    assert_memory_equal(regs_before, regs, sizeof(regs));
}

static void assert_unreadable(uint32_t msr)
{
    uint64_t value;

    if (msr_read(&context, msr, &value) != MSR_GP) {
        fail_msg("MSR %#x can be read", msr);
    }
}

static void table_is_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < msr_table_count; i++) {
        assert_true(msr_table[i].first <= msr_table[i].last);
        assert_true(i == 0 || msr_table[i - 1].last < msr_table[i].first);
        assert_ptr_equal(msr_table_find(msr_table[i].first), &msr_table[i]);
        assert_ptr_equal(msr_table_find(msr_table[i].last), &msr_table[i]);
    }
    assert_null(msr_table_find(0x2));
    assert_null(msr_table_find(0x210));
    assert_null(msr_table_find(UINT32_MAX));
}

/* ---- constants ---- */

static void constants(void **state)
{
    (void)state;
    assert_reads(0x17, 0);
    assert_reads(0x3a, 1); /* locked, VMX off */
    assert_refuses(0x3a, 5);
    assert_reads(0xfe, 0x508);
    assert_refuses(0xfe, 0x508);
    assert_reads(0x179, 0);
    assert_unreadable(0x17b); /* no MCG_CTL */
    assert_unreadable(0x400); /* no bank */
    assert_writes(0x8b, 0);   /* before CPUID, to read the revision */
    assert_reads(0x8b, 1ULL << 32);
    assert_writes(0x79, 0xffff888000001000);
    assert_reads(0x1d9, 0);
    assert_writes(0x1d9, 3);
    assert_reads(0x1d9, 0);
    assert_refuses(0x1d9, 1 << 6);
}

static void misc_enable_keeps_what_is_not_there(void **state)
{
    (void)state;
    assert_reads(0x1a0, 1 | 1 << 11 | 1 << 12);
    assert_writes(0x1a0, 0);
    assert_reads(0x1a0, 1 << 11 | 1 << 12);
    assert_writes(0x1a0, UINT64_MAX);
    assert_reads(0x1a0, 1 | 1 << 11 | 1 << 12);
}

static void mcg_status(void **state)
{
    (void)state;
    assert_reads(0x17a, 0);
    assert_writes(0x17a, 5);
    assert_reads(0x17a, 5);
    assert_refuses(0x17a, 8);
}

/* ---- registers of the guest ---- */

static void canonical_registers(void **state)
{
    static const struct {
        uint32_t msr;
        enum guest_reg reg;
    } list[] = {
        {0x175, GUEST_SYSENTER_ESP},        {0x176, GUEST_SYSENTER_EIP},
        {0xc0000082, GUEST_LSTAR},          {0xc0000083, GUEST_CSTAR},
        {0xc0000100, GUEST_FS_BASE},        {0xc0000101, GUEST_GS_BASE},
        {0xc0000102, GUEST_KERNEL_GS_BASE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        assert_writes(list[i].msr, 0xffff800000000000);
        assert_int_equal(regs[list[i].reg], 0xffff800000000000);
        assert_writes(list[i].msr, 0x00007fffffffffff);
        assert_reads(list[i].msr, 0x00007fffffffffff);
        assert_refuses(list[i].msr, 0x0000800000000000);
        assert_refuses(list[i].msr, 0xffff7fffffffffff);
        assert_refuses(list[i].msr, 1ULL << 63);
    }
}

static void word_registers(void **state)
{
    (void)state;
    assert_writes(0xc0000084, 0x47700);
    assert_reads(0xc0000084, 0x47700);
    assert_refuses(0xc0000084, 1ULL << 32);
    assert_writes(0x174, 0x10);
    assert_int_equal(regs[GUEST_SYSENTER_CS], 0x10);
    assert_writes(0xc0000081, UINT64_MAX);
    assert_reads(0xc0000081, UINT64_MAX);
}

static void efer_and_pat_are_checked_by_the_guest(void **state)
{
    (void)state;
    assert_writes(0xc0000080, 0xd01);
    assert_reads(0xc0000080, 0xd01);
    assert_refuses(0xc0000080, 1ULL << 63);
    assert_writes(0x277, 0x0007040600070406);
    assert_reads(0x277, 0x0007040600070406);
    assert_refuses(0x277, 1ULL << 63);
}

static void what_cpuid_lacks_is_refused(void **state)
{
    (void)state;
    assert_writes(0xc0000103, 7);
    assert_refuses(0xc0000103, 1ULL << 32);
    assert_writes(0xda0, 0);
    assert_refuses(0xda0, 1);
    assert_writes(0x48, 1);
    assert_reads(0x48, 1);
    assert_refuses(0x48, 8);
    assert_writes(0x49, 1);
    assert_int_equal(pred_cmds, 1);
    assert_refuses(0x49, 2);
    assert_unreadable(0x49);
    assert_reads(0x10a, 0x1234);
    assert_refuses(0x10a, 0x1234);
    features[CPUID_HAS_ARCH_CAPABILITIES] = false;
    assert_unreadable(0x10a);
    assert_refuses(0x10a, 0);

    features[CPUID_HAS_RDTSCP] = false;
    assert_writes(0xc0000103, 8); /* RDPID alone is enough */
    features[CPUID_HAS_RDPID] = false;
    features[CPUID_HAS_XSAVES] = false;
    features[CPUID_HAS_SPEC_CTRL] = false;
    features[CPUID_HAS_STIBP] = false;
    assert_refuses(0xc0000103, 7);
    assert_unreadable(0xc0000103);
    assert_refuses(0xda0, 0);
    assert_unreadable(0xda0);
    assert_refuses(0x48, 1);
    assert_writes(0x48, 4);
    features[CPUID_HAS_SSBD] = false;
    assert_refuses(0x48, 0);
    assert_unreadable(0x48);
    assert_refuses(0x49, 1);
    assert_int_equal(spec_ctrl, 4);
    assert_int_equal(log_lines, 0);
}

/* ---- time ---- */

static void tsc_moves_by_offset(void **state)
{
    uint64_t value = 0;
    uint64_t real;

    (void)state;
    assert_reads(0x3b, 0);
    assert_writes(0x10, 1ULL << 40);
    real = cpu_rdtsc();
    assert_int_equal(msr_read(&context, 0x10, &value), MSR_OK);
    assert_in_range(value, 1ULL << 40, (1ULL << 40) + (1ULL << 33));
    assert_in_range(real + regs[GUEST_TSC_OFFSET], 1ULL << 40, value);
    assert_int_equal(lapic_offset, regs[GUEST_TSC_OFFSET]);
    assert_int_equal(clock_offset, regs[GUEST_TSC_OFFSET]);
    assert_reads(0x3b, regs[GUEST_TSC_OFFSET]);
}

static void tsc_adjust_moves_the_tsc(void **state)
{
    (void)state;
    regs[GUEST_TSC_OFFSET] = 1000;
    assert_writes(0x3b, 500);
    assert_int_equal(regs[GUEST_TSC_OFFSET], 1500);
    assert_int_equal(lapic_offset, 1500);
    assert_reads(0x3b, 500);
    assert_writes(0x3b, (uint64_t)-200);
    assert_int_equal(regs[GUEST_TSC_OFFSET], 800);
    assert_writes(0x3b, 0);
    assert_int_equal(regs[GUEST_TSC_OFFSET], 1000);
}

/* ---- local APIC ---- */

static void apic_registers_go_to_the_chip(void **state)
{
    (void)state;
    assert_reads(0x1b, 0xfee00900);
    assert_writes(0x1b, 0xfee00d00);
    assert_int_equal(apic_base, 0xfee00d00);
    assert_writes(0x6e0, 12345);
    assert_reads(0x6e0, 12345);
    assert_writes(0x80b, 0);
    assert_int_equal(x2apic_msr, 0x80b);
    assert_writes(0x8ff, 77);
    assert_reads(0x800, 77);
    assert_int_equal(x2apic_msr, 0x800);
    lapic_agrees = false;
    assert_int_equal(msr_write(&context, 0x1b, 0), MSR_GP);
    assert_int_equal(msr_write(&context, 0x830, 0), MSR_GP);
    assert_unreadable(0x802);
    assert_int_equal(log_lines, 0);
}

/* ---- MTRRs ---- */

static void mtrrs_as_firmware_leaves_them(void **state)
{
    (void)state;
    assert_reads(0x2ff, 0xc06);
    assert_reads(0x250, 0x0606060606060606);
    assert_reads(0x258, 0x0606060606060606);
    assert_reads(0x259, 0); /* 0xa0000 to 0xbffff */
    assert_reads(0x268, 0x0606060606060606);
    assert_reads(0x200, 0xc0000000);
    assert_reads(0x201, 0x7fc0000800);
    for (uint32_t msr = 0x202; msr < 0x210; msr++) {
        assert_reads(msr, 0);
    }
}

static void mtrrs_keep_what_is_written(void **state)
{
    (void)state;
    for (uint32_t msr = 0x200; msr < 0x210; msr += 2) {
        assert_writes(msr, (uint64_t)msr << 12 | 6);
        assert_writes(msr + 1, 0x7fff000800 | (uint64_t)msr << 12);
    }
    for (uint32_t msr = 0x200; msr < 0x210; msr += 2) {
        assert_reads(msr, (uint64_t)msr << 12 | 6);
        assert_reads(msr + 1, 0x7fff000800 | (uint64_t)msr << 12);
    }
    static const uint32_t fixed[] = {0x250, 0x258, 0x259, 0x268, 0x269, 0x26a,
                                     0x26b, 0x26c, 0x26d, 0x26e, 0x26f};
    for (uint32_t i = 0; i < 11; i++) {
        assert_writes(fixed[i], i % 2 == 0 ? 0x0505050505050505 : 4);
    }
    for (uint32_t i = 0; i < 11; i++) {
        assert_reads(fixed[i], i % 2 == 0 ? 0x0505050505050505 : 4);
    }
    assert_writes(0x2ff, 0x800);
    assert_reads(0x2ff, 0x800);
}

static void mtrrs_refuse_reserved_bits(void **state)
{
    (void)state;
    assert_refuses(0x200, 2);              /* no such type */
    assert_refuses(0x200, 7);              /* UC- is PAT's only */
    assert_refuses(0x200, 0x106);          /* bits 11:8 */
    assert_refuses(0x200, 1ULL << 39 | 6); /* beyond the address width */
    assert_refuses(0x201, 0x7ffff00400);   /* bits 10:0 */
    assert_refuses(0x201, 1ULL << 39);
    assert_refuses(0x250, 0x0202020202020202);
    assert_refuses(0x26f, 7ULL << 56);
    assert_refuses(0x2ff, 2);
    assert_refuses(0x2ff, 0x1006);
    assert_unreadable(0x210);
    assert_unreadable(0x251);
}

static void the_clocks_msrs(void **state)
{
    static const uint32_t numbers[] = {KVMCLOCK_MSR_WALL_OLD,
                                       KVMCLOCK_MSR_TIME_OLD, KVMCLOCK_MSR_WALL,
                                       KVMCLOCK_MSR_TIME};

    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        assert_writes(numbers[i], UINT64_MAX - i);
        assert_int_equal(clock_msr, numbers[i]);
        clock_msr = 0;
        assert_reads(numbers[i], UINT64_MAX - i);
        assert_int_equal(clock_msr, numbers[i]);
    }
}

/* ---- what is not there ---- */

static void known_absences_are_quiet(void **state)
{
    static const uint32_t absent[] = {
        0x34,  0xce,       0x10b,      0x122,      0x140,
        0x198, 0x345,      0x38f,      0x606,      0x611,
        0x770, 0xc0010015, 0x4b564d02, 0x4b564d04, 0x40000000};

    (void)state;
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
        assert_unreadable(absent[i]);
        assert_refuses(absent[i], 0);
    }
    assert_int_equal(log_lines, 0);
}

static void an_unknown_msr_has_one_line(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        assert_unreadable(0x480);
        assert_refuses(0x480, i);
    }
    assert_int_equal(log_lines, 1);
    assert_unreadable(0x481);
    assert_int_equal(log_lines, 2);
}

/* A guest that tries every number fills neither memory nor log. */
static void a_sweep_is_bounded(void **state)
{
    (void)state;
    for (uint32_t msr = 0x1000; msr < 0x21000; msr++) {
        assert_unreadable(msr);
    }
    assert_int_equal(seen.count, MSR_SEEN);
    assert_int_equal(log_lines, MSR_SEEN + 1);
    for (uint64_t msr = 0; msr <= UINT32_MAX; msr += 4093) {
        uint64_t value;

        (void)msr_read(&context, (uint32_t)msr, &value);
        (void)msr_write(&context, (uint32_t)msr, UINT64_MAX);
    }
    assert_int_equal(log_lines, MSR_SEEN + 1);
}

#define TEST(function) cmocka_unit_test_setup(function, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(table_is_in_order),
        TEST(constants),
        TEST(misc_enable_keeps_what_is_not_there),
        TEST(mcg_status),
        TEST(canonical_registers),
        TEST(word_registers),
        TEST(efer_and_pat_are_checked_by_the_guest),
        TEST(what_cpuid_lacks_is_refused),
        TEST(tsc_moves_by_offset),
        TEST(tsc_adjust_moves_the_tsc),
        TEST(apic_registers_go_to_the_chip),
        TEST(mtrrs_as_firmware_leaves_them),
        TEST(mtrrs_keep_what_is_written),
        TEST(mtrrs_refuse_reserved_bits),
        TEST(the_clocks_msrs),
        TEST(known_absences_are_quiet),
        TEST(an_unknown_msr_has_one_line),
        TEST(a_sweep_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
