/* CPUID: topology, clock, names, and the ranges of leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/support/cpuid_rig.h"

/* ---- topology ---- */

static void topology_of_several_processors(void **state)
{
    struct cpuid_regs regs;

    (void)state;
    rig_prepare(HOST_SKYLAKE, 5, 50000000);
    regs = rig_ask_as(3, 1, 0);
    assert_int_equal(regs.ebx >> 24, 3);
    assert_int_equal(regs.ebx >> 16 & 0xff, 8);
    assert_int_equal(regs.edx >> 28 & 1, 1);
    rig_assert_regs(rig_ask_as(3, 0xb, 0), 0, 1, 0x100, 3);
    rig_assert_regs(rig_ask_as(3, 0xb, 1), 3, 5, 0x201, 3);
    rig_assert_regs(rig_ask_as(3, 0xb, 2), 0, 0, 2, 3);
    /* Eight cores' ids; L1 and L2 one core's, L3 the package's. */
    assert_int_equal(rig_ask(4, 0).eax, 7U << 26 | 0x121);
    assert_int_equal(rig_ask(4, 2).eax, 7U << 26 | 0x143);
    assert_int_equal(rig_ask(4, 3).eax, 7U << 26 | 7U << 14 | 0x163);
    rig_assert_regs(rig_ask(4, 4), 0, 0, 0, 0);
    rig_assert_regs(rig_ask(4, UINT32_MAX), 0, 0, 0, 0);
}

static void one_processor_has_no_htt(void **state)
{
    (void)state;
    rig_prepare(HOST_SKYLAKE, 1, 50000000);
    assert_int_equal(rig_ask(1, 0).edx >> 28 & 1, 0);
    rig_assert_regs(rig_ask(0xb, 1), 0, 1, 0x201, 0);
}

/* A processor finds its place in the package by any of the leaves. */
static void topology_leaves_agree(void **state)
{
    (void)state;
    for (uint32_t count = 1; count <= 64; count++) {
        uint32_t width = 0;
        uint32_t last = count - 1;

        rig_prepare(HOST_SKYLAKE, count, 50000000);
        width = rig_ask(0xb, 1).eax;
        assert_true(1U << width >= count && 1U << width < 2 * count);
        assert_int_equal(rig_ask(0xb, 1).ebx, count);
        assert_int_equal(rig_ask_as(last, 0xb, 0).edx, last);
        assert_int_equal(rig_ask_as(last, 1, 0).ebx >> 24, last);
        assert_int_equal(rig_ask(1, 0).ebx >> 16 & 0xff, 1U << width);
        assert_int_equal(rig_ask(1, 0).edx >> 28 & 1, count > 1);
        assert_int_equal(rig_ask(4, 0).eax >> 26, (1U << width) - 1);
        assert_int_equal(rig_ask(4, 0).eax >> 14 & 0xfff, 0);
        assert_int_equal(rig_ask(4, 3).eax >> 14 & 0xfff, (1U << width) - 1);
        for (uint32_t i = 0; i < 4; i++) {
            struct cpuid_regs same = rig_ask_as(last, 0xb, i);

            rig_assert_regs(rig_ask_as(last, 0x1f, i), same.eax, same.ebx,
                            same.ecx, same.edx);
        }
    }
    rig_assert_regs(rig_ask(0x17, 0), 0, 0, 0, 0);
    rig_assert_regs(rig_ask(0x1e, 0), 0, 0, 0, 0);
}

/* ---- clock, names, ranges ---- */

/* What Linux makes of KVM's clock (pvclock_tsc_khz), and exact arithmetic. */
static void kvmclock_agrees(uint64_t tsc_hz)
{
    struct kvmclock_rate rate = kvmclock_rate(tsc_hz);
    uint64_t khz = (1000000ULL << 32) / rate.multiplier;
    double exact = 1e9 * 4294967296.0 / rate.multiplier;
    uint32_t told = rig_ask(0x40000010, 0).eax;

    khz = rate.shift < 0 ? khz << -rate.shift : khz >> rate.shift;
    exact = rate.shift < 0 ? exact * (double)(1ULL << -rate.shift)
                           : exact / (double)(1ULL << rate.shift);
    assert_true(rate.multiplier >> 31 == 1);
    /* Never fast, and slow by less than a part of its precision. */
    assert_true(exact >= (double)tsc_hz * (1 - 1e-15));
    assert_true(exact <= (double)tsc_hz * (1 + 1.0 / (1U << 31)));
    /* The others are rounded to the nearest; `khz` has lost up to three bits
     * where it was shifted left. */
    if (khz + 1 + (rate.shift < 0 ? 1U << -rate.shift : 0) < told ||
        khz > told) {
        fail_msg("TSC %llu: kvmclock %llu kHz, leaf 0x40000010 %u",
                 (unsigned long long)tsc_hz, (unsigned long long)khz, told);
    }
}

