/* MSRs: the table, constants, registers of the guest, and what is not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arch/msr.h"
#include "test/unit/support/msr_rig.h"

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
    rig_assert_reads(0x17, 0);
    rig_assert_reads(0x3a, 1); /* locked, VMX off */
    rig_assert_refuses(0x3a, 5);
    rig_assert_reads(0xfe, 0x508);
    rig_assert_refuses(0xfe, 0x508);
    rig_assert_reads(0x179, 0);
    rig_assert_unreadable(0x17b); /* no MCG_CTL */
    rig_assert_unreadable(0x400); /* no bank */
    rig_assert_writes(0x8b, 0);   /* before CPUID, to read the revision */
    rig_assert_reads(0x8b, 1ULL << 32);
    rig_assert_writes(0x79, 0xffff888000001000);
    rig_assert_reads(0x1d9, 0);
    rig_assert_writes(0x1d9, 3);
    rig_assert_reads(0x1d9, 0);
    rig_assert_refuses(0x1d9, 1 << 6);
}

#define FAST_STRINGS 1ULL
#define UNAVAILABLE  (1ULL << 11 | 1ULL << 12) /* branch traces, PEBS */

/* Fast strings, Limit CPUID Maxval and XD Bit Disable are kept; of the other
 * bits writes change nothing. Kernels clear both of the latter at once. */
static void misc_enable_keeps_what_cpuid_knows(void **state)
{
    const uint64_t start = FAST_STRINGS | UNAVAILABLE;
    const uint64_t both = MISC_ENABLE_LIMIT_CPUID | MISC_ENABLE_XD_DISABLE;

    (void)state;
    rig_assert_reads(0x1a0, start);
    rig_assert_writes(0x1a0, start & ~both);
    rig_assert_reads(0x1a0, start);
    rig_assert_writes(0x1a0, 0);
    rig_assert_reads(0x1a0, UNAVAILABLE);
    rig_assert_writes(0x1a0, UINT64_MAX);
    rig_assert_reads(0x1a0, start | both);
    rig_assert_writes(0x1a0, start | MISC_ENABLE_LIMIT_CPUID);
    rig_assert_reads(0x1a0, start | MISC_ENABLE_LIMIT_CPUID);
    rig.features[CPUID_HAS_NX] = false;
    rig_assert_writes(0x1a0, UINT64_MAX);
    rig_assert_reads(0x1a0, start | MISC_ENABLE_LIMIT_CPUID);
}

/* EFER.NXE and IA32_MISC_ENABLE[34] are never both set. */
static void nx_turned_off_is_no_bit_of_efer(void **state)
{
    (void)state;
    rig_assert_writes(0x1a0, FAST_STRINGS | MISC_ENABLE_XD_DISABLE);
    rig_assert_refuses(0xc0000080, 0xd01);
    rig_assert_writes(0xc0000080, 0x501);
    rig_assert_writes(0x1a0, FAST_STRINGS);
    rig_assert_writes(0xc0000080, 0xd01);
    rig_assert_refuses(0x1a0, FAST_STRINGS | MISC_ENABLE_XD_DISABLE);
    rig_assert_writes(0x1a0, MISC_ENABLE_LIMIT_CPUID);
}

static void mcg_status(void **state)
{
    (void)state;
    rig_assert_reads(0x17a, 0);
    rig_assert_writes(0x17a, 5);
    rig_assert_reads(0x17a, 5);
    rig_assert_refuses(0x17a, 8);
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
        rig_assert_writes(list[i].msr, 0xffff800000000000);
        assert_int_equal(rig.regs[list[i].reg], 0xffff800000000000);
        rig_assert_writes(list[i].msr, 0x00007fffffffffff);
        rig_assert_reads(list[i].msr, 0x00007fffffffffff);
        rig_assert_refuses(list[i].msr, 0x0000800000000000);
        rig_assert_refuses(list[i].msr, 0xffff7fffffffffff);
        rig_assert_refuses(list[i].msr, 1ULL << 63);
    }
}

static void word_registers(void **state)
{
    (void)state;
    rig_assert_writes(0xc0000084, 0x47700);
    rig_assert_reads(0xc0000084, 0x47700);
    rig_assert_refuses(0xc0000084, 1ULL << 32);
    rig_assert_writes(0x174, 0x10);
    assert_int_equal(rig.regs[GUEST_SYSENTER_CS], 0x10);
    rig_assert_writes(0xc0000081, UINT64_MAX);
    rig_assert_reads(0xc0000081, UINT64_MAX);
}

