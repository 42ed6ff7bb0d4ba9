/* What arch/efi/efi*.c leans on: the memory map's clean-up and the names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <string.h>

#include "arch/boot_ranges.h"
#include "arch/efi/ucs2.h"
#include "arch/mtrr.h"

#define MB 0x100000ULL

/* For boot_ranges_cut_uncached(), whose tests are in mtrr_test.c. */
enum memory_type mtrr_type(const struct mtrrs *mtrrs, uint64_t address,
                           uint64_t *end)
{
    (void)mtrrs;
    (void)address;
    (void)end;
    fail();
    return MEMORY_UC;
}

static struct boot_range range(uint64_t base, uint64_t size,
                               enum boot_memory kind)
{
    return (struct boot_range){base, size, kind, kind != BOOT_MMIO};
}

static void expect(const struct boot_range *found, uint64_t base, uint64_t size,
                   enum boot_memory kind)
{
    assert_int_equal(found->base, base);
    assert_int_equal(found->size, size);
    assert_int_equal(found->kind, kind);
}

static void test_sort_and_merge(void **state)
{
    struct boot_range r[8] = {
        range(16 * MB, MB, BOOT_USABLE), range(4 * MB, MB, BOOT_KEPT),
        range(2 * MB, 2 * MB, BOOT_USABLE), range(15 * MB, MB, BOOT_USABLE)};
    (void)state;
    assert_int_equal(boot_ranges_normalise(r, 4, 8), 3);
    expect(&r[0], 2 * MB, 2 * MB, BOOT_USABLE);
    expect(&r[1], 4 * MB, MB, BOOT_KEPT);
    expect(&r[2], 15 * MB, 2 * MB, BOOT_USABLE);
}

static void test_caching_keeps_apart(void **state)
{
    struct boot_range r[4] = {range(2 * MB, MB, BOOT_FIRMWARE),
                              range(3 * MB, MB, BOOT_FIRMWARE)};
    (void)state;
    r[1].write_back = false;
    assert_int_equal(boot_ranges_normalise(r, 2, 4), 2);
}

static void test_below_one_megabyte(void **state)
{
    struct boot_range r[4] = {range(0, 0xa0000, BOOT_USABLE),
                              range(0xc0000, 4 * MB, BOOT_USABLE)};
    (void)state;
    assert_int_equal(boot_ranges_normalise(r, 2, 4), 3);
    expect(&r[0], 0, 0xa0000, BOOT_KEPT);
    expect(&r[1], 0xc0000, MB - 0xc0000, BOOT_KEPT);
    expect(&r[2], MB, 3 * MB + 0xc0000, BOOT_USABLE);
}

static void test_no_room_to_split(void **state)
{
    struct boot_range r[1] = {range(0, 4 * MB, BOOT_USABLE)};
    (void)state;
    assert_int_equal(boot_ranges_normalise(r, 1, 1), 1);
    expect(&r[0], 0, 4 * MB, BOOT_KEPT);
}

static void test_overlap(void **state)
{
    struct boot_range r[4] = {range(2 * MB, 4 * MB, BOOT_USABLE),
                              range(4 * MB, 4 * MB, BOOT_FIRMWARE),
                              range(7 * MB, 4 * MB, BOOT_USABLE)};
    (void)state;
    assert_int_equal(boot_ranges_normalise(r, 3, 4), 3);
    expect(&r[0], 2 * MB, 2 * MB, BOOT_USABLE);
    expect(&r[1], 4 * MB, 4 * MB, BOOT_FIRMWARE);
    expect(&r[2], 8 * MB, 3 * MB, BOOT_USABLE);
}

/* No page may ever be both usable and something else, whatever the firmware
 * says: every page of random maps is looked at. */
static void test_usable_is_usable(void **state)
{
    (void)state;
    srand(1);
    for (unsigned round = 0; round < 200000; round++) {
        struct boot_range raw[6], r[16];
        size_t count;
        for (unsigned i = 0; i < 6; i++) {
            raw[i] = range(MB + 4096 * (uint64_t)(rand() % 12),
                           4096 * (uint64_t)(1 + rand() % 5),
                           (enum boot_memory)(rand() % 6));
        }
        memcpy(r, raw, sizeof(raw));
        count = boot_ranges_normalise(r, 6, 16);
        for (size_t i = 0; i < count; i++) {
            assert_true(r[i].size > 0);
            assert_true(i == 0 || r[i - 1].base + r[i - 1].size <= r[i].base);
            for (unsigned j = 0; j < 6 && r[i].kind == BOOT_USABLE; j++) {
                bool apart = raw[j].base >= r[i].base + r[i].size ||
                             raw[j].base + raw[j].size <= r[i].base;
                assert_true(raw[j].kind == BOOT_USABLE || apart);
            }
        }
    }
}

static void test_paths(void **state)
{
    uint16_t to[16];
    static const uint16_t wanted[] = {'a', '\\', 0xe4, '\\', 0x20ac, 0};
    (void)state;
    assert_true(ucs2_from_path(to, 16, "//a/\\\xc3\xa4/\xe2\x82\xac"));
    assert_memory_equal(to, wanted, sizeof(wanted));
    assert_true(ucs2_from_path(to, 3, "/ab"));
    assert_false(ucs2_from_path(to, 2, "/ab"));
    assert_false(ucs2_from_path(to, 0, ""));
    assert_true(ucs2_from_path(to, 1, ""));
    assert_int_equal(to[0], 0);
}

static void test_bad_utf8(void **state)
{
    static const char *const bad[] = {"\x80",
                                      "\xc3",
                                      "\xc3(",
                                      "\xe2\x82",
                                      "\xf0\x9f\x98\x80",
                                      "\xc0\xaf" /* an overlong '/' */,
                                      "\xed\xa0\x80" /* a surrogate */};
    uint16_t to[16];
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(ucs2_from_path(to, 16, bad[i]));
    }
}

static void test_names(void **state)
{
    static const uint16_t name[] = {'a', 0xe4, 0x20ac, 0, 'x'};
    static const uint16_t half[] = {0xd800, 0};
    char to[16];
    (void)state;
    assert_true(ucs2_to_utf8(to, sizeof(to), name, 5));
    assert_string_equal(to, "a\xc3\xa4\xe2\x82\xac");
    assert_true(ucs2_to_utf8(to, sizeof(to), name, 1));
    assert_string_equal(to, "a");
    assert_false(ucs2_to_utf8(to, 4, name, 5));
    assert_false(ucs2_to_utf8(to, sizeof(to), half, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sort_and_merge),
        cmocka_unit_test(test_caching_keeps_apart),
        cmocka_unit_test(test_below_one_megabyte),
        cmocka_unit_test(test_no_room_to_split),
        cmocka_unit_test(test_overlap),
        cmocka_unit_test(test_usable_is_usable),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_bad_utf8),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
