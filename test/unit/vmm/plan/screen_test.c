/* vmm/plan/screen.c: which screen a machine has, by what its entry and its
 * kernel say, and that it is taken from the memory map. */
#include "vmm/plan/screen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define MIB 0x100000ULL

static struct config_entry config;
static struct boot_preference preference;
static struct screen_host host;
static struct memory_map map;
static struct boot_screen screen;

static int setup(void **state)
{
    (void)state;
    memset(&config, 0, sizeof(config));
    memset(&preference, 0, sizeof(preference));
    memset(&host, 0, sizeof(host));
    memset(&screen, 0xa5, sizeof(screen));
    memset(&map, 0, sizeof(map));
    memory_map_add(&map, 64 * MIB);
    return 0;
}

static const char *make(void)
{
    return screen_make(&config, &preference, &host, &map, &screen);
}

static void there_is(uint32_t width, uint32_t height)
{
    uint64_t size = (width * height * 4ULL + 0xffff) / 0x10000 * 0x10000;

    assert_null(make());
    assert_int_equal(screen.width, width);
    assert_int_equal(screen.height, height);
    assert_int_equal(screen.pitch, 4 * width);
    assert_int_equal(screen.address, map.ram[0].size - size);
    assert_int_equal(map.screen, size);
}

static void there_is_none(void)
{
    assert_null(make());
    assert_int_equal(screen.address, 0);
    assert_int_equal(map.screen, 0);
    assert_int_equal(map.e820_count, 3);
}

static void nobody_asks(void **state)
{
    (void)state;
    there_is_none();
    setup(NULL);
    config.screen = SCREEN_OFF;
    preference = (struct boot_preference){true, 800, 600};
    there_is_none();
}

static void the_entry_asks(void **state)
{
    (void)state;
    config.screen = SCREEN_ON;
    config.screen_width = 802;
    config.screen_height = 601;
    preference = (struct boot_preference){true, 640, 480};
    host = (struct screen_host){400, 300};
    there_is(802, 601);
    assert_int_equal(screen.bits, 32);
    assert_int_equal(screen.red.position, 16);
    assert_int_equal(screen.green.position, 8);
    assert_int_equal(screen.blue.position, 0);
    assert_int_equal(screen.red.size, 8);
    assert_int_equal(screen.green.size, 8);
    assert_int_equal(screen.blue.size, 8);
}

/* What the kernel prefers, what Lintel's screen has, what comes of it. */
static void the_kernel_asks(void **state)
{
    static const struct {
        struct boot_preference preference;
        struct screen_host host;
        uint32_t width, height;
    } cases[] = {
        {{true, 800, 600}, {640, 480}, 800, 600},
        {{true, 0, 0}, {0, 0}, 1024, 768},
        {{true, 0, 0}, {1920, 1080}, 1024, 768},
        {{true, 0, 0}, {800, 600}, 800, 600},
        {{true, 0, 0}, {1280, 720}, 1024, 720},
        {{true, 1280, 0}, {800, 600}, 1280, 600},
        {{true, 0, 1000}, {0, 0}, 1024, 1000},
        {{true, 1, 1}, {0, 0}, 320, 200},
        {{true, 80, 25}, {0, 0}, 320, 200},
        {{true, 0, 0}, {100, 100}, 320, 200},
        {{true, 2560, 1600}, {0, 0}, 2560, 1600},
        {{true, UINT32_MAX, UINT32_MAX}, {0, 0}, 2560, 1600},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        setup(NULL);
        preference = cases[i].preference;
        host = cases[i].host;
        there_is(cases[i].width, cases[i].height);
    }
}

static void small_memories(void **state)
{
    (void)state;
    memset(&map, 0, sizeof(map));
    memory_map_add(&map, 16 * MIB);
    preference = (struct boot_preference){true, 1280, 1024};
    there_is(1024, 768);
    assert_int_equal(screen.address, 13 * MIB);

    setup(NULL);
    memset(&map, 0, sizeof(map));
    memory_map_add(&map, 16 * MIB);
    preference = (struct boot_preference){true, 2560, 480};
    there_is(1024, 480);

    /* What the entry says is not bent. */
    setup(NULL);
    memset(&map, 0, sizeof(map));
    memory_map_add(&map, 16 * MIB);
    config.screen = SCREEN_ON;
    config.screen_width = 1025;
    config.screen_height = 1024;
    assert_non_null(strstr(make(), "more than a quarter"));
    assert_int_equal(screen.address, 0);
    assert_int_equal(map.screen, 0);
    config.screen_width = 1024;
    there_is(1024, 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nobody_asks, setup),
        cmocka_unit_test_setup(the_entry_asks, setup),
        cmocka_unit_test_setup(the_kernel_asks, setup),
        cmocka_unit_test_setup(small_memories, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
