/* fw_cfg: the items that are there, zeroes everywhere else, whatever a guest
 * does to the two ports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vmm/chip/fw_cfg.h"

#define MEMORY 0x123456789abcULL

static struct fw_cfg chip;

static int setup(void **state)
{
    (void)state;
    fw_cfg_init(&chip, 7, MEMORY);
    return 0;
}

static void put(uint64_t port, uint64_t value, uint8_t size)
{
    struct access access = {
        .address = port, .value = value, .size = size, .write = true};

    assert_int_equal(fw_cfg_access(&chip, &access), ACCESS_HANDLED);
    assert_true(fw_cfg_valid(&chip));
}

static uint64_t get(unsigned bytes)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < bytes; i++) {
        struct access access = {.address = FW_CFG_PORT + 1, .size = 1};

        assert_int_equal(fw_cfg_access(&chip, &access), ACCESS_HANDLED);
        assert_true(fw_cfg_valid(&chip));
        value |= access.value << i * 8;
    }
    return value;
}

static void test_power_on(void **state)
{
    (void)state;
    assert_int_equal(get(4), 0x554d4551); /* "QEMU" */
}

static void test_items(void **state)
{
    static const struct {
        uint16_t key;
        unsigned bytes;
        uint64_t value;
    } cases[] = {
        {0x00, 4, 0x554d4551}, {0x01, 4, 1}, {0x03, 8, MEMORY},
        {0x05, 2, 7},          {0x0f, 2, 7},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        put(FW_CFG_PORT, cases[i].key, 2);
        assert_int_equal(get(cases[i].bytes), cases[i].value);
        assert_int_equal(get(8), 0); /* beyond its end */
        put(FW_CFG_PORT, cases[i].key, 2);
        assert_int_equal(get(cases[i].bytes), cases[i].value);
    }
}

static void test_absent(void **state)
{
    (void)state;
    for (unsigned key = 0; key <= UINT16_MAX; key++) {
        if (key > 0x0f || key == 0x02 || key == 0x04) {
            put(FW_CFG_PORT, key, 2);
            assert_int_equal(get(8), 0);
        }
    }
}

/* Writes to the data port, and those of other sizes, change nothing. */
static void test_other_accesses(void **state)
{
    (void)state;
    put(FW_CFG_PORT, FW_CFG_NB_CPUS, 2);
    put(FW_CFG_PORT, FW_CFG_RAM_SIZE, 1);
    put(FW_CFG_PORT, FW_CFG_RAM_SIZE, 4);
    put(FW_CFG_PORT + 1, 99, 1);
    put(FW_CFG_PORT + 1, FW_CFG_RAM_SIZE, 2);
    for (unsigned i = 0; i < 3; i++) {
        struct access access = {.address = FW_CFG_PORT,
                                .size = (uint8_t)(1U << i)};

        assert_int_equal(fw_cfg_access(&chip, &access), ACCESS_UNHANDLED);
    }
    assert_int_equal(get(2), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_power_on, setup),
        cmocka_unit_test_setup(test_items, setup),
        cmocka_unit_test_setup(test_absent, setup),
        cmocka_unit_test_setup(test_other_accesses, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
