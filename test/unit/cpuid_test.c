/* CPUID as guests see it, on three hosts: one that sets every bit (what comes
 * through is the allow-list), a Skylake-X as Bochs has it, and one so old that
 * it has next to nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arch/cpu.h"
#include "arch/guest.h"
#include "vmm/cpuid.h"
#include "vmm/kvmclock.h"

/* ---- the host ---- */

enum {
    HOST_ALL,
    HOST_SKYLAKE,
    HOST_OLD
} machine;
static uint64_t host_cr4;
static uint64_t host_xcr0;
static uint64_t host_arch;
static bool host_instructions; /* RDTSCP, INVPCID, XSAVES for guests */

static const struct {
    uint32_t leaf, subleaf;
    struct cpuid_regs regs;
} skylake[] = {
    {0, 0, {0x16, 0x756e6547, 0x6c65746e, 0x49656e69}},
    {1, 0, {0x50654, 0x00010800, 0x7ffefbbf, 0xbfebfbff}},
    {2, 0, {0x76036301, 0x00f0b5ff, 0, 0x00c30000}},
    {4, 0, {0x1c004121, 0x01c0003f, 0x3f, 0}},
    {4, 1, {0x1c004122, 0x01c0003f, 0x3f, 0}},
    {4, 2, {0x1c004143, 0x03c0003f, 0x3ff, 0}},
    {4, 3, {0x1c03c163, 0x0280003f, 0x2fff, 4}},
    {6, 0, {0x75, 2, 9, 0}},
    {7, 0, {0, 0xd39ffffb, 0, 0xbc000400}},
    {0xa, 0, {0x07300404, 0, 0, 0x603}},
    {0xd, 0, {0xe7, 0xa80, 0xa80, 0}},
    {0xd, 1, {0xf, 0xa08, 0x100, 0}},
    {0xd, 2, {0x100, 0x240, 0, 0}},
    {0xd, 5, {0x40, 0x440, 0, 0}},
    {0xd, 6, {0x200, 0x480, 0, 0}},
    {0xd, 7, {0x400, 0x680, 0, 0}},
    {0x15, 0, {2, 0x1a0, 0, 0}},
    {0x80000000, 0, {0x80000008, 0, 0, 0}},
    {0x80000001, 0, {0, 0, 0x121, 0x2c100800}},
    {0x80000006, 0, {0, 0, 0x1006040, 0}},
    {0x80000007, 0, {0, 0, 0, 0}},
    {0x80000008, 0, {0x302e, 0, 0, 0}},
};

static char host_brand[49] = "Intel(R) Core(TM) i7-7800X CPU @ 3.50GHz";

void cpuid_host(uint32_t leaf, uint32_t subleaf, uint32_t regs[4])
{
    memset(regs, 0, 4 * sizeof(regs[0]));
    if (leaf >= 0x80000002 && leaf <= 0x80000004 && machine != HOST_OLD) {
        memcpy(regs, host_brand + 16 * (leaf - 0x80000002), 16);
        return;
    }
    if (machine == HOST_OLD) {
        if (leaf == 0) {
            regs[0] = 1;
        } else if (leaf == 1) {
            regs[3] = UINT32_MAX;
        }
        return;
    }
    if (machine == HOST_ALL) {
        memset(regs, 0xff, 4 * sizeof(regs[0]));
        return;
    }
    for (size_t i = 0; i < sizeof(skylake) / sizeof(skylake[0]); i++) {
        if (skylake[i].leaf == leaf && skylake[i].subleaf == subleaf) {
            memcpy(regs, &skylake[i].regs, 4 * sizeof(regs[0]));
        }
    }
}

uint64_t guest_cr4_supported(void)
{
    return host_cr4;
}

uint64_t guest_xcr0_supported(void)
{
    return host_xcr0;
}

bool guest_has_rdtscp(void)
{
    return host_instructions;
}

bool guest_has_invpcid(void)
{
    return host_instructions;
}

bool guest_has_xsaves(void)
{
    return host_instructions;
}

bool guest_has_arch_capabilities(uint64_t *value)
{
    *value = host_arch;
    return host_arch != 0;
}

/* ---- the guest ---- */

static uint64_t cr4, xcr0;

uint64_t guest_get(struct guest *guest, enum guest_reg reg)
{
    (void)guest;
    assert_true(reg == GUEST_CR4 || reg == GUEST_XCR0);
    return reg == GUEST_CR4 ? cr4 : xcr0;
}

