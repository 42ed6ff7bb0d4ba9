/* arch/machine.c: the firmware first, ACPI's S5 if the firmware returns. A
 * write that turns the machine off ends the call here. */
#include "arch/machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch/boot.h"
#include "arch/cpu.h"
#include "arch/paging.h"
#include "arch/processor.h"

#define PM1A   0x604U
#define PM1B   0x704U
#define SMI    0xb2U
#define SLEEP  0x3f0U
#define SLP_EN (1U << 13)

static jmp_buf off;
static struct {
    uint16_t pm1a, pm1b;
    unsigned enables, enabled_late;
    uint8_t slept;
    bool halted;
    void (*errand)(void);
} m;

uint16_t cpu_in16(uint16_t port)
{
    if (m.enables && m.enabled_late && --m.enabled_late == 0) {
        m.pm1a |= 1;
    }
    assert_true(port == PM1A || port == PM1B);
    return port == PM1A ? m.pm1a : m.pm1b;
}

void cpu_out16(uint16_t port, uint16_t value)
{
    assert_true(port == PM1A || port == PM1B);
    *(port == PM1A ? &m.pm1a : &m.pm1b) = value;
}

void cpu_out8(uint16_t port, uint8_t value)
{
    if (port == SMI) {
        assert_int_equal(value, 0xa0);
        m.enables++;
    } else {
        assert_int_equal(port, SLEEP);
        m.slept = value;
    }
}

void cpu_hlt(void)
{
    m.halted = true;
    longjmp(off, 1);
}

void cpu_cli(void)
{
}

void cpu_pause(void)
{
}

uint64_t cpu_read_cr0(void)
{
    return 0;
}

void cpu_write_cr0(uint64_t value)
{
    (void)value;
}

uint64_t cpu_read_cr4(void)
{
    return 0;
}

void cpu_write_cr4(uint64_t value)
{
    (void)value;
}

void paging_open_runtime(void)
{
}

void processor_ask_first(void (*errand)(void))
{
    m.errand = errand;
}

static void power_off(const struct boot_sleep *sleep)
{
    struct boot_info boot = {.sleep = *sleep};

    machine_init(&boot);
    if (setjmp(off) == 0) {
        machine_power_off();
    }
    assert_true(m.halted);
    assert_non_null(m.errand);
}

static void both_registers_go_to_s5(void **state)
{
    (void)state;
    m.pm1a = 0x1c01; /* SCI_EN, and another type */
    m.pm1b = 0x0002;
    power_off(&(struct boot_sleep){PM1A, PM1B, SMI, 0xa0, 0, 5, 7});
    assert_int_equal(m.pm1a, SLP_EN | 5 << 10 | 1);
    assert_int_equal(m.pm1b, SLP_EN | 7 << 10 | 2);
    assert_int_equal(m.enables, 0);
}

static void acpi_is_turned_on_first(void **state)
{
    (void)state;
    m.enabled_late = 100;
    power_off(&(struct boot_sleep){PM1A, 0, SMI, 0xa0, 0, 5, 0});
    assert_int_equal(m.enables, 1);
    assert_int_equal(m.enabled_late, 0);
    assert_int_equal(m.pm1a, SLP_EN | 5 << 10 | 1);
}

static void and_if_it_never_is_s5_is_tried_all_the_same(void **state)
{
    (void)state;
    power_off(&(struct boot_sleep){PM1A, 0, SMI, 0xa0, 0, 5, 0});
    assert_int_equal(m.enables, 1);
    assert_int_equal(m.pm1a, SLP_EN | 5 << 10);
}

static void reduced_hardware_has_one_register(void **state)
{
    (void)state;
    power_off(&(struct boot_sleep){0, 0, 0, 0, SLEEP, 5, 5});
    assert_int_equal(m.slept, 0x34);
    assert_int_equal(m.pm1a, 0);
}

static void without_tables_it_halts(void **state)
{
    (void)state;
    power_off(&(struct boot_sleep){0});
    assert_int_equal(m.pm1a, 0);
}

static int begin(void **state)
{
    (void)state;
    m = (typeof(m)){0};
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(both_registers_go_to_s5, begin),
        cmocka_unit_test_setup(acpi_is_turned_on_first, begin),
        cmocka_unit_test_setup(and_if_it_never_is_s5_is_tried_all_the_same,
                               begin),
        cmocka_unit_test_setup(reduced_hardware_has_one_register, begin),
        cmocka_unit_test_setup(without_tables_it_halts, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
