/* MSRs behind which a chip or the memory types stand: time, local APIC, MTRRs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arch/cpu.h"
#include "test/unit/support/msr_rig.h"

/* ---- time ---- */

static void tsc_moves_by_offset(void **state)
{
    uint64_t value = 0;
    uint64_t real;

    (void)state;
    rig_assert_reads(0x3b, 0);
    rig_assert_writes(0x10, 1ULL << 40);
    real = cpu_rdtsc();
    assert_int_equal(msr_read(&rig.context, 0x10, &value), MSR_OK);
    assert_in_range(value, 1ULL << 40, (1ULL << 40) + (1ULL << 33));
    assert_in_range(real + rig.regs[GUEST_TSC_OFFSET], 1ULL << 40, value);
    assert_int_equal(rig.lapic_offset, rig.regs[GUEST_TSC_OFFSET]);
    assert_int_equal(rig.clock_offset, rig.regs[GUEST_TSC_OFFSET]);
    rig_assert_reads(0x3b, rig.regs[GUEST_TSC_OFFSET]);
}

static void tsc_adjust_moves_the_tsc(void **state)
{
    (void)state;
    rig.regs[GUEST_TSC_OFFSET] = 1000;
    rig_assert_writes(0x3b, 500);
    assert_int_equal(rig.regs[GUEST_TSC_OFFSET], 1500);
    assert_int_equal(rig.lapic_offset, 1500);
    rig_assert_reads(0x3b, 500);
    rig_assert_writes(0x3b, (uint64_t)-200);
    assert_int_equal(rig.regs[GUEST_TSC_OFFSET], 800);
    rig_assert_writes(0x3b, 0);
    assert_int_equal(rig.regs[GUEST_TSC_OFFSET], 1000);
}

/* ---- local APIC ---- */

static void apic_registers_go_to_the_chip(void **state)
{
    (void)state;
    rig_assert_reads(0x1b, 0xfee00900);
    rig_assert_writes(0x1b, 0xfee00d00);
    assert_int_equal(rig.apic_base, 0xfee00d00);
    rig_assert_writes(0x6e0, 12345);
    rig_assert_reads(0x6e0, 12345);
    rig_assert_writes(0x80b, 0);
    assert_int_equal(rig.x2apic_msr, 0x80b);
    rig_assert_writes(0x8ff, 77);
    rig_assert_reads(0x800, 77);
    assert_int_equal(rig.x2apic_msr, 0x800);
    rig.lapic_agrees = false;
    assert_int_equal(msr_write(&rig.context, 0x1b, 0xfee00400), MSR_GP);
    assert_int_equal(msr_write(&rig.context, 0x830, 0), MSR_GP);
    rig_assert_unreadable(0x802);
    assert_int_equal(rig.log_lines, 0);
}

static void refuse_base(uint64_t value)
{
    assert_int_equal(msr_write(&rig.context, 0x1b, value), MSR_GP);
}

/* The page does not move: #GP, and one line says so. Reserved bits are #GP
 * without one. */
static void a_moved_apic_has_a_line(void **state)
{
    (void)state;
    rig.lapic_agrees = false;
    refuse_base(0xfee00d01);   /* bit 0 */
    refuse_base(0xfee00400);   /* x2APIC without EN */
    refuse_base(0x80fee00900); /* beyond the address width */
    assert_int_equal(rig.log_lines, 0);
    refuse_base(0xfed00900);
    refuse_base(0x42000800);
    assert_int_equal(rig.log_lines, 1);
}

/* ---- MTRRs ---- */

static void mtrrs_as_firmware_leaves_them(void **state)
{
    (void)state;
    rig_assert_reads(0x2ff, 0xc06);
    rig_assert_reads(0x250, 0x0606060606060606);
    rig_assert_reads(0x258, 0x0606060606060606);
    rig_assert_reads(0x259, 0); /* 0xa0000 to 0xbffff */
    rig_assert_reads(0x268, 0x0606060606060606);
    rig_assert_reads(0x200, 0xc0000000);
    rig_assert_reads(0x201, 0x7fc0000800);
    for (uint32_t msr = 0x202; msr < 0x210; msr++) {
        rig_assert_reads(msr, 0);
    }
}

static void mtrrs_keep_what_is_written(void **state)
{
    (void)state;
    for (uint32_t msr = 0x200; msr < 0x210; msr += 2) {
        rig_assert_writes(msr, (uint64_t)msr << 12 | 6);
        rig_assert_writes(msr + 1, 0x7fff000800 | (uint64_t)msr << 12);
    }
    for (uint32_t msr = 0x200; msr < 0x210; msr += 2) {
        rig_assert_reads(msr, (uint64_t)msr << 12 | 6);
        rig_assert_reads(msr + 1, 0x7fff000800 | (uint64_t)msr << 12);
    }
    static const uint32_t fixed[] = {0x250, 0x258, 0x259, 0x268, 0x269, 0x26a,
                                     0x26b, 0x26c, 0x26d, 0x26e, 0x26f};
    for (uint32_t i = 0; i < 11; i++) {
        rig_assert_writes(fixed[i], i % 2 == 0 ? 0x0505050505050505 : 4);
    }
    for (uint32_t i = 0; i < 11; i++) {
        rig_assert_reads(fixed[i], i % 2 == 0 ? 0x0505050505050505 : 4);
    }
    rig_assert_writes(0x2ff, 0x800);
    rig_assert_reads(0x2ff, 0x800);
}

static void mtrrs_refuse_reserved_bits(void **state)
{
    (void)state;
    rig_assert_refuses(0x200, 2);              /* no such type */
    rig_assert_refuses(0x200, 7);              /* UC- is PAT's only */
    rig_assert_refuses(0x200, 0x106);          /* bits 11:8 */
    rig_assert_refuses(0x200, 1ULL << 39 | 6); /* beyond the address width */
    rig_assert_refuses(0x201, 0x7ffff00400);   /* bits 10:0 */
    rig_assert_refuses(0x201, 1ULL << 39);
    rig_assert_refuses(0x250, 0x0202020202020202);
    rig_assert_refuses(0x26f, 7ULL << 56);
    rig_assert_refuses(0x2ff, 2);
    rig_assert_refuses(0x2ff, 0x1006);
    rig_assert_unreadable(0x210);
    rig_assert_unreadable(0x251);
}

static void the_clocks_msrs(void **state)
{
    static const uint32_t numbers[] = {KVMCLOCK_MSR_WALL_OLD,
                                       KVMCLOCK_MSR_TIME_OLD, KVMCLOCK_MSR_WALL,
                                       KVMCLOCK_MSR_TIME};

    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        rig_assert_writes(numbers[i], UINT64_MAX - i);
        assert_int_equal(rig.clock_msr, numbers[i]);
        rig.clock_msr = 0;
        rig_assert_reads(numbers[i], UINT64_MAX - i);
        assert_int_equal(rig.clock_msr, numbers[i]);
    }
}

#define TEST(function) cmocka_unit_test_setup(function, rig_setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tsc_moves_by_offset),           TEST(tsc_adjust_moves_the_tsc),
        TEST(apic_registers_go_to_the_chip), TEST(a_moved_apic_has_a_line),
        TEST(mtrrs_as_firmware_leaves_them), TEST(mtrrs_keep_what_is_written),
        TEST(mtrrs_refuse_reserved_bits),    TEST(the_clocks_msrs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
