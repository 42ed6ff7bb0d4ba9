/* ACPI fixed hardware, and every way a guest ends its machine: S5, the reset
 * register, port 0x92, the keyboard controller. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/support/chips_fake.h"
#include "vmm/chip/acpi_pm.h"
#include "vmm/chip/i8042.h"

#define STATUS 0x600U
#define ENABLE 0x602U

#define SCI ACPI_PM_SCI

/* Bit 31 of the timer changes this often. */
#define HALF_NS (0x80000000ULL * TIME_SECOND / ACPI_PM_HZ)

static struct vm vm;
static struct acpi_pm pm;
static struct i8042 i8042;

static void put(unsigned port, unsigned value, uint8_t size)
{
    struct access access = {
        .address = port, .value = value, .size = size, .write = true};

    if (port == 0x60 || port == 0x64) {
        assert_int_equal(i8042_access(&i8042, &access), ACCESS_HANDLED);
    } else {
        assert_int_equal(acpi_pm_access(&pm, &access), ACCESS_HANDLED);
    }
    assert_true(acpi_pm_valid(&pm));
    assert_true(i8042_valid(&i8042));
}

static unsigned get(unsigned port, uint8_t size)
{
    struct access access = {.address = port, .size = size};

    if (port == 0x60 || port == 0x64) {
        assert_int_equal(i8042_access(&i8042, &access), ACCESS_HANDLED);
    } else {
        assert_int_equal(acpi_pm_access(&pm, &access), ACCESS_HANDLED);
    }
    assert_true(acpi_pm_valid(&pm));
    return (unsigned)access.value;
}

static int setup(void **state)
{
    (void)state;
    fake_reset();
    vm = (struct vm){0};
    fake_advance(1000);
    acpi_pm_init(&pm, &vm);
    i8042_init(&i8042, &vm);
    return 0;
}

static void test_timer(void **state)
{
    unsigned start = 0;

    (void)state;
    start = get(ACPI_PM_TIMER, 4);
    fake_advance(TIME_SECOND);
    assert_int_equal(get(ACPI_PM_TIMER, 4) - start, ACPI_PM_HZ);
    put(ACPI_PM_TIMER, 0, 4);
    assert_int_equal(get(ACPI_PM_TIMER, 4) - start, ACPI_PM_HZ);
    assert_int_equal(get(ACPI_PM_TIMER, 2), (start + ACPI_PM_HZ) & 0xffff);
    assert_int_equal(get(ACPI_PM_TIMER + 2, 1),
                     (start + ACPI_PM_HZ) >> 16 & 0xff);
    /* Over its end, days later: nothing is rounded away. */
    fake_advance(10 * 24 * 3600 * TIME_SECOND);
    assert_int_equal(get(ACPI_PM_TIMER, 4),
                     (uint32_t)(864001ULL * ACPI_PM_HZ + start));
}

static void test_always_in_acpi_mode(void **state)
{
    (void)state;
    assert_int_equal(get(ACPI_PM_CONTROL, 2), 1);
    put(ACPI_PM_CONTROL, 0, 2);
    assert_int_equal(get(ACPI_PM_CONTROL, 2), 1);
    put(ACPI_PM_CONTROL, 0x1c06, 2);
    assert_int_equal(get(ACPI_PM_CONTROL, 2), 0x1c03);
    assert_int_equal(vm.stops, 0);
}

static void test_power_off(void **state)
{
    (void)state;
    for (unsigned type = 0; type < 8; type++) {
        put(ACPI_PM_CONTROL, type << 10, 2);
        assert_int_equal(vm.stops, 0);
        put(ACPI_PM_CONTROL, 0x2000 | type << 10, 2);
        assert_int_equal(get(ACPI_PM_CONTROL, 2), 1 | type << 10);
        assert_int_equal(vm.stops, type == 5);
        vm.stops = 0;
    }
    assert_int_equal(vm.end, VM_END_POWER_OFF);
    put(ACPI_PM_CONTROL + 1, 0x34, 1);
    assert_int_equal(vm.stops, 1);
}

static void test_resets(void **state)
{
    static const struct {
        uint16_t port;
        uint8_t value;
        bool resets;
    } table[] = {
        {0xcf9, 0x02, false}, {0xcf9, 0x06, true}, {0xcf9, 0x0e, true},
        {0xcf9, 0x00, false}, {0x92, 0x02, false}, {0x92, 0x01, true},
        {0x92, 0x03, true},   {0x92, 0x00, false}, {0x64, 0xfe, true},
        {0x64, 0xff, false},  {0x64, 0xf0, true},  {0x64, 0xaa, false},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(table) / sizeof(*table); i++) {
        vm.stops = 0;
        put(table[i].port, table[i].value, 1);
        assert_int_equal(vm.stops, table[i].resets);
        assert_true(!table[i].resets || vm.end == VM_END_RESET);
    }
    assert_int_equal(get(0xcf9, 1), 0);
    put(0xcf9, 0x02, 1);
    assert_int_equal(get(0xcf9, 1), 0x02);
    put(0x92, 0x00, 1);
    assert_int_equal(get(0x92, 1), 0x02); /* A20 stays on */
}

