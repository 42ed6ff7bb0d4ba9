/* arch/processor_setup.c on processors of several makers and ages, with what
 * firmware leaves behind. An access to an MSR that the processor has not fails
 * the test: on the machine it would be the end. */
#include "arch/processor_setup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

#include "arch/cpu.h"
#include "arch/cpuid.h"
#include "arch/msr.h"
#include "arch/regs.h"

#define PENTIUM_M      0x000006d6U /* family 6, model 13 */
#define PENTIUM_M_OLD  0x00000695U /* model 9 */
#define PENTIUM_4      0x00000f29U
#define NEHALEM        0x000106a5U
#define SKYLAKE        0x000506e3U
#define DIAMOND_RAPIDS 0x00400f11U /* family 19 */

static struct {
    bool intel;
    uint32_t signature;
    uint32_t leaves;
    bool adjusts;
    bool has_misc;
    uint64_t misc, adjust, cr4;
    unsigned writes;
} now;

struct cpuid cpu_cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid result = {0};

    (void)subleaf;
    assert_true(leaf <= now.leaves);
    if (leaf == 0) {
        result = (struct cpuid){now.leaves, 0x756e6547, 0x6c65746e, 0x49656e69};
        if (!now.intel) {
            result.ebx = 0x68747541; /* "Auth" */
        }
    } else if (leaf == 1) {
        result.eax = now.signature;
    } else if (leaf == 7) {
        result.ebx = now.adjusts ? CPUID_7_EBX_TSC_ADJUST : 0;
    }
    return result;
}

static uint64_t *msr(uint32_t number)
{
    if (number == MSR_MISC_ENABLE && now.has_misc) {
        return &now.misc;
    }
    if (number == MSR_TSC_ADJUST && now.adjusts) {
        return &now.adjust;
    }
    fail_msg("MSR %#x is not there", number);
    return NULL;
}

uint64_t cpu_rdmsr(uint32_t number)
{
    return *msr(number);
}

void cpu_wrmsr(uint32_t number, uint64_t value)
{
    *msr(number) = value;
    now.writes++;
}

uint64_t cpu_read_cr4(void)
{
    return now.cr4;
}

void cpu_write_cr4(uint64_t value)
{
    now.cr4 = value;
    now.writes++;
}

static void limits_are_cleared_and_the_rest_stays(void **state)
{
    (void)state;
    now.intel = now.has_misc = true;
    now.leaves = 2; /* limited */
    now.signature = NEHALEM;
    now.misc = MISC_ENABLE_XD_DISABLE | MISC_ENABLE_LIMIT_CPUID |
               MISC_ENABLE_FAST_STRINGS | 1ULL << 38;
    processor_setup_first();
    assert_int_equal(now.misc, MISC_ENABLE_FAST_STRINGS | 1ULL << 38);
    processor_setup_first();
    assert_int_equal(now.writes, 1);
}

static void only_processors_with_the_msr_are_asked(void **state)
{
    static const struct {
        bool intel;
        uint32_t signature;
        bool has;
    } kinds[] = {{true, PENTIUM_M, true},       {true, PENTIUM_M_OLD, false},
                 {true, PENTIUM_4, true},       {true, SKYLAKE, true},
                 {true, DIAMOND_RAPIDS, true},  {false, SKYLAKE, false},
                 {false, DIAMOND_RAPIDS, false}};

    (void)state;
    now.leaves = 13;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        now.intel = kinds[i].intel;
        now.signature = kinds[i].signature;
        now.has_misc = kinds[i].has;
        now.misc = MISC_ENABLE_XD_DISABLE;
        processor_setup_first();
        assert_int_equal(now.misc, kinds[i].has ? 0 : MISC_ENABLE_XD_DISABLE);
        assert_int_equal(processor_setup_limits(),
                         kinds[i].has
                             ? MISC_ENABLE_XD_DISABLE | MISC_ENABLE_LIMIT_CPUID
                             : 0);
    }
}

static void the_tsc_is_not_adjusted(void **state)
{
    (void)state;
    now.leaves = 7;
    now.adjusts = true;
    now.adjust = -123456789ULL;
    processor_setup_tsc();
    assert_int_equal(now.adjust, 0);
    processor_setup_tsc();
    assert_int_equal(now.writes, 1);
    now.adjusts = false; /* no such MSR */
    processor_setup_tsc();
    now.leaves = 3; /* no such leaf */
    processor_setup_tsc();
}

static void shadow_stacks_are_off(void **state)
{
    (void)state;
    now.cr4 = CR4_PAE | CR4_CET | CR4_SMEP;
    processor_setup_cet();
    assert_int_equal(now.cr4, CR4_PAE | CR4_SMEP);
    processor_setup_cet();
    assert_int_equal(now.writes, 1);
}

static int forget(void **state)
{
    (void)state;
    now = (typeof(now)){0};
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(limits_are_cleared_and_the_rest_stays, forget),
        cmocka_unit_test_setup(only_processors_with_the_msr_are_asked, forget),
        cmocka_unit_test_setup(the_tsc_is_not_adjusted, forget),
        cmocka_unit_test_setup(shadow_stacks_are_off, forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
