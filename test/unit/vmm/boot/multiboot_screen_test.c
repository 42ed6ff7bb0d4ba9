/* A Multiboot kernel's screen from its header's preference to what it is told:
 * the machine of multiboot_rig.h with a screen as vmm/plan/boot_plan.c makes
 * it. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/support/multiboot_rig.h"
#include "vmm/memory/little_endian.h"
#include "vmm/plan/screen.h"

static struct config_entry config;
static struct boot_screen screen;
static struct boot_preference preference;

static int setup(void **state)
{
    memset(&config, 0, sizeof(config));
    return rig_setup(state);
}

static void give_screen(void)
{
    const struct screen_host host = {0};

    rig_make_ram(RAM_SIZE);
    rig.request.screen = NULL;
    boot_prefers(&rig.request, &preference);
    assert_null(screen_make(&config, &preference, &host, &rig.map, &screen));
    if (screen.address != 0) {
        rig.request.screen = &screen;
    }
    rig.request.e820_count = rig.map.e820_count;
}

static void header1(uint32_t flags, uint32_t type, uint32_t width,
                    uint32_t height)
{
    rig_header1(flags);
    put32(rig.kernel + HEADER + 32, type);
    put32(rig.kernel + HEADER + 36, width);
    put32(rig.kernel + HEADER + 40, height);
    put32(rig.kernel + HEADER + 44, 16);
}

/* Type 1: red, green, blue with 8 bits each at 16, 8, 0. */
static const uint8_t kind1[8] = {32, 1, 16, 8, 8, 8, 0, 8};
static const uint8_t kind2[10] = {32, 1, 0, 0, 16, 8, 8, 8, 0, 8};

static void version_1_is_told(void **state)
{
    static const struct {
        uint32_t type, width, height, given_width, given_height;
    } cases[] = {
        {0, 800, 600, 800, 600},
        {0, 0, 0, 1024, 768},
        {1, 80, 25, 1024, 768}, /* text is a preference as well */
    };

    (void)state;
    rig_make_elf(false, 4 * MIB, 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        header1(7, cases[i].type, cases[i].width, cases[i].height);
        give_screen();
        rig_loads("Multiboot 1");
        assert_int_equal(rig_info1(0) & 0x1800, 0x1000);
        assert_int_equal(rig_info1(88), screen.address);
        assert_int_equal(rig_info1(92), 0);
        assert_int_equal(rig_info1(96), 4 * cases[i].given_width);
        assert_int_equal(rig_info1(100), cases[i].given_width);
        assert_int_equal(rig_info1(104), cases[i].given_height);
        assert_memory_equal(rig.ram + rig.start.gprs[GPR_RBX] + 108, kind1,
                            sizeof(kind1));
    }
}

static void version_1_is_told_of_the_entrys(void **state)
{
    (void)state;
    rig_make_elf(false, 4 * MIB, 0);
    rig_header1(3);
    give_screen();
    rig_loads("Multiboot 1");
    assert_int_equal(rig_info1(0) & 0x1800, 0);
    config.screen = SCREEN_ON;
    config.screen_width = 640;
    config.screen_height = 480;
    give_screen();
    rig_loads("Multiboot 1");
    assert_int_equal(rig_info1(0) & 0x1800, 0x1000);
    assert_int_equal(rig_info1(100), 640);
}

/* Both maps have the screen as memory that is not to be used. */
static void the_map_says_reserved(uint64_t line)
{
    assert_int_equal(get64(rig.ram + line), MIB);
    assert_int_equal(get64(rig.ram + line + 8), screen.address - MIB);
    assert_int_equal(get32(rig.ram + line + 16), 1);
    line += 24;
    assert_int_equal(get64(rig.ram + line), screen.address);
    assert_int_equal(get64(rig.ram + line + 8), RAM_SIZE - screen.address);
    assert_int_equal(get32(rig.ram + line + 16), 2);
}

