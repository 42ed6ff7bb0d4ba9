/* vmm/boot/boot_space.c: where room is found, and what is refused. */
#include "vmm/boot/boot_space.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MIB      0x100000ULL
#define RAM_SIZE (16 * MIB)

static uint8_t ram[1]; /* nothing touches it */
static struct guest_memory memory;
static struct memory_map map;

static int setup(void **state)
{
    (void)state;
    memory = (struct guest_memory){
        .slots = {{.base = 0, .size = RAM_SIZE, .host = ram}},
        .slot_count = 1,
    };
    memset(&map, 0, sizeof(map));
    memory_map_add(&map, RAM_SIZE);
    return 0;
}

static void finds_room(void **state)
{
    struct boot_space space;
    uint64_t base = 0;

    (void)state;
    boot_space_init(&space, &memory, map.e820, map.e820_count);
    assert_true(boot_space_lowest(&space, 1, 1, 0, UINT64_MAX, &base));
    assert_int_equal(base, 0x1000);
    assert_true(boot_space_lowest(&space, 0x1000, 0x1000, 0, 0xa0000, &base));
    assert_int_equal(base, 0x2000);
    assert_true(boot_space_lowest(&space, 0xfff, 1, 0, 0xa0000, &base));
    assert_int_equal(base, 0x1001);
    assert_false(boot_space_lowest(&space, 0x9d001, 1, 0, 0xa0000, &base));
    assert_true(boot_space_lowest(&space, 0x9d001, 1, 0, UINT64_MAX, &base));
    assert_int_equal(base, MIB);
    assert_true(
        boot_space_highest(&space, 0x1001, 0x1000, 0, UINT64_MAX, &base));
    assert_int_equal(base, RAM_SIZE - 0x2000);
    assert_true(boot_space_highest(&space, 0xfff, 1, 0, UINT64_MAX, &base));
    assert_int_equal(base, RAM_SIZE - 0xfff);
    assert_true(boot_space_highest(&space, 0x1000, 0x1000, 0, 8 * MIB, &base));
    assert_int_equal(base, 8 * MIB - 0x1000);
    assert_true(boot_space_highest(&space, 0x9d000, 1, 0, MIB, &base));
    assert_int_equal(base, 0x3000);
    assert_false(boot_space_highest(&space, 1, 1, 0, 0xa0000, &base));
    assert_false(boot_space_highest(&space, 0, 1, 0, UINT64_MAX, &base));
    assert_false(
        boot_space_lowest(&space, UINT64_MAX, 1, 0, UINT64_MAX, &base));
    assert_false(
        boot_space_highest(&space, 1, 1ULL << 63, 0, UINT64_MAX, &base));
    assert_int_equal(boot_space_take(&space, 0x1000, 1), BOOT_SPACE_OVERLAP);
    assert_int_equal(boot_space_take(&space, 0, 0x1000), BOOT_SPACE_OK);
    assert_int_equal(boot_space_take(&space, 0xa0000, 1), BOOT_SPACE_HELD);
    assert_int_equal(boot_space_take(&space, 0xb8000, 4000), BOOT_SPACE_HELD);
    assert_int_equal(boot_space_take(&space, 0xdffff, 1), BOOT_SPACE_HELD);
    assert_int_equal(boot_space_take(&space, 0xe0000, 1), BOOT_SPACE_HELD);
    assert_int_equal(boot_space_take(&space, RAM_SIZE, 1), BOOT_SPACE_NO_RAM);
    assert_int_equal(boot_space_take(&space, 5, UINT64_MAX), BOOT_SPACE_NO_RAM);
    assert_int_equal(boot_space_take(&space, 5, 0), BOOT_SPACE_NO_RAM);
}

#define PAGES (RAM_SIZE / 0x1000)
static uint8_t owner[PAGES];

/* Is there a run of free pages in [from, to)? Neither the first page nor the
 * first MiB's end is anybody's. */
static bool has_room(uint64_t pages, uint64_t from, uint64_t to)
{
    uint64_t run = 0;

    for (uint64_t i = from; i < PAGES && i < to; i++) {
        bool free = i != 0 && (i < 0xa0 || i >= 0x100) && owner[i] == 0;

        run = free ? run + 1 : 0;
        if (run == pages) {
            return true;
        }
    }
    return false;
}

/* Pieces in random order, by all three ways: never two over each other, never
 * outside RAM, and room is found whenever there is some. */
static void places_never_overlap(void **state)
{
    struct boot_space space;

    (void)state;
    srand(1);
    for (unsigned round = 0; round < 200; round++) {
        memset(owner, 0, sizeof(owner));
        boot_space_init(&space, &memory, map.e820, map.e820_count);
        for (unsigned piece = 0; piece < 150; piece++) {
            uint64_t pages = 1 + (uint64_t)rand() % 64;
            uint64_t base = (uint64_t)rand() % 4096 * 0x1000;
            uint64_t from = 0;
            uint64_t to = PAGES;
            bool taken = false;

            if (rand() % 3 == 0) {
                from = base / 0x1000;
                to = from + pages;
                taken = boot_space_take(&space, base, pages * 0x1000) ==
                        BOOT_SPACE_OK;
            } else if (rand() % 2 == 0) {
                from = base / 0x1000;
                taken = boot_space_lowest(&space, pages * 0x1000, 0x1000, base,
                                          UINT64_MAX, &base);
            } else {
                to = base / 0x1000;
                taken = boot_space_highest(&space, pages * 0x1000, 0x1000, 0,
                                           base, &base);
            }
            if (!taken) {
                assert_true(space.taken_count == BOOT_SPACE_PIECES ||
                            !has_room(pages, from, to));
                continue;
            }
            assert_true(base + pages * 0x1000 <= RAM_SIZE);
            assert_true(base >= MIB || base + pages * 0x1000 <= 0xa0000);
            for (uint64_t i = 0; i < pages; i++) {
                assert_int_equal(owner[base / 0x1000 + i]++, 0);
            }
        }
        assert_true(space.taken_count <= BOOT_SPACE_PIECES);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(finds_room, setup),
        cmocka_unit_test_setup(places_never_overlap, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
