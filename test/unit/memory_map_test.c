/* RAM and e820 map for every size that a VM may have, and the places in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vmm/memory_map.h"

#define MIB 0x100000ULL
#define GIB 0x40000000ULL

/* Lines rise, do not touch wrongly, and their RAM is the slots' RAM. */
static void check(uint64_t memory)
{
    struct memory_map map;
    uint64_t ram = 0, e820 = 0, end = 0;

    memset(&map, 0xa5, sizeof(map));
    assert_null(memory_map_build(memory, &map));
    assert_in_range(map.ram_count, 1, MEMORY_MAP_RAM);
    assert_in_range(map.e820_count, 1, MEMORY_MAP_E820);
    for (size_t i = 0; i < map.ram_count; i++) {
        ram += map.ram[i].size;
        assert_int_equal(map.ram[i].base % MEMORY_MAP_UNIT, 0);
        assert_int_equal(map.ram[i].size % MEMORY_MAP_UNIT, 0);
        assert_true(map.ram[i].size > 0);
    }
    for (size_t i = 0; i < map.e820_count; i++) {
        assert_true(map.e820[i].base >= end);
        assert_true(map.e820[i].size > 0);
        end = map.e820[i].base + map.e820[i].size;
        assert_false(map.e820[i].base < 4 * GIB && end > MAP_LOW_END);
        e820 += map.e820[i].size;
    }
    assert_int_equal(ram, memory);
    assert_int_equal(e820, memory);
}

static void sizes(void **state)
{
    (void)state;
    for (uint64_t memory = 16 * MIB; memory < 256 * MIB; memory += 2 * MIB) {
        check(memory);
    }
    check(3 * GIB - 2 * MIB);
    check(3 * GIB);
    check(3 * GIB + 2 * MIB);
    check(5 * GIB);
    check(1024 * GIB);
}

static void memory_beyond_3_gib_goes_high(void **state)
{
    struct memory_map map;

    (void)state;
    assert_null(memory_map_build(3 * GIB, &map));
    assert_int_equal(map.ram_count, 1);
    assert_null(memory_map_build(5 * GIB, &map));
    assert_int_equal(map.ram_count, 2);
    assert_int_equal(map.ram[0].size, 3 * GIB);
    assert_int_equal(map.ram[1].base, 4 * GIB);
    assert_int_equal(map.ram[1].size, 2 * GIB);
}

static void wrong_sizes_are_refused(void **state)
{
    struct memory_map map;

    (void)state;
    assert_non_null(memory_map_build(0, &map));
    assert_non_null(memory_map_build(14 * MIB, &map));
    assert_non_null(memory_map_build(16 * MIB + 4096, &map));
    assert_non_null(memory_map_build(1024 * GIB + 2 * MIB, &map));
    assert_non_null(memory_map_build(UINT64_MAX, &map));
}

/* What a boot protocol writes is usable; the tables are not. */
static void places_have_the_right_type(void **state)
{
    static const struct {
        uint64_t first, last;
        uint32_t type;
    } places[] = {
        {MAP_GDT, MAP_BOOT_PARAMS - 1, E820_RAM},
        {MAP_BOOT_PARAMS, MAP_BOOT_STACK - 1, E820_RAM},
        {MAP_PAGE_TABLES, MAP_PAGE_TABLES_END - 1, E820_RAM},
        {MAP_COMMAND_LINE, MAP_COMMAND_LINE_END - 1, E820_RAM},
        {MAP_ACPI_BASE, MAP_ACPI_END - 1, E820_RESERVED},
    };
    struct memory_map map;

    (void)state;
    assert_null(memory_map_build(64 * MIB, &map));
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        size_t inside = 0;

        for (size_t j = 0; j < map.e820_count; j++) {
            inside += map.e820[j].type == places[i].type &&
                      places[i].first >= map.e820[j].base &&
                      places[i].last < map.e820[j].base + map.e820[j].size;
        }
        assert_int_equal(inside, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes),
        cmocka_unit_test(memory_beyond_3_gib_goes_high),
        cmocka_unit_test(wrong_sizes_are_refused),
        cmocka_unit_test(places_have_the_right_type),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
