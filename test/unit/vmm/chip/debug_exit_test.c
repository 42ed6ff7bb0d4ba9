/* isa-debug-exit: every value ends the machine, once, and says how it went. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/support/chips_fake.h"
#include "vmm/chip/debug_exit.h"

static struct vm vm;
static struct debug_exit chip;

static int setup(void **state)
{
    (void)state;
    vm = (struct vm){0};
    debug_exit_init(&chip, &vm);
    return 0;
}

static void put(uint64_t port, uint64_t value, uint8_t size)
{
    struct access access = {
        .address = port, .value = value, .size = size, .write = true};

    assert_int_equal(debug_exit_access(&chip, &access), ACCESS_HANDLED);
}

static void test_read(void **state)
{
    struct access access = {
        .address = DEBUG_EXIT_PORT, .size = 4, .value = 0x55};

    (void)state;
    assert_int_equal(debug_exit_access(&chip, &access), ACCESS_HANDLED);
    assert_int_equal(access.value, 0);
    assert_int_equal(vm.stops, 0);
    assert_false(chip.written);
}

static void test_values(void **state)
{
    static const struct {
        uint32_t value;
        bool good;
        unsigned status;
    } cases[] = {
        {0, true, 1},       {1, false, 3},          {2, false, 5},
        {0x10, true, 33},   {0x11, false, 35},      {0x7f, false, 255},
        {0x80, false, 1},   {0xff, false, 255},     {0x100, false, 1},
        {0x1000, false, 1}, {0x80000000, false, 1}, {0xffffffff, false, 255},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        setup(state);
        put(i % 2 == 0 ? DEBUG_EXIT_PORT : DEBUG_EXIT_PORT_OLD, cases[i].value,
            4);
        assert_int_equal(vm.stops, 1);
        assert_int_equal(vm.end, VM_END_DEBUG_EXIT);
        assert_int_equal(chip.value, cases[i].value);
        assert_int_equal(debug_exit_good(&chip), cases[i].good);
        assert_int_equal(debug_exit_qemu_status(&chip), cases[i].status);
    }
}

/* Another processor may write before it is stopped. */
static void test_first_counts(void **state)
{
    (void)state;
    put(DEBUG_EXIT_PORT, 3, 1);
    put(DEBUG_EXIT_PORT, 0, 1);
    assert_int_equal(chip.value, 3);
    assert_false(debug_exit_good(&chip));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_read, setup),
        cmocka_unit_test_setup(test_values, setup),
        cmocka_unit_test_setup(test_first_counts, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