static void efer_and_pat_are_checked_by_the_guest(void **state)
{
    (void)state;
    rig_assert_writes(0xc0000080, 0xd01);
    rig_assert_reads(0xc0000080, 0xd01);
    rig_assert_refuses(0xc0000080, 1ULL << 63);
    rig_assert_writes(0x277, 0x0007040600070406);
    rig_assert_reads(0x277, 0x0007040600070406);
    rig_assert_refuses(0x277, 1ULL << 63);
}

static void what_cpuid_lacks_is_refused(void **state)
{
    (void)state;
    rig_assert_writes(0xc0000103, 7);
    rig_assert_refuses(0xc0000103, 1ULL << 32);
    rig_assert_writes(0xda0, 0);
    rig_assert_refuses(0xda0, 1);
    rig_assert_writes(0x48, 1);
    rig_assert_reads(0x48, 1);
    rig_assert_refuses(0x48, 8);
    rig_assert_writes(0x49, 1);
    assert_int_equal(rig.pred_cmds, 1);
    rig_assert_refuses(0x49, 2);
    rig_assert_unreadable(0x49);
    rig_assert_reads(0x10a, 0x1234);
    rig_assert_refuses(0x10a, 0x1234);
    rig.features[CPUID_HAS_ARCH_CAPABILITIES] = false;
    rig_assert_unreadable(0x10a);
    rig_assert_refuses(0x10a, 0);

    rig.features[CPUID_HAS_RDTSCP] = false;
    rig_assert_writes(0xc0000103, 8); /* RDPID alone is enough */
    rig.features[CPUID_HAS_RDPID] = false;
    rig.features[CPUID_HAS_XSAVES] = false;
    rig.features[CPUID_HAS_SPEC_CTRL] = false;
    rig.features[CPUID_HAS_STIBP] = false;
    rig_assert_refuses(0xc0000103, 7);
    rig_assert_unreadable(0xc0000103);
    rig_assert_refuses(0xda0, 0);
    rig_assert_unreadable(0xda0);
    rig_assert_refuses(0x48, 1);
    rig_assert_writes(0x48, 4);
    rig.features[CPUID_HAS_SSBD] = false;
    rig_assert_refuses(0x48, 0);
    rig_assert_unreadable(0x48);
    rig_assert_refuses(0x49, 1);
    assert_int_equal(rig.spec_ctrl, 4);
    assert_int_equal(rig.log_lines, 0);
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
        rig_assert_unreadable(absent[i]);
        rig_assert_refuses(absent[i], 0);
    }
    assert_int_equal(rig.log_lines, 0);
}

static void an_unknown_msr_has_one_line(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        rig_assert_unreadable(0x480);
        rig_assert_refuses(0x480, i);
    }
    assert_int_equal(rig.log_lines, 1);
    rig_assert_unreadable(0x481);
    assert_int_equal(rig.log_lines, 2);
}

/* A guest that tries every number fills neither memory nor log. */
static void a_sweep_is_bounded(void **state)
{
    (void)state;
    for (uint32_t msr = 0x1000; msr < 0x21000; msr++) {
        rig_assert_unreadable(msr);
    }
    assert_int_equal(rig.seen.count, MSR_SEEN);
    assert_int_equal(rig.log_lines, MSR_SEEN + 1);
    for (uint64_t msr = 0; msr <= UINT32_MAX; msr += 4093) {
        uint64_t value;

        (void)msr_read(&rig.context, (uint32_t)msr, &value);
        (void)msr_write(&rig.context, (uint32_t)msr, UINT64_MAX);
    }
    assert_int_equal(rig.log_lines, MSR_SEEN + 1);
}

#define TEST(function) cmocka_unit_test_setup(function, rig_setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(table_is_in_order),
        TEST(constants),
        TEST(misc_enable_keeps_what_cpuid_knows),
        TEST(nx_turned_off_is_no_bit_of_efer),
        TEST(mcg_status),
        TEST(canonical_registers),
        TEST(word_registers),
        TEST(efer_and_pat_are_checked_by_the_guest),
        TEST(what_cpuid_lacks_is_refused),
        TEST(known_absences_are_quiet),
        TEST(an_unknown_msr_has_one_line),
        TEST(a_sweep_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