static struct cpuid_policy policy;

static void prepare(int host, uint32_t cpus, uint64_t tsc_hz)
{
    machine = host;
    host_cr4 = UINT64_MAX;
    host_xcr0 = UINT64_MAX;
    host_instructions = true;
    cr4 = 0;
    xcr0 = 1;
    cpuid_prepare(&policy, cpus, tsc_hz);
}

static struct cpuid_regs ask_as(uint32_t apic_id, uint32_t leaf,
                                uint32_t subleaf)
{
    struct cpuid_regs regs;

    memset(&regs, 0xa5, sizeof(regs));
    cpuid_emulate(NULL, &policy, apic_id, leaf, subleaf, &regs);
    return regs;
}

static struct cpuid_regs ask(uint32_t leaf, uint32_t subleaf)
{
    return ask_as(0, leaf, subleaf);
}

static void assert_regs(struct cpuid_regs regs, uint32_t eax, uint32_t ebx,
                        uint32_t ecx, uint32_t edx)
{
    assert_int_equal(regs.eax, eax);
    assert_int_equal(regs.ebx, ebx);
    assert_int_equal(regs.ecx, ecx);
    assert_int_equal(regs.edx, edx);
}

/* ---- features ---- */

/* A host with every bit set: exactly these come through. Written down from
 * the SDM, not from the table. */
static void nothing_but_the_allow_list(void **state)
{
    struct cpuid_regs regs;

    (void)state;
    prepare(HOST_ALL, 1, 1000000000);
    regs = ask(1, 0);
    /* not DTES64 MONITOR DS-CPL VMX SMX EST TM2 CNXT-ID SDBG xTPR PDCM DCA
     * OSXSAVE, 16 */
    assert_int_equal(regs.ecx, 0xf7fa3203);
    /* not PSN DS ACPI HTT TM IA64 PBE, 10, 20 */
    assert_int_equal(regs.edx, 0x0f8bfbff);

    regs = ask(7, 0);
    /* not SGX HLE RTM PQM MPX PQE PT */
    assert_int_equal(regs.ebx, 0xfdbf27eb);
    /* not PREFETCHWT1 PKU OSPKE WAITPKG CET TME LA57 MAWAU KL BUSLOCK ENQCMD
     * SGX_LC PKS */
    assert_int_equal(regs.ecx, 0x1a405f46);
    assert_int_equal(regs.edx, 0x8c80451c);
    regs = ask(7, 1);
    assert_regs(regs, 0x00801c30, 0, 0, 0);
    assert_regs(ask(7, 2), 0, 0, 0, 0);
    assert_int_equal(ask(0xd, 1).eax, 0xf);
    regs = ask(0x80000001, 0);
    assert_regs(regs, 0, 0, 0x121, 0x2c100800);
    /* Empty whatever the host says. */
    static const uint32_t empty[] = {3,   5,    8,    9,    0xa,  0xc, 0xe,
                                     0xf, 0x10, 0x11, 0x12, 0x13, 0x14};
    for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
        assert_regs(ask(empty[i], 0), 0, 0, 0, 0);
    }
    assert_regs(ask(6, 0), 4, 0, 0, 0); /* ARAT */
    assert_regs(ask(0x80000005, 0), 0, 0, 0, 0);
    assert_regs(ask(0x80000007, 0), 0, 0, 0, 1U << 8);
}

/* What tells of the processor, and nothing that promises another MSR. */
static void arch_capabilities(void **state)
{
    (void)state;
    host_arch = 0;
    prepare(HOST_ALL, 1, 1000000000);
    assert_false(cpuid_has(&policy, CPUID_HAS_ARCH_CAPABILITIES));
    host_arch = UINT64_MAX;
    prepare(HOST_ALL, 1, 1000000000);
    assert_int_equal(ask(7, 0).edx, 0xac80451c);
    assert_true(cpuid_has(&policy, CPUID_HAS_ARCH_CAPABILITIES));
    assert_int_equal(cpuid_arch_capabilities(&policy), 0x1d1ae177);
    host_arch = 1ULL << 5;
    prepare(HOST_SKYLAKE, 1, 1000000000);
    assert_int_equal(cpuid_arch_capabilities(&policy), 1 << 5);
    host_arch = 0;
}