/* As Linux 6.1 works it out, in 32 bits; and in exact arithmetic. */
static void clock_is_right_for(uint64_t tsc_hz)
{
    struct cpuid_regs regs;
    uint32_t linux_khz;
    double exact, error;

    rig_prepare(HOST_SKYLAKE, 1, tsc_hz);
    regs = rig_ask(0x15, 0);
    assert_int_equal(regs.ecx, 1000000000);
    assert_true(regs.eax != 0 && regs.ebx != 0);
    linux_khz = regs.ecx / 1000 * regs.ebx / regs.eax;
    exact = 1e9 * regs.ebx / regs.eax;
    error = (exact - (double)tsc_hz) / (double)tsc_hz;
    if (error > 2e-5 || error < -2e-5 ||
        (double)linux_khz * 1e3 / (double)tsc_hz > 1.00002 ||
        (double)linux_khz * 1e3 / (double)tsc_hz < 0.99998) {
        fail_msg("TSC %llu: %u/%u, Linux %u kHz", (unsigned long long)tsc_hz,
                 regs.ebx, regs.eax, linux_khz);
    }
    assert_int_equal(rig_ask(0x40000010, 0).eax, (tsc_hz + 500) / 1000);
    assert_int_equal(rig_ask(0x40000010, 0).ebx, 1000000);
    assert_int_equal(rig_ask(0x16, 0).eax, (tsc_hz + 500000) / 1000000);
    kvmclock_agrees(tsc_hz);
}

static void clocks(void **state)
{
    (void)state;
    clock_is_right_for(50000000); /* Bochs */
    clock_is_right_for(49999613);
    clock_is_right_for(50000499);
    clock_is_right_for(1000000000);
    clock_is_right_for(2904000123);
    clock_is_right_for(2993210000);
    clock_is_right_for(3999999999);
    clock_is_right_for(6000001000);
    for (uint64_t hz = 40000000; hz < 5000000000; hz += 36777777) {
        clock_is_right_for(hz);
    }
    rig_prepare(HOST_SKYLAKE, 1, 50000000);
    rig_assert_regs(rig_ask(0x15, 0), 20, 1, 1000000000, 0);
}

static void brand_loses_its_frequency(void **state)
{
    char brand[49] = {0};

    (void)state;
    rig_prepare(HOST_SKYLAKE, 1, 50000000);
    for (uint32_t i = 0; i < 3; i++) {
        struct cpuid_regs regs = rig_ask(0x80000002 + i, 0);

        memcpy(brand + 16 * i, &regs, 16);
    }
    assert_string_equal(brand, "Intel(R) Core(TM) i7-7800X CPU");
}

static void signatures(void **state)
{
    struct cpuid_regs regs;

    (void)state;
    rig_prepare(HOST_ALL, 1, 1000000000);
    regs = rig_ask(0x40000000, 0);
    assert_int_equal(regs.eax, 0x40000010);
    assert_memory_equal(&regs.ebx, "KVMKVMKVM\0\0\0", 12);
    /* No feature that stands on an MSR: only "no delay after port I/O". */
    rig_assert_regs(rig_ask(0x40000001, 0), 0x0100000b, 0, 0, 0);
    regs = rig_ask(0x40000100, 0);
    assert_int_equal(regs.eax, 0x40000100);
    assert_memory_equal(&regs.ebx, "LintelLintel", 12);
    rig_assert_regs(rig_ask(0x40000002, 0), 0, 0, 0, 0);
    rig_assert_regs(rig_ask(0x40000011, 0), 0, 0, 0, 0);
    rig_assert_regs(rig_ask(0x40000200, 0), 0, 0, 0, 0);
}

/* Beyond the last leaf the last one answers (SDM 2A, CPUID). */
static void leaves_beyond_the_last(void **state)
{
    static const uint32_t beyond[] = {0x20, 0x3fffffff, 0x80000009, 0x8fffffff,
                                      0xffffffff};

    (void)state;
    rig_prepare(HOST_ALL, 1, 1234000000);
    for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
        rig_assert_regs(rig_ask(beyond[i], 0), 0, 1, 0x100, 0); /* as 0x1f */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topology_of_several_processors),
        cmocka_unit_test(topology_leaves_agree),
        cmocka_unit_test(one_processor_has_no_htt),
        cmocka_unit_test(clocks),
        cmocka_unit_test(brand_loses_its_frequency),
        cmocka_unit_test(signatures),
        cmocka_unit_test(leaves_beyond_the_last),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
