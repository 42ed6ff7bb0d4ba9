/* Which mitigations of speculation arch/vmx/vmx_features.c takes, for what
 * processors say of themselves (CPUID leaf 7, IA32_ARCH_CAPABILITIES). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch/cpu.h"
#include "arch/cpuid.h"
#include "arch/msr.h"
#include "arch/vmx/vmx_features.h"
#include "arch/vmx/vmx_state.h"
#include "kernel/base/log.h"

#define OLD                                                                    \
    (CPUID_7_EDX_MD_CLEAR | CPUID_7_EDX_SPEC_CTRL | CPUID_7_EDX_STIBP |        \
     CPUID_7_EDX_FLUSH_CMD | CPUID_7_EDX_SSBD)
#define NEWER (OLD | CPUID_7_EDX_ARCH_CAPABILITIES)

static struct cpuid leaf7;
static uint64_t arch;

struct cpuid cpu_cpuid(uint32_t leaf, uint32_t subleaf)
{
    (void)subleaf;
    return leaf == 0   ? (struct cpuid){.eax = 0x16}
           : leaf == 7 ? leaf7
                       : (struct cpuid){0};
}

uint64_t cpu_rdmsr(uint32_t msr)
{
    assert_int_equal(msr, MSR_ARCH_CAPABILITIES);
    assert_true(leaf7.edx & CPUID_7_EDX_ARCH_CAPABILITIES);
    return arch;
}

void log_at(enum log_level level, const char *format, ...)
{
    (void)level;
    (void)format;
}

static struct vmx_machine find(uint32_t ebx, uint32_t edx, uint64_t capability)
{
    struct vmx_machine machine = {.cr4_fixed1 = UINT64_MAX};

    leaf7 = (struct cpuid){.ebx = ebx, .edx = edx};
    arch = capability;
    vmx_features_find(&machine);
    return machine;
}

static void without_microcode_there_is_nothing_to_do(void **state)
{
    struct vmx_machine machine = find(0, 0, 0);

    (void)state;
    assert_int_equal(machine.mitigations, 0);
    assert_int_equal(machine.spec_bits, 0);
    assert_int_equal(machine.spec_host, 0);
    assert_false(machine.flush_l1d || machine.barrier);
}

/* IBRS is to be written anew after each exit, or the guest's branch targets
 * are ours. */
static void one_from_before_enhanced_ibrs_takes_them_all(void **state)
{
    struct vmx_machine machine = find(CPUID_7_EBX_RTM, OLD, 0);

    (void)state;
    assert_int_equal(machine.mitigations, MITIGATION_VERW |
                                              MITIGATION_SPEC_CTRL |
                                              MITIGATION_FILL_RSB);
    assert_int_equal(machine.spec_host, 1);
    assert_true(machine.flush_l1d && machine.barrier);
}

static void enhanced_ibrs_is_written_once(void **state)
{
    struct vmx_machine machine = find(
        0, NEWER, ARCH_RDCL_NO | ARCH_IBRS_ALL | ARCH_MDS_NO | ARCH_PBRSB_NO);

    (void)state;
    assert_int_equal(machine.mitigations, 0);
    assert_int_equal(machine.spec_host, 1);
    assert_false(machine.flush_l1d);
}

/* Post-barrier return stack buffer predictions. */
static void enhanced_ibrs_alone_leaves_one_return(void **state)
{
    struct vmx_machine machine =
        find(0, NEWER, ARCH_RDCL_NO | ARCH_IBRS_ALL | ARCH_MDS_NO);

    (void)state;
    assert_int_equal(machine.mitigations, MITIGATION_ONE_RSB);
}

/* TSX asynchronous abort: a guest can use XBEGIN whatever its CPUID says. */
static void buffers_are_cleared_for_transactions(void **state)
{
    uint64_t others =
        ARCH_RDCL_NO | ARCH_IBRS_ALL | ARCH_MDS_NO | ARCH_PBRSB_NO;

    (void)state;
    assert_int_equal(find(CPUID_7_EBX_RTM, NEWER, others).mitigations,
                     MITIGATION_VERW);
    assert_int_equal(
        find(CPUID_7_EBX_RTM, NEWER, others | ARCH_TAA_NO).mitigations, 0);
    assert_int_equal(find(0, NEWER, others).mitigations, 0);
}

/* Register file data sampling. */
static void buffers_are_cleared_for_register_files(void **state)
{
    uint64_t others =
        ARCH_RDCL_NO | ARCH_IBRS_ALL | ARCH_MDS_NO | ARCH_PBRSB_NO;

    (void)state;
    assert_int_equal(find(0, NEWER, others | ARCH_RFDS_CLEAR).mitigations,
                     MITIGATION_VERW);
    assert_int_equal(
        find(0, NEWER, others | ARCH_RFDS_CLEAR | ARCH_RFDS_NO).mitigations, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_microcode_there_is_nothing_to_do),
        cmocka_unit_test(one_from_before_enhanced_ibrs_takes_them_all),
        cmocka_unit_test(enhanced_ibrs_is_written_once),
        cmocka_unit_test(enhanced_ibrs_alone_leaves_one_return),
        cmocka_unit_test(buffers_are_cleared_for_transactions),
        cmocka_unit_test(buffers_are_cleared_for_register_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
