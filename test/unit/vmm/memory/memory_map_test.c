/* RAM and e820 map for every size that a VM may have, and the places in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vmm/memory/memory_map.h"

#define MIB 0x100000ULL
#define GIB 0x40000000ULL

/* The map of so much memory in pieces of at most `piece`, as vm.c makes it. */
static void build(struct memory_map *map, uint64_t memory, uint64_t piece)
{
    memset(map, 0, sizeof(*map));
    assert_null(memory_map_check(memory));
    while (memory > 0) {
        uint64_t size = memory < piece ? memory : piece;

        if (size > memory_map_room(map)) {
            size = memory_map_room(map);
        }
        assert_true(size > 0);
        memory_map_add(map, size);
        memory -= size;
    }
}

/* Of the first MiB firmware tells nothing between 0xa0000 and 0xe0000 (ACPI
 * 6.4, 15.2). */
#define HOLE 0x40000ULL

/* Lines rise, do not touch wrongly, and their RAM is the slots' RAM. */
static void check(uint64_t memory, uint64_t piece)
{
    struct memory_map map;
    uint64_t ram = 0, e820 = 0, end = 0, slot_end = 0;

    build(&map, memory, piece);
    assert_in_range(map.ram_count, 1, MEMORY_MAP_RAM);
    assert_in_range(map.e820_count, 1, MEMORY_MAP_E820);
    for (size_t i = 0; i < map.ram_count; i++) {
        ram += map.ram[i].size;
        assert_int_equal(map.ram[i].base % MEMORY_MAP_UNIT, 0);
        assert_int_equal(map.ram[i].size % MEMORY_MAP_UNIT, 0);
        assert_true(map.ram[i].size > 0);
        assert_true(i == 0 || map.ram[i].base > slot_end);
        slot_end = map.ram[i].base + map.ram[i].size;
    }
    for (size_t i = 0; i < map.e820_count; i++) {
        assert_true(map.e820[i].base >= end);
        assert_true(map.e820[i].size > 0);
        end = map.e820[i].base + map.e820[i].size;
        assert_false(map.e820[i].base < 4 * GIB && end > MAP_LOW_END);
        e820 += map.e820[i].size;
    }
    assert_int_equal(ram, memory);
    assert_int_equal(e820, memory - HOLE);
}

static void sizes(void **state)
{
    (void)state;
    for (uint64_t memory = 16 * MIB; memory < 256 * MIB; memory += 2 * MIB) {
        check(memory, memory);
    }
    check(3 * GIB - 2 * MIB, 8 * GIB);
    check(3 * GIB, 8 * GIB);
    check(3 * GIB + 2 * MIB, 8 * GIB);
    check(5 * GIB, 8 * GIB);
    check(1024 * GIB, 1024 * GIB);
    check(64 * MIB, 16 * MIB);
    check(6 * GIB, 2 * GIB);
    check(5 * GIB, 2 * GIB - 2 * MIB);
}

static void memory_beyond_3_gib_goes_high(void **state)
{
    struct memory_map map;

    (void)state;
    build(&map, 3 * GIB, 3 * GIB);
    assert_int_equal(map.ram_count, 1);
    build(&map, 5 * GIB, 5 * GIB);
    assert_int_equal(map.ram_count, 2);
    assert_int_equal(map.ram[0].size, 3 * GIB);
    assert_int_equal(map.ram[1].base, 4 * GIB);
    assert_int_equal(map.ram[1].size, 2 * GIB);
}

static void a_full_map_has_no_room(void **state)
{
    struct memory_map map;

    (void)state;
    build(&map, 16 * MIB * MEMORY_MAP_RAM, 16 * MIB);
    assert_int_equal(memory_map_room(&map), 0);
    expect_assert_failure(memory_map_add(&map, 16 * MIB));
}

static void wrong_sizes_are_refused(void **state)
{
    (void)state;
    assert_non_null(memory_map_check(0));
    assert_non_null(memory_map_check(14 * MIB));
    assert_non_null(memory_map_check(16 * MIB + 4096));
    assert_non_null(memory_map_check(1024 * GIB + 2 * MIB));
    assert_non_null(memory_map_check(UINT64_MAX));
}

