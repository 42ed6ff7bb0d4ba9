/* MTRRs as firmware sets them, and as it should not; and what is left of the
 * memory map by them. */
#include "arch/mtrr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "arch/boot_ranges.h"
#include "arch/cpu.h"
#include "arch/cpuid.h"
#include "arch/msr.h"

#define MIB      0x100000ULL
#define GIB      0x40000000ULL
#define TOP_BITS 39U
#define TOP      (1ULL << TOP_BITS)

static struct {
    bool there;
    uint64_t cap, def_type;
    uint64_t pairs[2 * MTRR_PAIRS];
    unsigned used;
} m;

struct cpuid cpu_cpuid(uint32_t leaf, uint32_t subleaf)
{
    (void)subleaf;
    switch (leaf) {
    case 1:
        return (struct cpuid){.edx = m.there ? CPUID_1_EDX_MTRR : 0};
    case 0x80000000:
        return (struct cpuid){.eax = 0x80000008};
    case 0x80000008:
        return (struct cpuid){.eax = 0x3000 | TOP_BITS};
    default:
        fail();
        return (struct cpuid){0};
    }
}

uint64_t cpu_rdmsr(uint32_t msr)
{
    assert_true(m.there);
    if (msr == MSR_MTRRCAP) {
        return m.cap;
    }
    if (msr == MSR_MTRR_DEF_TYPE) {
        return m.def_type;
    }
    assert_in_range(msr, MSR_MTRR_PHYSBASE0,
                    MSR_MTRR_PHYSBASE0 + 2 * (m.cap & 0xff) - 1);
    return m.pairs[msr - MSR_MTRR_PHYSBASE0];
}

static void add(uint64_t base, uint64_t mask, enum memory_type type)
{
    m.pairs[2 * m.used] = base | type;
    m.pairs[2 * m.used + 1] = mask | MTRR_PHYSMASK_V;
    m.used++;
}

static void add_range(uint64_t base, uint64_t size, enum memory_type type)
{
    add(base, TOP - size, type);
}

static int begin(void **state)
{
    (void)state;
    m = (typeof(m)){.there = true,
                    .cap = 10 | MTRRCAP_FIX,
                    .def_type = MTRR_DEF_TYPE_E | MEMORY_UC};
    return 0;
}

static void expect(uint64_t address, enum memory_type type, uint64_t end)
{
    struct mtrrs mtrrs;
    uint64_t until = 0;

    mtrr_read(&mtrrs);
    assert_int_equal(mtrr_type(&mtrrs, address, &until), type);
    assert_int_equal(until, end);
}

/* 6 GiB of RAM, as SeaBIOS and coreboot say it: 4 GiB and 2 GiB write-back,
 * a hole of 512 MiB taken out. */
static void memory_by_what_is_cached(void **state)
{
    (void)state;
    add_range(0, 4 * GIB, MEMORY_WB);
    add_range(4 * GIB, 2 * GIB, MEMORY_WB);
    add_range(0xe0000000, GIB / 2, MEMORY_UC);
    expect(MIB, MEMORY_WB, 0xe0000000);
    expect(0xe0000000, MEMORY_UC, 4 * GIB);
    expect(4 * GIB, MEMORY_WB, 6 * GIB);
    expect(6 * GIB, MEMORY_UC, UINT64_MAX);
}

static void memory_by_what_is_not(void **state)
{
    (void)state;
    m.def_type = MTRR_DEF_TYPE_E | MEMORY_WB; /* OVMF */
    add_range(2 * GIB, 2 * GIB, MEMORY_UC);
    expect(MIB, MEMORY_WB, 2 * GIB);
    expect(3 * GIB, MEMORY_UC, 4 * GIB);
    expect(5 * GIB, MEMORY_WB, UINT64_MAX);
}

static void overlaps(void **state)
{
    (void)state;
    add_range(0, GIB, MEMORY_WB);
    add_range(0, 4 * MIB, MEMORY_WT);
    add_range(4 * MIB, 4 * MIB, MEMORY_WC);
    add_range(8 * MIB, 4 * MIB, MEMORY_WB);
    expect(2 * MIB, MEMORY_WT, 4 * MIB);
    expect(5 * MIB, MEMORY_UC, 8 * MIB); /* undefined, so the worst */
    expect(9 * MIB, MEMORY_WB, 12 * MIB);
}

static void a_mask_with_holes(void **state)
{
    (void)state;
    /* Every other MiB, which no firmware wants but the manual allows. */
    add(0, (TOP - 2 * MIB) & ~GIB, MEMORY_WB);
    expect(MIB, MEMORY_WB, 2 * MIB);
    expect(2 * MIB, MEMORY_UC, 4 * MIB);
    expect(GIB, MEMORY_WB, GIB + 2 * MIB);
}

/* Memory encryption takes two upper address bits for keys, and the firmware
 * leaves them out of its masks. There is no page-wise search. */
static void a_mask_without_the_bits_of_keys(void **state)
{
    uint64_t span = TOP / 4;

    (void)state;
    m.def_type = MTRR_DEF_TYPE_E | MEMORY_WB;
    add(3 * GIB, span - PAGE_SIZE, MEMORY_UC);
    expect(MIB, MEMORY_WB, 3 * GIB);
    expect(3 * GIB, MEMORY_UC, 3 * GIB + PAGE_SIZE);
    expect(4 * GIB, MEMORY_WB, span + 3 * GIB);
    expect(3 * span + 4 * GIB, MEMORY_WB, UINT64_MAX);
}