static void test_power_button(void **state)
{
    (void)state;
    acpi_pm_power_button(&pm);
    assert_false(vm.level[SCI]);
    assert_int_equal(get(STATUS, 2), 0x0100);
    put(ENABLE, 0x0100, 2);
    assert_true(vm.level[SCI]);
    put(STATUS, 0x0001, 2); /* another bit */
    assert_true(vm.level[SCI]);
    put(STATUS, 0x0100, 2);
    assert_false(vm.level[SCI]);
    assert_int_equal(get(STATUS, 4), 0x01000000);
    acpi_pm_power_button(&pm);
    assert_true(vm.level[SCI]);
    put(ENABLE, 0, 2);
    assert_false(vm.level[SCI]);
}

static void test_enable_bits(void **state)
{
    (void)state;
    put(ENABLE, 0xffff, 2);
    assert_int_equal(get(ENABLE, 2), 0x0721);
    put(ENABLE, 0, 1);
    assert_int_equal(get(ENABLE, 2), 0x0700);
    put(STATUS, 0xffffffff, 4);
    assert_int_equal(get(STATUS, 4), 0x07210000);
}

static void test_timer_status(void **state)
{
    (void)state;
    fake_advance(HALF_NS - 2000);
    assert_int_equal(get(STATUS, 2), 0);
    fake_advance(2000);
    assert_int_equal(get(STATUS, 2), 1);
    put(STATUS, 1, 2);
    assert_int_equal(get(STATUS, 2), 0);
    assert_int_equal(fake_callbacks(), 0);
}

static void test_timer_interrupt(void **state)
{
    (void)state;
    put(ENABLE, 1, 2);
    fake_advance(HALF_NS - 2000);
    assert_false(vm.level[SCI]);
    fake_advance(2000);
    assert_true(vm.level[SCI]);
    put(STATUS, 1, 2);
    assert_false(vm.level[SCI]);
    fake_advance(HALF_NS);
    assert_int_equal(vm.rises[SCI], 2);
    /* Not acknowledged: nothing more is armed. */
    fake_advance(10 * HALF_NS);
    assert_int_equal(fake_callbacks(), 2);
    put(ENABLE, 0, 2);
    put(STATUS, 1, 2);
    assert_int_equal(fake_armed(), 0);
}

static void test_keyboard_controller(void **state)
{
    (void)state;
    assert_int_equal(get(0x64, 1) & 0x03, 0);
    put(0x64, 0xaa, 1);
    assert_int_equal(get(0x64, 1), 0x1d);
    assert_int_equal(get(0x60, 1), 0x55);
    assert_int_equal(get(0x64, 1) & 0x01, 0);
    put(0x64, 0x20, 1);
    assert_int_equal(get(0x60, 1), 0x34);
    put(0x64, 0x60, 1);
    put(0x60, 0x65, 1);
    put(0x64, 0x20, 1);
    assert_int_equal(get(0x60, 1), 0x65);
    put(0x64, 0xad, 1);
    put(0x64, 0x20, 1);
    assert_int_equal(get(0x60, 1), 0x75);
    /* Nobody is plugged in: the tests say so, bytes to it time out. */
    put(0x64, 0xab, 1);
    assert_int_equal(get(0x60, 1), 0x01);
    put(0x60, 0xff, 1);
    assert_int_equal(get(0x64, 1) & 0x41, 0x41);
    assert_int_equal(get(0x60, 1), 0xfe);
    assert_int_equal(get(0x64, 1) & 0x41, 0);
    put(0x64, 0xd2, 1);
    put(0x60, 0x5a, 1);
    assert_int_equal(get(0x64, 1) & 0x41, 0x01);
    assert_int_equal(get(0x60, 1), 0x5a);
}

static void test_output_port(void **state)
{
    (void)state;
    put(0x64, 0xd1, 1);
    put(0x60, 0xdd, 1); /* A20 off, which it never is */
    put(0x64, 0xd0, 1);
    assert_int_equal(get(0x60, 1), 0xdf);
    assert_int_equal(vm.stops, 0);
    put(0x64, 0xd1, 1);
    put(0x60, 0xfe, 1);
    assert_int_equal(vm.stops, 1);
    assert_int_equal(vm.end, VM_END_RESET);
}

static void test_stop(void **state)
{
    (void)state;
    acpi_pm_power_button(&pm);
    put(ENABLE, 0x0101, 2);
    assert_true(vm.level[SCI]);
    assert_int_equal(fake_armed(), 1);
    acpi_pm_stop(&pm);
    assert_int_equal(fake_armed(), 0);
}

static void test_keyboard_interfaces(void **state)
{
    static const struct {
        uint8_t command;
        uint8_t config;
    } steps[] = {{0xae, 0x24}, {0xa8, 0x04}, {0xa7, 0x24}, {0xad, 0x34}};

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        put(0x64, steps[i].command, 1);
        put(0x64, 0x20, 1);
        assert_int_equal(get(0x60, 2), 0xff00 | steps[i].config);
    }
    put(0x64, 0xc0, 1);
    assert_int_equal(get(0x60, 1), 0x80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_timer, setup),
        cmocka_unit_test_setup(test_always_in_acpi_mode, setup),
        cmocka_unit_test_setup(test_power_off, setup),
        cmocka_unit_test_setup(test_resets, setup),
        cmocka_unit_test_setup(test_power_button, setup),
        cmocka_unit_test_setup(test_enable_bits, setup),
        cmocka_unit_test_setup(test_timer_status, setup),
        cmocka_unit_test_setup(test_timer_interrupt, setup),
        cmocka_unit_test_setup(test_keyboard_controller, setup),
        cmocka_unit_test_setup(test_output_port, setup),
        cmocka_unit_test_setup(test_stop, setup),
        cmocka_unit_test_setup(test_keyboard_interfaces, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