static void skylake_keeps_what_linux_wants(void **state)
{
    struct cpuid_regs regs;

    (void)state;
    prepare(HOST_SKYLAKE, 1, 50000000);
    regs = ask(0, 0);
    assert_regs(regs, 0x1f, 0x756e6547, 0x6c65746e, 0x49656e69);
    regs = ask(1, 0);
    assert_int_equal(regs.eax, 0x50654);
    assert_int_equal(regs.ecx >> 31, 1);     /* hypervisor */
    assert_int_equal(regs.ecx >> 24 & 1, 1); /* TSC deadline */
    assert_int_equal(regs.ecx >> 21 & 1, 1); /* x2APIC */
    assert_int_equal(regs.ecx >> 5 & 1, 0);  /* VMX */
    assert_int_equal(regs.ebx >> 8 & 0xff, 8);
    assert_true(cpuid_has(&policy, CPUID_HAS_FSGSBASE));
    assert_true(cpuid_has(&policy, CPUID_HAS_SPEC_CTRL));
    assert_true(cpuid_has(&policy, CPUID_HAS_RDTSCP));
    assert_true(cpuid_has(&policy, CPUID_HAS_NX));
    assert_false(cpuid_has(&policy, CPUID_HAS_UMIP));
    assert_int_equal(cpuid_physical_bits(&policy), 46);
    assert_int_equal(ask(0x80000008, 0).eax, 0x302e);
}

/* x2APIC, TSC-deadline and TSC_ADJUST are ours to give. */
static void an_old_host_gets_along(void **state)
{
    struct cpuid_regs regs;

    (void)state;
    prepare(HOST_OLD, 1, 1000000000);
    regs = ask(1, 0);
    assert_int_equal(regs.ecx, 1U << 31 | 1U << 24 | 1U << 21);
    assert_regs(ask(7, 0), 1, 2, 0, 0);
    assert_regs(ask(0xd, 0), 0, 0, 0, 0);
    assert_regs(ask(4, 0), 0, 0, 0, 0);
    assert_int_equal(cpuid_physical_bits(&policy), 36);
    assert_int_equal(ask(0x80000000, 0).eax, 0x80000008);
    assert_regs(ask(0x80000002, 0), 0, 0, 0, 0);
    assert_true(cpuid_xcr0_valid(&policy, 1));
    assert_false(cpuid_xcr0_valid(&policy, 3));
}

/* What VMX cannot give to a guest is not offered. */
static void what_vmx_lacks_is_not_offered(void **state)
{
    (void)state;
    prepare(HOST_ALL, 1, 1000000000);
    host_cr4 = CR4_PAE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT;
    host_instructions = false;
    cpuid_prepare(&policy, 1, 1000000000);
    assert_false(cpuid_has(&policy, CPUID_HAS_PCID));
    assert_false(cpuid_has(&policy, CPUID_HAS_XSAVE));
    assert_false(cpuid_has(&policy, CPUID_HAS_SMEP));
    assert_false(cpuid_has(&policy, CPUID_HAS_SMAP));
    assert_false(cpuid_has(&policy, CPUID_HAS_UMIP));
    assert_false(cpuid_has(&policy, CPUID_HAS_FSGSBASE));
    assert_false(cpuid_has(&policy, CPUID_HAS_RDTSCP));
    assert_false(cpuid_has(&policy, CPUID_HAS_RDPID));
    assert_false(cpuid_has(&policy, CPUID_HAS_XSAVES));
    assert_int_equal(ask(1, 0).ecx >> 28 & 3, 0); /* AVX, F16C */
    assert_int_equal(ask(7, 0).ebx >> 5 & 1, 0);  /* AVX2 */
    assert_int_equal(ask(7, 0).ebx >> 10 & 1, 0); /* INVPCID */
    assert_int_equal(cpuid_cr4_allowed(&policy), host_cr4);
}

static void avx512_needs_its_state(void **state)
{
    (void)state;
    prepare(HOST_ALL, 1, 1000000000);
    host_xcr0 = 7;
    cpuid_prepare(&policy, 1, 1000000000);
    assert_int_equal(ask(7, 0).ebx >> 5 & 1, 1);  /* AVX2 */
    assert_int_equal(ask(7, 0).ebx >> 16 & 1, 0); /* AVX512F */
    assert_int_equal(policy.xcr0, 7);
    /* Opmask without ZMM state is no AVX-512. */
    host_xcr0 = 0x27;
    cpuid_prepare(&policy, 1, 1000000000);
    assert_int_equal(policy.xcr0, 7);
    host_xcr0 = 1;
    cpuid_prepare(&policy, 1, 1000000000);
    assert_int_equal(ask(7, 0).ebx >> 5 & 1, 0);
}

