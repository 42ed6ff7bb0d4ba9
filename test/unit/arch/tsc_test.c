/* arch/tsc.c on machines that lack one clock after the other. Time goes on by
 * each access; a chip that is not there reads as ones. */
#include "arch/tsc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

#include "arch/boot.h"
#include "arch/cpu.h"
#include "arch/cpuid.h"

#define TSC_HZ    2000000000ULL
#define PIT_HZ    1193182ULL
#define PM_HZ     3579545ULL
#define HPET_HZ   14318180ULL
#define HPET      0xfed00000U
#define PM_PORT   0x608U
#define STEP      2000U /* TSC ticks of an access: a microsecond */
#define PIT_START 59659U

static struct {
    bool pit, pm, hpet, hpet_on;
    uint32_t period; /* of the HPET, fs */
    uint32_t leaf15[3], leaf16, hypervisor_khz;
    uint32_t last_leaf, last_hypervisor;
    bool hypervisor;
    uint64_t now;
    uint64_t pit_started;
    bool gate;
    struct boot_info boot;
} m;

static uint64_t count_of(uint64_t hz)
{
    return (uint64_t)((unsigned __int128)m.now * hz / TSC_HZ);
}

uint64_t cpu_rdtsc_ordered(void)
{
    m.now += 20;
    return m.now;
}

uint8_t cpu_in8(uint16_t port)
{
    m.now += STEP;
    assert_int_equal(port, 0x61);
    if (!m.pit) {
        return m.gate ? 0x00 : 0x20;
    }
    return m.gate && count_of(PIT_HZ) - m.pit_started >= PIT_START ? 0x20 : 0;
}

void cpu_out8(uint16_t port, uint8_t value)
{
    m.now += STEP;
    if (port == 0x61) {
        m.gate = value & 1;
        m.pit_started = count_of(PIT_HZ);
    }
}

uint32_t cpu_in32(uint16_t port)
{
    m.now += STEP;
    assert_int_equal(port, PM_PORT);
    return m.pm ? (uint32_t)count_of(PM_HZ) & 0xffffff : UINT32_MAX;
}

uint32_t cpu_mmio_read32(uintptr_t address)
{
    m.now += STEP;
    assert_true(m.hpet);
    switch (address - HPET) {
    case 4:
        return m.period;
    case 0x10:
        return m.hpet_on;
    case 0xf0:
        return m.hpet_on ? (uint32_t)(count_of(HPET_HZ) + 0xfffff000U) : 7;
    default:
        fail_msg("register %#lx", (unsigned long)address);
        return 0;
    }
}

void cpu_mmio_write32(uintptr_t address, uint32_t value)
{
    assert_int_equal(address, HPET + 0x10);
    m.hpet_on = value & 1;
}

struct cpuid cpu_cpuid(uint32_t leaf, uint32_t subleaf)
{
    (void)subleaf;
    switch (leaf) {
    case 0:
        return (struct cpuid){.eax = m.last_leaf};
    case 1:
        return (struct cpuid){.ecx = m.hypervisor ? CPUID_1_ECX_HYPERVISOR : 0};
    case 0x15:
        return (struct cpuid){m.leaf15[0], m.leaf15[1], m.leaf15[2], 0};
    case 0x16:
        return (struct cpuid){.eax = m.leaf16};
    case 0x40000000:
        assert_true(m.hypervisor);
        return (struct cpuid){.eax = m.last_hypervisor};
    case 0x40000010:
        assert_true(m.last_hypervisor >= leaf);
        return (struct cpuid){.eax = m.hypervisor_khz};
    default:
        fail_msg("leaf %#x", leaf);
        return (struct cpuid){0};
    }
}

static int begin(void **state)
{
    (void)state;
    m = (typeof(m)){.pit = true,
                    .pm = true,
                    .hpet = true,
                    .period = 69841279,
                    .last_leaf = 0xd,
                    .boot = {.pm_timer_port = PM_PORT, .hpet = HPET}};
    return 0;
}

static void found(const char *name, uint64_t part)
{
    uint64_t hz = tsc_calibrate(&m.boot);

    assert_string_equal(tsc_source(), name);
    assert_in_range(hz, TSC_HZ - TSC_HZ / part, TSC_HZ + TSC_HZ / part);
}

static void the_pit_comes_first(void **state)
{
    (void)state;
    found("PIT", 4000);
}

static void then_the_pm_timer(void **state)
{
    (void)state;
    m.pit = false;
    found("ACPI PM timer", 4000);
}

static void then_what_cpuid_says(void **state)
{
    (void)state;
    m.pit = m.pm = false;
    m.last_leaf = 0x16;
    m.leaf15[0] = 2;
    m.leaf15[1] = 160;
    m.leaf15[2] = 25000000;
    found("CPUID", 1000000);
    m.leaf15[2] = 0;
    m.leaf16 = 2000;
    found("CPUID", 1000000);
}

static void then_what_a_hypervisor_says(void **state)
{
    (void)state;
    m.pit = m.pm = m.hpet = false;
    m.boot.hpet = 0;
    m.hypervisor_khz = 2000000;
    m.last_hypervisor = 0x40000010;
    assert_int_equal(tsc_calibrate(&m.boot), 0); /* there is none */
    m.hypervisor = true;
    m.last_hypervisor = 0x40000001;
    assert_int_equal(tsc_calibrate(&m.boot), 0); /* without the leaf */
    m.last_hypervisor = 0x40000010;
    found("CPUID", 1000000);
}

/* A hypervisor that scales the TSC may show its host's leaf 0x15. */
static void a_hypervisor_knows_better_than_its_host(void **state)
{
    (void)state;
    m.pit = m.pm = false;
    m.hypervisor = true;
    m.last_hypervisor = 0x40000010;
    m.hypervisor_khz = 2000000;
    m.last_leaf = 0x16;
    m.leaf15[0] = 2;
    m.leaf15[1] = 240;
    m.leaf15[2] = 25000000;
    found("CPUID", 1000000);
    m.hypervisor_khz = 0; /* it has the leaf, and says nothing */
    m.leaf15[1] = 160;
    found("CPUID", 1000000);
}

static void the_hpet_is_the_last_resort(void **state)
{
    (void)state;
    m.pit = m.pm = false;
    found("HPET", 2000);
    assert_true(m.hpet_on);
}

static void an_hpet_that_cannot_be_is_not_believed(void **state)
{
    static const uint32_t wrong[] = {0, 1, 99999, 100000001, UINT32_MAX};

    (void)state;
    m.pit = m.pm = false;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        m.period = wrong[i];
        assert_int_equal(tsc_calibrate(&m.boot), 0);
    }
    m.boot.hpet = 0;
    m.hpet = false;
    assert_int_equal(tsc_calibrate(&m.boot), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_pit_comes_first, begin),
        cmocka_unit_test_setup(then_the_pm_timer, begin),
        cmocka_unit_test_setup(then_what_cpuid_says, begin),
        cmocka_unit_test_setup(then_what_a_hypervisor_says, begin),
        cmocka_unit_test_setup(a_hypervisor_knows_better_than_its_host, begin),
        cmocka_unit_test_setup(the_hpet_is_the_last_resort, begin),
        cmocka_unit_test_setup(an_hpet_that_cannot_be_is_not_believed, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
