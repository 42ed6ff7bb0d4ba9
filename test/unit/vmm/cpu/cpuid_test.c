/* CPUID: features, XSAVE, and what depends on CR4. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arch/msr.h"
#include "arch/regs.h"
#include "test/unit/support/cpuid_rig.h"

/* ---- features ---- */

/* A host with every bit set: exactly these come through. Written down from
 * the SDM, not from the table. */
static void nothing_but_the_allow_list(void **state)
{
    struct cpuid_regs regs;

    (void)state;
    rig_prepare(HOST_ALL, 1, 1000000000);
    regs = rig_ask(1, 0);
    /* not DTES64 MONITOR DS-CPL VMX SMX EST TM2 CNXT-ID SDBG xTPR PDCM DCA
     * OSXSAVE, 16 */
    assert_int_equal(regs.ecx, 0xf7fa3203);
    /* not PSN DS ACPI HTT TM IA64 PBE, 10, 20 */
    assert_int_equal(regs.edx, 0x0f8bfbff);

    regs = rig_ask(7, 0);
    /* not SGX HLE RTM PQM MPX PQE PT */
    assert_int_equal(regs.ebx, 0xfdbf27eb);
    /* not PREFETCHWT1 PKU OSPKE WAITPKG CET TME LA57 MAWAU KL BUSLOCK ENQCMD
     * SGX_LC PKS */
    assert_int_equal(regs.ecx, 0x1a405f46);
    assert_int_equal(regs.edx, 0x8c80451c);
    regs = rig_ask(7, 1);
    rig_assert_regs(regs, 0x00801c30, 0, 0, 0);
    rig_assert_regs(rig_ask(7, 2), 0, 0, 0, 0);
    assert_int_equal(rig_ask(0xd, 1).eax, 0xf);
    regs = rig_ask(0x80000001, 0);
    rig_assert_regs(regs, 0, 0, 0x121, 0x2c100800);
    /* Empty whatever the host says. */
    static const uint32_t empty[] = {3,   5,    8,    9,    0xa,  0xc, 0xe,
                                     0xf, 0x10, 0x11, 0x12, 0x13, 0x14};
    for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
        rig_assert_regs(rig_ask(empty[i], 0), 0, 0, 0, 0);
    }
    rig_assert_regs(rig_ask(6, 0), 4, 0, 0, 0); /* ARAT */
    rig_assert_regs(rig_ask(0x80000005, 0), 0, 0, 0, 0);
    rig_assert_regs(rig_ask(0x80000007, 0), 0, 0, 0, 1U << 8);
}

/* What tells of the processor, and nothing that promises another MSR. */
static void arch_capabilities(void **state)
{
    (void)state;
    rig.host_arch = 0;
    rig_prepare(HOST_ALL, 1, 1000000000);
    assert_false(cpuid_has(&rig.policy, CPUID_HAS_ARCH_CAPABILITIES));
    rig.host_arch = UINT64_MAX;
    rig_prepare(HOST_ALL, 1, 1000000000);
    assert_int_equal(rig_ask(7, 0).edx, 0xac80451c);
    assert_true(cpuid_has(&rig.policy, CPUID_HAS_ARCH_CAPABILITIES));
    assert_int_equal(cpuid_arch_capabilities(&rig.policy), 0x1d1ae177);
    rig.host_arch = 1ULL << 5;
    rig_prepare(HOST_SKYLAKE, 1, 1000000000);
    assert_int_equal(cpuid_arch_capabilities(&rig.policy), 1 << 5);
    rig.host_arch = 0;
}

static void skylake_keeps_what_linux_wants(void **state)
{
    struct cpuid_regs regs;

    (void)state;
    rig_prepare(HOST_SKYLAKE, 1, 50000000);
    regs = rig_ask(0, 0);
    rig_assert_regs(regs, 0x1f, 0x756e6547, 0x6c65746e, 0x49656e69);
    regs = rig_ask(1, 0);
    assert_int_equal(regs.eax, 0x50654);
    assert_int_equal(regs.ecx >> 31, 1);     /* hypervisor */
    assert_int_equal(regs.ecx >> 24 & 1, 1); /* TSC deadline */
    assert_int_equal(regs.ecx >> 21 & 1, 1); /* x2APIC */
    assert_int_equal(regs.ecx >> 5 & 1, 0);  /* VMX */
    assert_int_equal(regs.ebx >> 8 & 0xff, 8);
    assert_true(cpuid_has(&rig.policy, CPUID_HAS_FSGSBASE));
    assert_true(cpuid_has(&rig.policy, CPUID_HAS_SPEC_CTRL));
    assert_true(cpuid_has(&rig.policy, CPUID_HAS_RDTSCP));
    assert_true(cpuid_has(&rig.policy, CPUID_HAS_NX));
    assert_false(cpuid_has(&rig.policy, CPUID_HAS_UMIP));
    assert_int_equal(cpuid_physical_bits(&rig.policy), 46);
    assert_int_equal(rig_ask(0x80000008, 0).eax, 0x302e);
}