/* The first MiB as a PC's firmware tells of it: the screen's memory and the
 * adapters' ROMs stand in no line. */
static void the_first_mib(void **state)
{
    struct memory_map map;

    (void)state;
    build(&map, 64 * MIB, 64 * MIB);
    assert_int_equal(map.e820_count, 3);
    assert_int_equal(map.e820[0].base, 0);
    assert_int_equal(map.e820[0].size, 0xa0000);
    assert_int_equal(map.e820[0].type, E820_RAM);
    assert_int_equal(map.e820[1].base, 0xe0000);
    assert_int_equal(map.e820[1].size, 0x20000);
    assert_int_equal(map.e820[1].type, E820_RESERVED);
    assert_int_equal(map.e820[2].base, 0x100000);
    /* It is memory all the same. */
    assert_int_equal(map.ram[0].base, 0);
    assert_int_equal(map.ram[0].size, 64 * MIB);
}

/* What a boot protocol writes is usable; the tables are not. */
static void places_have_the_right_type(void **state)
{
    static const struct {
        uint64_t first, last;
        uint32_t type;
    } places[] = {
        {MAP_BOOT_BASE, MAP_LEGACY_BASE - 1, E820_RAM},
        {MAP_ACPI_BASE, MAP_ACPI_END - 1, E820_RESERVED},
        {MAP_MP_BASE, MAP_MP_END - 1, E820_RESERVED},
        {MAP_BIOS, MAP_LEGACY_END - 1, E820_RESERVED},
    };
    struct memory_map map;

    (void)state;
    build(&map, 64 * MIB, 64 * MIB);
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

/* The end of the first piece changes its type, and nothing else does. */
static void a_screen_is_the_end_of_the_first_piece(void **state)
{
    static const uint64_t memories[] = {16 * MIB, 3 * GIB, 5 * GIB};

    (void)state;
    for (size_t m = 0; m < sizeof(memories) / sizeof(memories[0]); m++) {
        struct memory_map before, map;

        build(&before, memories[m], 2 * GIB);
        map = before;
        uint64_t end = map.ram[0].size;

        assert_int_equal(memory_map_add_screen(&map, 3 * MIB), end - 3 * MIB);
        assert_int_equal(map.screen, 3 * MIB);
        assert_int_equal(map.e820_count, before.e820_count + 1);
        assert_in_range(map.e820_count, 1, MEMORY_MAP_E820);
        assert_memory_equal(map.ram, before.ram, sizeof(map.ram));
        for (size_t i = 0; i < map.e820_count; i++) {
            struct e820_entry is = map.e820[i];
            struct e820_entry was = before.e820[i < 3 ? i : i - 1];

            if (is.base == 1 * MIB) {
                was.size -= 3 * MIB;
            } else if (is.base == end - 3 * MIB) {
                was =
                    (struct e820_entry){end - 3 * MIB, 3 * MIB, E820_RESERVED};
            }
            assert_int_equal(is.base, was.base);
            assert_int_equal(is.size, was.size);
            assert_int_equal(is.type, was.type);
        }
    }
}

static void screens_that_are_no_screens(void **state)
{
    struct memory_map map;

    (void)state;
    build(&map, 16 * MIB, 16 * MIB);
    expect_assert_failure(memory_map_add_screen(&map, 0));
    expect_assert_failure(memory_map_add_screen(&map, 15 * MIB));
    expect_assert_failure(memory_map_add_screen(&map, MIB + 1));
    memory_map_add_screen(&map, MIB);
    expect_assert_failure(memory_map_add_screen(&map, MIB));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes),
        cmocka_unit_test(memory_beyond_3_gib_goes_high),
        cmocka_unit_test(a_full_map_has_no_room),
        cmocka_unit_test(wrong_sizes_are_refused),
        cmocka_unit_test(the_first_mib),
        cmocka_unit_test(places_have_the_right_type),
        cmocka_unit_test(a_screen_is_the_end_of_the_first_piece),
        cmocka_unit_test(screens_that_are_no_screens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
