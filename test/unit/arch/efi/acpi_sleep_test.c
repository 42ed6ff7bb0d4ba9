/* How ACPI turns the machine off: what is read of tables as firmware makes
 * them, and of broken ones. */
#include "arch/efi/acpi_sleep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "arch/boot.h"
#include "arch/efi/acpi_host.h"

/* Static, so that addresses fit 32 bits in a program linked low. */
static uint8_t fadt[276];
static uint8_t dsdt[128];
static uint32_t fadt_length;

const uint8_t *acpi_host_find(uint64_t rsdp, const char signature[4],
                              uint32_t *length)
{
    assert_memory_equal(signature, "FACP", 4);
    *length = fadt_length;
    return rsdp ? fadt : NULL;
}

static void put(uint8_t *at, uint64_t value, size_t size)
{
    memcpy(at, &value, size);
}

static void put_aml(const void *aml, size_t size)
{
    memset(dsdt + 36, 0xa3, sizeof dsdt - 36); /* no-ops */
    memcpy(dsdt + 50, aml, size);
}

/* Name(_S5, Package() {5, 7, 0, 0}), as QEMU, Intel's compiler and AMI write
 * it. */
#define S5 "\x08_S5_\x12\x08\x04\x0a\x05\x0a\x07\x00\x00"

static int build(void **state)
{
    (void)state;
    memset(fadt, 0, sizeof fadt);
    fadt_length = sizeof fadt;
    memcpy(dsdt, "DSDT", 4);
    put(dsdt + 4, sizeof dsdt, 4);
    put_aml(S5, sizeof S5 - 1);
    put(fadt + 40, (uintptr_t)dsdt, 4);
    put(fadt + 48, 0xb2, 4);
    fadt[52] = 0xa0;
    put(fadt + 64, 0x604, 4);
    put(fadt + 68, 0x704, 4);
    return 0;
}

static struct boot_sleep find(void)
{
    struct boot_sleep sleep = {0};

    acpi_sleep_find(1, &sleep);
    return sleep;
}

static void nothing_is_found(void)
{
    static const struct boot_sleep nothing;
    struct boot_sleep sleep = find();

    assert_memory_equal(&sleep, &nothing, sizeof nothing);
}

static void the_older_fields_are_read(void **state)
{
    struct boot_sleep sleep = find();

    (void)state;
    assert_int_equal(sleep.pm1a, 0x604);
    assert_int_equal(sleep.pm1b, 0x704);
    assert_int_equal(sleep.smi, 0xb2);
    assert_int_equal(sleep.enable, 0xa0);
    assert_int_equal(sleep.type_a, 5);
    assert_int_equal(sleep.type_b, 7);
    assert_int_equal(sleep.control, 0);
}

static void the_newer_fields_count(void **state)
{
    (void)state;
    put(fadt + 140, (uintptr_t)dsdt, 8);
    put(fadt + 40, 0, 4);
    fadt[172] = 1;
    put(fadt + 176, 0x1804, 8);
    assert_int_equal(find().pm1a, 0x1804);
    fadt[172] = 0; /* in memory: not for us */
    assert_int_equal(find().pm1a, 0x604);
    put(fadt + 64, 0x10604, 4); /* no port */
    assert_int_equal(find().pm1a, 0);
}

static void reduced_hardware_has_a_register_of_its_own(void **state)
{
    (void)state;
    put(fadt + 112, 1U << 20, 4);
    fadt[244] = 1;
    put(fadt + 248, 0x3f0, 8);
    assert_int_equal(find().control, 0x3f0);
    assert_int_equal(find().pm1a, 0);
    fadt_length = 244; /* an older table */
    assert_int_equal(find().control, 0);
}

static void other_ways_to_write_s5(void **state)
{
    static const char rooted[] = "\x08\\_S5_\x12\x06\x04\x01\x00\x00\x00";
    static const char long_length[] = "\x08_S5_\x12\x49\x00\x02\x0a\x03\x01";

    (void)state;
    put_aml(rooted, sizeof rooted - 1);
    assert_int_equal(find().type_a, 1);
    assert_int_equal(find().type_b, 0);
    put_aml(long_length, sizeof long_length - 1);
    assert_int_equal(find().type_a, 3);
    assert_int_equal(find().type_b, 1);
}

static void what_is_no_s5_is_not_taken(void **state)
{
    static const char *const wrong[] = {
        "\x14_S5_\x12\x08\x04\x0a\x05\x0a\x07", /* a method */
        "\x08_S5_\x0a\x05\x0a\x05\x0a\x07 ",    /* a number */
        "\x08_S5_\x12\x08\x04\x0b\x05\x05\x0a", /* a word */
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        put_aml(wrong[i], 12);
        nothing_is_found();
    }
}

static void broken_tables_end_the_search(void **state)
{
    (void)state;
    for (uint32_t size = 0; size < 64; size++) {
        put(dsdt + 4, size, 4); /* cut in the middle of the package */
        (void)find();
    }
    put(dsdt + 4, UINT32_MAX, 4);
    nothing_is_found();
    dsdt[0] = 'X';
    nothing_is_found();
    build(NULL);
    put(fadt + 40, 0, 4);
    nothing_is_found();
    fadt_length = 36;
    nothing_is_found();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_older_fields_are_read, build),
        cmocka_unit_test_setup(the_newer_fields_count, build),
        cmocka_unit_test_setup(reduced_hardware_has_a_register_of_its_own,
                               build),
        cmocka_unit_test_setup(other_ways_to_write_s5, build),
        cmocka_unit_test_setup(what_is_no_s5_is_not_taken, build),
        cmocka_unit_test_setup(broken_tables_end_the_search, build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
