/* arch/lapic_host.c: the mode that the APIC is left in, and what the firmware
 * keeps of it. Two processors, whose registers are arrays. */
#include "arch/lapic_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "arch/apic_regs.h"
#include "arch/boot.h"
#include "arch/cpu.h"
#include "arch/idt.h"
#include "arch/msr.h"
#include "arch/processor.h"
#include "kernel/base/log.h"

struct apic {
    uint64_t base;
    uint32_t regs[64]; /* by offset / 16 */
};

struct processor processor_boot;
static struct apic apics[2];
static struct apic *here;
static bool has_x2apic;
static uint64_t now;

static bool in_x2apic(void)
{
    return here->base & APIC_BASE_EXTD;
}

/* While the APIC is disabled by software, entries of the LVT stay masked
 * (SDM 3A 11.4.7.2). */
static void set_register(size_t reg, uint32_t value)
{
    bool local =
        reg == LAPIC_REG_LVT_CMCI / 16 ||
        (reg >= LAPIC_REG_LVT_TIMER / 16 && reg <= LAPIC_REG_LVT_ERROR / 16);
    bool enabled = here->regs[LAPIC_REG_SVR / 16] & LAPIC_SVR_ENABLED;

    here->regs[reg] = local && !enabled ? value | LAPIC_LVT_MASKED : value;
}

uint64_t cpu_rdmsr(uint32_t msr)
{
    if (msr == MSR_APIC_BASE) {
        return here->base;
    }
    assert_true(in_x2apic());
    return here->regs[msr - MSR_X2APIC];
}

void cpu_wrmsr(uint32_t msr, uint64_t value)
{
    if (msr == MSR_APIC_BASE) {
        assert_true(has_x2apic || !(value & APIC_BASE_EXTD));
        assert_false(in_x2apic() && !(value & APIC_BASE_EXTD)); /* #GP */
        here->base = value;
        return;
    }
    assert_true(in_x2apic());
    set_register(msr - MSR_X2APIC, (uint32_t)value);
}

uint32_t cpu_mmio_read32(uintptr_t address)
{
    assert_false(in_x2apic());
    return here->regs[(address - LAPIC_BASE) / 16];
}

void cpu_mmio_write32(uintptr_t address, uint32_t value)
{
    assert_false(in_x2apic());
    set_register((address - LAPIC_BASE) / 16, value);
}

struct cpuid cpu_cpuid(uint32_t leaf, uint32_t subleaf)
{
    (void)subleaf;
    assert_int_equal(leaf, 1);
    return (struct cpuid){.ecx = CPUID_1_ECX_TSC_DEADLINE |
                                 (has_x2apic ? CPUID_1_ECX_X2APIC : 0)};
}

uint64_t cpu_rdtsc(void)
{
    return ++now;
}

uint64_t cpu_rdtsc_ordered(void)
{
    return ++now;
}

void cpu_out8(uint16_t port, uint8_t value)
{
    (void)port;
    (void)value;
}

void cpu_mfence(void)
{
}

void cpu_lfence(void)
{
}

void cpu_pause(void)
{
}

void idt_set_handler(uint8_t vector, idt_handler handler)
{
    (void)vector;
    (void)handler;
}

void idt_set_default(idt_handler handler)
{
    (void)handler;
}

void log_at(enum log_level level, const char *format, ...)
{
    (void)level;
    (void)format;
}

static uint32_t *thermal(struct apic *apic)
{
    return &apic->regs[LAPIC_REG_LVT_THERMAL / 16];
}

static int begin(void **state)
{
    (void)state;
    memset(apics, 0, sizeof apics);
    for (unsigned i = 0; i < 2; i++) {
        apics[i].base = LAPIC_BASE | APIC_BASE_EN;
        apics[i].regs[LAPIC_REG_VERSION / 16] = 0x00060015;
        *thermal(&apics[i]) = LAPIC_LVT_MASKED;
    }
    apics[0].regs[LAPIC_REG_SVR / 16] = LAPIC_SVR_ENABLED;
    apics[1].regs[LAPIC_REG_SVR / 16] = 0xff; /* as INIT leaves it */
    here = &apics[0];
    has_x2apic = true;
    return 0;
}

