/* What the tests of CPUID share: hosts to ask; see the header. */
#include "test/unit/support/cpuid_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arch/msr.h"

struct cpuid_rig rig;

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
    if (leaf >= 0x80000002 && leaf <= 0x80000004 && rig.machine != HOST_OLD) {
        memcpy(regs, host_brand + 16 * (leaf - 0x80000002), 16);
        return;
    }
    if (rig.machine == HOST_OLD) {
        if (leaf == 0) {
            regs[0] = 1;
        } else if (leaf == 1) {
            regs[3] = UINT32_MAX;
        }
        return;
    }
    if (rig.machine == HOST_ALL) {
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
    return rig.host_cr4;
}

uint64_t guest_xcr0_supported(void)
{
    return rig.host_xcr0;
}

bool guest_has_rdtscp(void)
{
    return rig.host_instructions;
}

bool guest_has_invpcid(void)
{
    return rig.host_instructions;
}

bool guest_has_xsaves(void)
{
    return rig.host_instructions;
}

bool guest_has_arch_capabilities(uint64_t *value)
{
    *value = rig.host_arch;
    return rig.host_arch != 0;
}

uint64_t guest_get(struct guest *guest, enum guest_reg reg)
{
    (void)guest;
    assert_true(reg == GUEST_CR4 || reg == GUEST_XCR0);
    return reg == GUEST_CR4 ? rig.cr4 : rig.xcr0;
}

void rig_prepare(enum cpuid_rig_host host, uint32_t cpus, uint64_t tsc_hz)
{
    rig.machine = host;
    rig.host_cr4 = UINT64_MAX;
    rig.host_xcr0 = UINT64_MAX;
    rig.host_instructions = true;
    rig.cr4 = 0;
    rig.xcr0 = 1;
    rig.lapic.base = APIC_BASE_EN;
    rig.vcpu = (struct msr_context){.lapic = &rig.lapic, .cpuid = &rig.policy};
    cpuid_prepare(&rig.policy, cpus, tsc_hz);
}

struct cpuid_regs rig_ask_as(uint32_t apic_id, uint32_t leaf, uint32_t subleaf)
{
    struct cpuid_regs regs;

    memset(&regs, 0xa5, sizeof(regs));
    rig.vcpu.index = apic_id;
    cpuid_emulate(&rig.vcpu, leaf, subleaf, &regs);
    return regs;
}

struct cpuid_regs rig_ask(uint32_t leaf, uint32_t subleaf)
{
    return rig_ask_as(0, leaf, subleaf);
}

void rig_assert_regs(struct cpuid_regs regs, uint32_t eax, uint32_t ebx,
                     uint32_t ecx, uint32_t edx)
{
    assert_int_equal(regs.eax, eax);
    assert_int_equal(regs.ebx, ebx);
    assert_int_equal(regs.ecx, ecx);
    assert_int_equal(regs.edx, edx);
}