/* x2APIC, TSC-deadline and TSC_ADJUST are ours to give. */
static void an_old_host_gets_along(void **state)
{
    struct cpuid_regs regs;

    (void)state;
    rig_prepare(HOST_OLD, 1, 1000000000);
    regs = rig_ask(1, 0);
    assert_int_equal(regs.ecx, 1U << 31 | 1U << 24 | 1U << 21);
    rig_assert_regs(rig_ask(7, 0), 1, 2, 0, 0);
    rig_assert_regs(rig_ask(0xd, 0), 0, 0, 0, 0);
    rig_assert_regs(rig_ask(4, 0), 0, 0, 0, 0);
    assert_int_equal(cpuid_physical_bits(&rig.policy), 36);
    assert_int_equal(rig_ask(0x80000000, 0).eax, 0x80000008);
    rig_assert_regs(rig_ask(0x80000002, 0), 0, 0, 0, 0);
    assert_true(cpuid_xcr0_valid(&rig.policy, 1));
    assert_false(cpuid_xcr0_valid(&rig.policy, 3));
}

/* What VMX cannot give to a guest is not offered. */
static void what_vmx_lacks_is_not_offered(void **state)
{
    (void)state;
    rig_prepare(HOST_ALL, 1, 1000000000);
    rig.host_cr4 = CR4_PAE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT;
    rig.host_instructions = false;
    cpuid_prepare(&rig.policy, 1, 1000000000);
    assert_false(cpuid_has(&rig.policy, CPUID_HAS_PCID));
    assert_false(cpuid_has(&rig.policy, CPUID_HAS_XSAVE));
    assert_false(cpuid_has(&rig.policy, CPUID_HAS_SMEP));
    assert_false(cpuid_has(&rig.policy, CPUID_HAS_SMAP));
    assert_false(cpuid_has(&rig.policy, CPUID_HAS_UMIP));
    assert_false(cpuid_has(&rig.policy, CPUID_HAS_FSGSBASE));
    assert_false(cpuid_has(&rig.policy, CPUID_HAS_RDTSCP));
    assert_false(cpuid_has(&rig.policy, CPUID_HAS_RDPID));
    assert_false(cpuid_has(&rig.policy, CPUID_HAS_XSAVES));
    assert_int_equal(rig_ask(1, 0).ecx >> 28 & 3, 0); /* AVX, F16C */
    assert_int_equal(rig_ask(7, 0).ebx >> 5 & 1, 0);  /* AVX2 */
    assert_int_equal(rig_ask(7, 0).ebx >> 10 & 1, 0); /* INVPCID */
    assert_int_equal(cpuid_cr4_allowed(&rig.policy), rig.host_cr4);
}

static void avx512_needs_its_state(void **state)
{
    (void)state;
    rig_prepare(HOST_ALL, 1, 1000000000);
    rig.host_xcr0 = 7;
    cpuid_prepare(&rig.policy, 1, 1000000000);
    assert_int_equal(rig_ask(7, 0).ebx >> 5 & 1, 1);  /* AVX2 */
    assert_int_equal(rig_ask(7, 0).ebx >> 16 & 1, 0); /* AVX512F */
    assert_int_equal(rig.policy.xcr0, 7);
    /* Opmask without ZMM state is no AVX-512. */
    rig.host_xcr0 = 0x27;
    cpuid_prepare(&rig.policy, 1, 1000000000);
    assert_int_equal(rig.policy.xcr0, 7);
    rig.host_xcr0 = 1;
    cpuid_prepare(&rig.policy, 1, 1000000000);
    assert_int_equal(rig_ask(7, 0).ebx >> 5 & 1, 0);
}

static void cr4_follows_cpuid(void **state)
{
    (void)state;
    rig_prepare(HOST_ALL, 1, 1000000000);
    assert_int_equal(cpuid_cr4_allowed(&rig.policy),
                     CR4_VME | CR4_PVI | CR4_TSD | CR4_DE | CR4_PSE | CR4_PAE |
                         CR4_MCE | CR4_PGE | CR4_PCE | CR4_OSFXSR |
                         CR4_OSXMMEXCPT | CR4_UMIP | CR4_FSGSBASE | CR4_PCIDE |
                         CR4_OSXSAVE | CR4_SMEP | CR4_SMAP);
}

static void osxsave_mirrors_cr4(void **state)
{
    (void)state;
    rig_prepare(HOST_SKYLAKE, 1, 50000000);
    assert_int_equal(rig_ask(1, 0).ecx >> 27 & 1, 0);
    rig.cr4 = CR4_OSXSAVE;
    assert_int_equal(rig_ask(1, 0).ecx >> 27 & 1, 1);
}