static void cr4_follows_cpuid(void **state)
{
    (void)state;
    prepare(HOST_ALL, 1, 1000000000);
    assert_int_equal(cpuid_cr4_allowed(&policy),
                     CR4_VME | CR4_PVI | CR4_TSD | CR4_DE | CR4_PSE | CR4_PAE |
                         CR4_MCE | CR4_PGE | CR4_PCE | CR4_OSFXSR |
                         CR4_OSXMMEXCPT | CR4_UMIP | CR4_FSGSBASE | CR4_PCIDE |
                         CR4_OSXSAVE | CR4_SMEP | CR4_SMAP);
}

static void osxsave_mirrors_cr4(void **state)
{
    (void)state;
    prepare(HOST_SKYLAKE, 1, 50000000);
    assert_int_equal(ask(1, 0).ecx >> 27 & 1, 0);
    cr4 = CR4_OSXSAVE;
    assert_int_equal(ask(1, 0).ecx >> 27 & 1, 1);
}

/* ---- topology ---- */

static void topology_of_several_processors(void **state)
{
    struct cpuid_regs regs;

    (void)state;
    prepare(HOST_SKYLAKE, 5, 50000000);
    regs = ask_as(3, 1, 0);
    assert_int_equal(regs.ebx >> 24, 3);
    assert_int_equal(regs.ebx >> 16 & 0xff, 8);
    assert_int_equal(regs.edx >> 28 & 1, 1);
    assert_regs(ask_as(3, 0xb, 0), 0, 1, 0x100, 3);
    assert_regs(ask_as(3, 0xb, 1), 3, 5, 0x201, 3);
    assert_regs(ask_as(3, 0xb, 2), 0, 0, 2, 3);
    /* Eight cores' ids; L1 and L2 one core's, L3 the package's. */
    assert_int_equal(ask(4, 0).eax, 7U << 26 | 0x121);
    assert_int_equal(ask(4, 2).eax, 7U << 26 | 0x143);
    assert_int_equal(ask(4, 3).eax, 7U << 26 | 7U << 14 | 0x163);
    assert_regs(ask(4, 4), 0, 0, 0, 0);
    assert_regs(ask(4, UINT32_MAX), 0, 0, 0, 0);
}

static void one_processor_has_no_htt(void **state)
{
    (void)state;
    prepare(HOST_SKYLAKE, 1, 50000000);
    assert_int_equal(ask(1, 0).edx >> 28 & 1, 0);
    assert_regs(ask(0xb, 1), 0, 1, 0x201, 0);
}

/* A processor finds its place in the package by any of the leaves. */
static void topology_leaves_agree(void **state)
{
    (void)state;
    for (uint32_t count = 1; count <= 64; count++) {
        uint32_t width = 0;
        uint32_t last = count - 1;

        prepare(HOST_SKYLAKE, count, 50000000);
        width = ask(0xb, 1).eax;
        assert_true(1U << width >= count && 1U << width < 2 * count);
        assert_int_equal(ask(0xb, 1).ebx, count);
        assert_int_equal(ask_as(last, 0xb, 0).edx, last);
        assert_int_equal(ask_as(last, 1, 0).ebx >> 24, last);
        assert_int_equal(ask(1, 0).ebx >> 16 & 0xff, 1U << width);
        assert_int_equal(ask(1, 0).edx >> 28 & 1, count > 1);
        assert_int_equal(ask(4, 0).eax >> 26, (1U << width) - 1);
        assert_int_equal(ask(4, 0).eax >> 14 & 0xfff, 0);
        assert_int_equal(ask(4, 3).eax >> 14 & 0xfff, (1U << width) - 1);
        for (uint32_t i = 0; i < 4; i++) {
            struct cpuid_regs same = ask_as(last, 0xb, i);

            assert_regs(ask_as(last, 0x1f, i), same.eax, same.ebx, same.ecx,
                        same.edx);
        }
    }
    assert_regs(ask(0x17, 0), 0, 0, 0, 0);
    assert_regs(ask(0x1e, 0), 0, 0, 0, 0);
}

/* ---- XSAVE ---- */