static void the_maps_reserve_it(void **state)
{
    (void)state;
    rig_make_elf(false, 4 * MIB, 0);
    header1(4, 0, 640, 400);
    give_screen();
    rig_loads("Multiboot 1");
    assert_int_equal(rig_info1(44), 4 * 24);
    the_map_says_reserved(rig_info1(48) + 2 * 24 + 4);
    assert_int_equal(rig_info1(8), (screen.address - MIB) / 1024);
    put32(rig.kernel + HEADER, 0);
    rig_begin2();
    multiboot_tag2(&rig.tags, 5, 0, 3, 640, 400, 32);
    rig_end2();
    give_screen();
    rig_loads("Multiboot 2");
    the_map_says_reserved(rig_info2(6, 0) + 16 + 2 * 24);
    assert_int_equal(get32(rig.ram + rig_info2(4, 0) + 12),
                     (screen.address - MIB) / 1024);
}

static void version_2_is_told(void **state)
{
    (void)state;
    rig_make_elf(true, 4 * MIB, 0);
    rig_begin2();
    multiboot_tag2(&rig.tags, 5, 1, 3, 1280, 0, 16);
    multiboot_tag2(&rig.tags, 4, 0, 1, 3); /* or text; one of them it needs */
    rig_end2();
    give_screen();
    rig_loads("Multiboot 2");
    uint64_t tag = rig_info2(8, 0);

    assert_int_not_equal(tag, 0);
    assert_int_equal(get32(rig.ram + tag + 4), 38);
    assert_int_equal(get64(rig.ram + tag + 8), screen.address);
    assert_int_equal(get32(rig.ram + tag + 16), 4 * 1280);
    assert_int_equal(get32(rig.ram + tag + 20), 1280);
    assert_int_equal(get32(rig.ram + tag + 24), 768);
    assert_memory_equal(rig.ram + tag + 28, kind2, sizeof(kind2));
    config.screen = SCREEN_OFF;
    give_screen();
    rig_refused("the entry says screen off");
}

static void a_console_is_required(void **state)
{
    (void)state;
    rig_make_elf(true, 4 * MIB, 0);
    rig_begin2();
    multiboot_tag2(&rig.tags, 4, 0, 1, 3);
    rig_end2();
    give_screen();
    assert_int_equal(screen.address, 0);
    rig_refused("EGA text alone");
    /* A screen is none that it says it knows. */
    config.screen = SCREEN_ON;
    config.screen_width = 640;
    config.screen_height = 480;
    give_screen();
    rig_refused("EGA text alone");
    config.screen = SCREEN_AUTO;
    rig_begin2();
    multiboot_tag2(&rig.tags, 4, 0, 1, 1);
    rig_end2();
    give_screen();
    rig_refused("(tag 4, bit 0) and names none");
    rig_begin2();
    multiboot_tag2(&rig.tags, 4, 1, 1, 3); /* optional */
    rig_end2();
    give_screen();
    rig_loads("Multiboot 2");
    rig_begin2();
    multiboot_tag2(&rig.tags, 4, 0, 1, 2); /* text would be known */
    rig_end2();
    give_screen();
    rig_loads("Multiboot 2");
    assert_int_equal(rig_info2(8, 0), 0);
}

/* A kernel that is linked where the screen is does not start. */
static void the_kernel_reaches_into_it(void **state)
{
    (void)state;
    rig_make_elf(false, RAM_SIZE - 3 * MIB, 0);
    header1(4, 0, 640, 480);
    give_screen();
    rig_refused("reaches into the machine's screen");
    config.screen = SCREEN_OFF;
    give_screen();
    rig_loads("Multiboot 1 (without the video mode it prefers)");
    assert_int_equal(rig_info1(0) & 0x1800, 0);
}

/* Only what boot_load() would take is asked. */
static void other_kernels_wish_nothing(void **state)
{
    (void)state;
    rig_make_elf(false, 4 * MIB, 0);
    header1(4, 0, 640, 480);
    rig.request.protocol = "elf";
    boot_prefers(&rig.request, &preference);
    assert_false(preference.screen);
    rig.request.protocol = NULL;
    boot_prefers(&rig.request, &preference);
    assert_true(preference.screen);
    header1(0x8004, 0, 640, 480); /* not to be started at all */
    boot_prefers(&rig.request, &preference);
    assert_false(preference.screen);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(version_1_is_told),          TEST(version_1_is_told_of_the_entrys),
        TEST(the_maps_reserve_it),        TEST(version_2_is_told),
        TEST(a_console_is_required),      TEST(the_kernel_reaches_into_it),
        TEST(other_kernels_wish_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