/* SDM 3A 11.4.3. */
static void apic_follows_its_base(void **state)
{
    (void)state;
    rig_prepare(HOST_SKYLAKE, 1, 50000000);
    assert_int_equal(rig_ask(1, 0).edx >> 9 & 1, 1);
    rig.lapic.base = APIC_BASE_BSP;
    assert_int_equal(rig_ask(1, 0).edx >> 9 & 1, 0);
    rig.lapic.base = APIC_BASE_EN | APIC_BASE_EXTD;
    assert_int_equal(rig_ask(1, 0).edx >> 9 & 1, 1);
    assert_int_equal(rig_ask(1, 0).ecx >> 21 & 1, 1); /* x2APIC */
}

/* ---- IA32_MISC_ENABLE (SDM 4 Table 2-2) ---- */

static void nx_can_be_turned_off(void **state)
{
    (void)state;
    rig_prepare(HOST_SKYLAKE, 1, 50000000);
    assert_int_equal(rig_ask(0x80000001, 0).edx, 0x2c100800);
    rig.vcpu.misc_enable = MISC_ENABLE_XD_DISABLE;
    rig_assert_regs(rig_ask(0x80000001, 0), 0, 0, 0x121, 0x2c000800);
    rig_assert_regs(rig_ask(0x80000008, 0), 0x302e, 0, 0, 0);
    assert_int_equal(rig_ask(0, 0).eax, 0x1f);
}

/* Leaves above 2 are as those above the highest: they give the highest one's
 * data. A hypervisor's and the extended ones stay. */
static void leaves_can_be_limited(void **state)
{
    static const uint32_t hidden[] = {3, 4, 7, 0xb, 0xd, 0x15, 0x1f, 0x20};
    struct cpuid_regs two;

    (void)state;
    rig_prepare(HOST_SKYLAKE, 1, 50000000);
    two = rig_ask(2, 0);
    assert_int_equal(two.eax, 0x76036301);
    rig.vcpu.misc_enable = MISC_ENABLE_LIMIT_CPUID;
    rig_assert_regs(rig_ask(0, 0), 2, 0x756e6547, 0x6c65746e, 0x49656e69);
    assert_int_equal(rig_ask(1, 0).eax, 0x50654);
    rig_assert_regs(rig_ask(2, 0), two.eax, two.ebx, two.ecx, two.edx);
    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
        rig_assert_regs(rig_ask(hidden[i], 0), two.eax, two.ebx, two.ecx,
                        two.edx);
    }
    assert_int_equal(rig_ask(0x40000000, 0).eax, 0x40000010);
    assert_int_equal(rig_ask(0x80000001, 0).edx, 0x2c100800);
}

/* ---- XSAVE ---- */

static void xsave_sizes_follow_xcr0(void **state)
{
    (void)state;
    rig_prepare(HOST_SKYLAKE, 1, 50000000);
    rig_assert_regs(rig_ask(0xd, 0), 0xe7, 0x240, 0xa80, 0);
    rig.xcr0 = 7;
    assert_int_equal(rig_ask(0xd, 0).ebx, 0x340);
    rig_assert_regs(rig_ask(0xd, 1), 0xf, 0x340, 0, 0);
    rig.xcr0 = 0xe7;
    assert_int_equal(rig_ask(0xd, 0).ebx, 0xa80);
    assert_int_equal(rig_ask(0xd, 1).ebx, 0x240 + 0x100 + 0x40 + 0x200 + 0x400);
    rig_assert_regs(rig_ask(0xd, 2), 0x100, 0x240, 0, 0);
    rig_assert_regs(rig_ask(0xd, 3), 0, 0, 0, 0);
    rig_assert_regs(rig_ask(0xd, 9), 0, 0, 0, 0);
    rig_assert_regs(rig_ask(0xd, UINT32_MAX), 0, 0, 0, 0);
}

static void xsetbv_values(void **state)
{
    (void)state;
    rig_prepare(HOST_SKYLAKE, 1, 50000000);
    static const struct {
        uint64_t xcr0;
        bool valid;
    } values[] = {
        {0, false},
        {1, true},
        {2, false},
        {3, true},
        {5, false},
        {7, true},
        {0x21, false},
        {0x27, false},
        {0xe3, false},
        {0xe7, true},
        {0x207, false},
        {0x1f, false},
        {1ULL << 63 | 7, false},
    };
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        assert_int_equal(cpuid_xcr0_valid(&rig.policy, values[i].xcr0),
                         values[i].valid);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_but_the_allow_list),
        cmocka_unit_test(arch_capabilities),
        cmocka_unit_test(skylake_keeps_what_linux_wants),
        cmocka_unit_test(an_old_host_gets_along),
        cmocka_unit_test(what_vmx_lacks_is_not_offered),
        cmocka_unit_test(avx512_needs_its_state),
        cmocka_unit_test(cr4_follows_cpuid),
        cmocka_unit_test(osxsave_mirrors_cr4),
        cmocka_unit_test(apic_follows_its_base),
        cmocka_unit_test(nx_can_be_turned_off),
        cmocka_unit_test(leaves_can_be_limited),
        cmocka_unit_test(xsave_sizes_follow_xcr0),
        cmocka_unit_test(xsetbv_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