/* True: the machine with these two ids ends in x2APIC mode. */
static bool ends_in_x2apic(uint32_t second, bool second_enabled, bool opt_out)
{
    struct boot_info boot = {.processor_count = 2, .x2apic_opt_out = opt_out};

    boot.processors[0] = (struct boot_processor){.enabled = true};
    boot.processors[1] =
        (struct boot_processor){.apic_id = second, .enabled = second_enabled};
    here = &apics[0];
    lapic_host_init(&boot);
    here = &apics[1];
    assert_true(lapic_host_init_here());
    assert_int_equal(apics[0].base, apics[1].base);
    return in_x2apic();
}

static void x2apic_mode_where_there_is_one(void **state)
{
    (void)state;
    assert_true(ends_in_x2apic(1, true, false));
    begin(NULL);
    has_x2apic = false;
    assert_false(ends_in_x2apic(1, true, false));
}

static void the_firmware_can_ask_for_xapic_mode(void **state)
{
    (void)state;
    assert_false(ends_in_x2apic(254, true, true));
    begin(NULL);
    assert_false(ends_in_x2apic(255, false, true));
}

static void but_not_if_processors_would_be_lost(void **state)
{
    (void)state;
    assert_true(ends_in_x2apic(255, true, true));
}

static void nor_if_it_turned_x2apic_mode_on(void **state)
{
    (void)state;
    apics[0].base |= APIC_BASE_EXTD;
    assert_true(ends_in_x2apic(1, true, true));
}

static void heat_stays_the_firmwares(void **state)
{
    (void)state;
    *thermal(&apics[0]) = APIC_MODE(APIC_SMI);
    ends_in_x2apic(1, true, false);
    assert_int_equal(*thermal(&apics[0]), APIC_MODE(APIC_SMI));
    assert_int_equal(*thermal(&apics[1]), APIC_MODE(APIC_SMI));
}

/* LINT1 of every processor has the machine's NMIs. */
static void errors_are_all_processors_and_nmis_the_firsts(void **state)
{
    (void)state;
    for (unsigned x2apic = 0; x2apic < 2; x2apic++) {
        begin(NULL);
        has_x2apic = x2apic;
        ends_in_x2apic(1, true, false);
        for (unsigned i = 0; i < 2; i++) {
            assert_int_equal(apics[i].regs[LAPIC_REG_LVT_LINT1 / 16],
                             i == 0 ? APIC_MODE(APIC_NMI) : LAPIC_LVT_MASKED);
            assert_int_equal(apics[i].regs[LAPIC_REG_LVT_ERROR / 16],
                             LAPIC_HOST_VECTOR_ERROR);
            assert_int_equal(apics[i].regs[LAPIC_REG_LVT_LINT0 / 16],
                             LAPIC_LVT_MASKED);
        }
    }
}

static void otherwise_heat_is_masked(void **state)
{
    static const uint32_t others[] = {LAPIC_LVT_MASKED,
                                      LAPIC_LVT_MASKED | APIC_MODE(APIC_SMI),
                                      0xf0, APIC_MODE(APIC_NMI)};

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        begin(NULL);
        *thermal(&apics[0]) = others[i];
        ends_in_x2apic(1, true, false);
        assert_int_equal(*thermal(&apics[0]), LAPIC_LVT_MASKED);
        assert_int_equal(*thermal(&apics[1]), LAPIC_LVT_MASKED);
    }
}

static void an_old_apic_has_no_entry_for_heat(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        apics[i].regs[LAPIC_REG_VERSION / 16] = 0x00040014;
        *thermal(&apics[i]) = APIC_MODE(APIC_SMI);
    }
    ends_in_x2apic(1, true, false);
    assert_int_equal(*thermal(&apics[1]), APIC_MODE(APIC_SMI)); /* untouched */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(x2apic_mode_where_there_is_one, begin),
        cmocka_unit_test_setup(the_firmware_can_ask_for_xapic_mode, begin),
        cmocka_unit_test_setup(but_not_if_processors_would_be_lost, begin),
        cmocka_unit_test_setup(nor_if_it_turned_x2apic_mode_on, begin),
        cmocka_unit_test_setup(heat_stays_the_firmwares, begin),
        cmocka_unit_test_setup(errors_are_all_processors_and_nmis_the_firsts,
                               begin),
        cmocka_unit_test_setup(otherwise_heat_is_masked, begin),
        cmocka_unit_test_setup(an_old_apic_has_no_entry_for_heat, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