/* Only a pair of IA32_MTRR_PHYSBASE and IA32_MTRR_PHYSMASK counts above 1 MiB.
 * The SMRRs (0x1f2, 0x1f3) and the fixed ranges are not read at all: the
 * machine of this test fails at any other MSR. */
static void fixed_ranges_and_smrrs_are_not_read(void **state)
{
    (void)state;
    m.cap |= 1U << 11; /* SMRR */
    m.def_type = MTRR_DEF_TYPE_E | MTRR_DEF_TYPE_FE | MEMORY_WB;
    expect(MIB, MEMORY_WB, UINT64_MAX);
}

static void off_or_absent_is_write_back(void **state)
{
    (void)state;
    m.def_type = MEMORY_UC;
    expect(MIB, MEMORY_WB, UINT64_MAX);
    m.there = false;
    expect(MIB, MEMORY_WB, UINT64_MAX);
}

static void invalid_pairs_do_not_count(void **state)
{
    (void)state;
    m.def_type = MTRR_DEF_TYPE_E | MEMORY_WB;
    add_range(0, GIB, MEMORY_UC);
    m.pairs[1] &= ~MTRR_PHYSMASK_V;
    expect(MIB, MEMORY_WB, UINT64_MAX);
    m.cap = MTRR_PAIRS;
    expect(MIB, MEMORY_WB, UINT64_MAX);
}

static struct boot_range usable(uint64_t base, uint64_t end)
{
    return (struct boot_range){base, end - base, BOOT_USABLE, true};
}

static void check(const struct boot_range *range, uint64_t base, uint64_t end,
                  enum boot_memory kind)
{
    assert_int_equal(range->base, base);
    assert_int_equal(range->base + range->size, end);
    assert_int_equal(range->kind, kind);
    assert_int_equal(range->write_back, kind == BOOT_USABLE);
}

static void what_is_not_write_back_is_left_out(void **state)
{
    struct boot_range ranges[8] = {usable(MIB, 2 * GIB),
                                   usable(4 * GIB, 7 * GIB)};
    struct mtrrs mtrrs;
    uint64_t left_out = 1;

    (void)state;
    add_range(0, 2 * GIB, MEMORY_WB);
    add_range(GIB, 64 * MIB, MEMORY_UC);
    add_range(4 * GIB, 2 * GIB, MEMORY_WB);
    mtrr_read(&mtrrs);
    assert_int_equal(boot_ranges_cut_uncached(ranges, 2, 8, &mtrrs, &left_out),
                     5);
    check(&ranges[0], MIB, GIB, BOOT_USABLE);
    check(&ranges[1], GIB, GIB + 64 * MIB, BOOT_FIRMWARE);
    check(&ranges[2], GIB + 64 * MIB, 2 * GIB, BOOT_USABLE);
    check(&ranges[3], 4 * GIB, 6 * GIB, BOOT_USABLE);
    check(&ranges[4], 6 * GIB, 7 * GIB, BOOT_FIRMWARE);
    assert_int_equal(left_out, GIB + 64 * MIB);
}

static void without_room_more_is_left_out(void **state)
{
    struct boot_range ranges[1] = {usable(MIB, 2 * GIB)};
    struct mtrrs mtrrs;
    uint64_t left_out = 0;

    (void)state;
    add_range(0, GIB, MEMORY_WB);
    mtrr_read(&mtrrs);
    assert_int_equal(boot_ranges_cut_uncached(ranges, 1, 1, &mtrrs, &left_out),
                     1);
    check(&ranges[0], MIB, 2 * GIB, BOOT_FIRMWARE);
    assert_int_equal(left_out, 2 * GIB - MIB);
}

static void other_ranges_stay(void **state)
{
    struct boot_range ranges[2] = {{MIB, MIB, BOOT_KEPT, true},
                                   {2 * MIB, MIB, BOOT_RUNTIME_DATA, true}};
    struct mtrrs mtrrs;
    uint64_t left_out = 0;

    (void)state;
    mtrr_read(&mtrrs);
    assert_int_equal(boot_ranges_cut_uncached(ranges, 2, 2, &mtrrs, &left_out),
                     2);
    assert_int_equal(ranges[0].kind, BOOT_KEPT);
    assert_int_equal(left_out, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(memory_by_what_is_cached, begin),
        cmocka_unit_test_setup(memory_by_what_is_not, begin),
        cmocka_unit_test_setup(overlaps, begin),
        cmocka_unit_test_setup(a_mask_with_holes, begin),
        cmocka_unit_test_setup(a_mask_without_the_bits_of_keys, begin),
        cmocka_unit_test_setup(fixed_ranges_and_smrrs_are_not_read, begin),
        cmocka_unit_test_setup(off_or_absent_is_write_back, begin),
        cmocka_unit_test_setup(invalid_pairs_do_not_count, begin),
        cmocka_unit_test_setup(what_is_not_write_back_is_left_out, begin),
        cmocka_unit_test_setup(without_room_more_is_left_out, begin),
        cmocka_unit_test_setup(other_ranges_stay, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