static void xsave_sizes_follow_xcr0(void **state)
{
    (void)state;
    prepare(HOST_SKYLAKE, 1, 50000000);
    assert_regs(ask(0xd, 0), 0xe7, 0x240, 0xa80, 0);
    xcr0 = 7;
    assert_int_equal(ask(0xd, 0).ebx, 0x340);
    assert_regs(ask(0xd, 1), 0xf, 0x340, 0, 0);
    xcr0 = 0xe7;
    assert_int_equal(ask(0xd, 0).ebx, 0xa80);
    assert_int_equal(ask(0xd, 1).ebx, 0x240 + 0x100 + 0x40 + 0x200 + 0x400);
    assert_regs(ask(0xd, 2), 0x100, 0x240, 0, 0);
    assert_regs(ask(0xd, 3), 0, 0, 0, 0);
    assert_regs(ask(0xd, 9), 0, 0, 0, 0);
    assert_regs(ask(0xd, UINT32_MAX), 0, 0, 0, 0);
}

static void xsetbv_values(void **state)
{
    (void)state;
    prepare(HOST_SKYLAKE, 1, 50000000);
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
        assert_int_equal(cpuid_xcr0_valid(&policy, values[i].xcr0),
                         values[i].valid);
    }
}

/* ---- clock, names, ranges ---- */

/* What Linux makes of KVM's clock (pvclock_tsc_khz), and exact arithmetic. */
static void kvmclock_agrees(uint64_t tsc_hz)
{
    struct kvmclock_rate rate = kvmclock_rate(tsc_hz);
    uint64_t khz = (1000000ULL << 32) / rate.multiplier;
    double exact = 1e9 * 4294967296.0 / rate.multiplier;
    uint32_t told = ask(0x40000010, 0).eax;

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

    prepare(HOST_SKYLAKE, 1, tsc_hz);
    regs = ask(0x15, 0);
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
    assert_int_equal(ask(0x40000010, 0).eax, (tsc_hz + 500) / 1000);
    assert_int_equal(ask(0x40000010, 0).ebx, 1000000);
    assert_int_equal(ask(0x16, 0).eax, (tsc_hz + 500000) / 1000000);
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
    prepare(HOST_SKYLAKE, 1, 50000000);
    assert_regs(ask(0x15, 0), 20, 1, 1000000000, 0);
}

static void brand_loses_its_frequency(void **state)
{
    char brand[49] = {0};

    (void)state;
    prepare(HOST_SKYLAKE, 1, 50000000);
    for (uint32_t i = 0; i < 3; i++) {
        struct cpuid_regs regs = ask(0x80000002 + i, 0);

        memcpy(brand + 16 * i, &regs, 16);
    }
    assert_string_equal(brand, "Intel(R) Core(TM) i7-7800X CPU");
}

static void signatures(void **state)
{
    struct cpuid_regs regs;

    (void)state;
    prepare(HOST_ALL, 1, 1000000000);
    regs = ask(0x40000000, 0);
    assert_int_equal(regs.eax, 0x40000010);
    assert_memory_equal(&regs.ebx, "KVMKVMKVM\0\0\0", 12);
    /* No feature that stands on an MSR: only "no delay after port I/O". */
    assert_regs(ask(0x40000001, 0), 0x0100000b, 0, 0, 0);
    regs = ask(0x40000100, 0);
    assert_int_equal(regs.eax, 0x40000100);
    assert_memory_equal(&regs.ebx, "LintelLintel", 12);
    assert_regs(ask(0x40000002, 0), 0, 0, 0, 0);
    assert_regs(ask(0x40000011, 0), 0, 0, 0, 0);
    assert_regs(ask(0x40000200, 0), 0, 0, 0, 0);
}

/* Beyond the last leaf the last one answers (SDM 2A, CPUID). */
static void leaves_beyond_the_last(void **state)
{
    static const uint32_t beyond[] = {0x20, 0x3fffffff, 0x80000009, 0x8fffffff,
                                      0xffffffff};

    (void)state;
    prepare(HOST_ALL, 1, 1234000000);
    for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
        assert_regs(ask(beyond[i], 0), 0, 1, 0x100, 0); /* as 0x1f */
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
        cmocka_unit_test(topology_of_several_processors),
        cmocka_unit_test(topology_leaves_agree),
        cmocka_unit_test(one_processor_has_no_htt),
        cmocka_unit_test(xsave_sizes_follow_xcr0),
        cmocka_unit_test(xsetbv_values),
        cmocka_unit_test(clocks),
        cmocka_unit_test(brand_loses_its_frequency),
        cmocka_unit_test(signatures),
        cmocka_unit_test(leaves_beyond_the_last),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
