/* The information for Multiboot kernels, both versions, read back as a kernel
 * reads it. The sections that it tells of are multiboot_sections_test.c's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/support/multiboot_sections_rig.h"
#include "vmm/boot/boot_protocol.h"
#include "vmm/boot/multiboot_info.h"
#include "vmm/boot/multiboot_sections.h"
#include "vmm/memory/little_endian.h"

#define ADDRESS 0x10000U

static struct multiboot_info content;
static struct memory_map map;
static uint8_t rsdp[MULTIBOOT_RSDP_SIZE];

static const struct multiboot_module modules[] = {
    {0x200000, 0x200005, {"\\initrd.img", NULL}},
    {0x201000, 0x201000, {NULL, "a\\b"}},
    {0x202000, 0x345678, {"/drivers\\disk", "irq=5 'x y'"}},
};
static const char *const module_strings[] = {"/initrd.img", "a\\b",
                                             "/drivers/disk irq=5 'x y'"};

static int setup(void **state)
{
    (void)state;
    memset(&map, 0, sizeof(map));
    memory_map_add(&map, 64ULL << 20);
    memory_map_add(&map, 32ULL << 20);
    for (size_t i = 0; i < sizeof(rsdp); i++) {
        rsdp[i] = (uint8_t)(i + 1);
    }
    content = (struct multiboot_info){
        .command_line = {"\\boot\\kernel.elf", "console=ttyS0 debug"},
        .e820 = map.e820,
        .e820_count = map.e820_count,
    };
    return 0;
}

typedef uint64_t builder(const struct multiboot_info *content, uint32_t address,
                         uint8_t *to, uint64_t room);

/* The structure, in an allocation of its size; and none of the smaller rooms
 * lets a byte out. */
static uint8_t *built(builder *build, uint64_t *size)
{
    uint64_t wanted = build(&content, ADDRESS, NULL, 0);
    uint8_t *whole = malloc(wanted);

    for (uint64_t room = 0; room < wanted; room++) {
        uint8_t *small = malloc(room == 0 ? 1 : room);

        assert_int_equal(build(&content, ADDRESS, small, room), wanted);
        free(small);
    }
    memset(whole, 0xa5, wanted);
    assert_int_equal(build(&content, ADDRESS, whole, wanted), wanted);
    *size = wanted;
    return whole;
}

/* ---- what both versions tell ---- */

static void memory_amounts(void **state)
{
    struct e820_entry small = {0, 0x7fc00, E820_RAM};

    (void)state;
    assert_int_equal(multiboot_info_memory_lower(&content), 640);
    assert_int_equal(multiboot_info_memory_upper(&content), 63 * 1024);
    content.e820 = &small;
    content.e820_count = 1;
    assert_int_equal(multiboot_info_memory_lower(&content), 511);
    assert_int_equal(multiboot_info_memory_upper(&content), 0);
    small.size = 1ULL << 40;
    assert_int_equal(multiboot_info_memory_lower(&content), 640);
    small.type = E820_RESERVED;
    assert_int_equal(multiboot_info_memory_lower(&content), 0);
}

/* ---- version 1 ---- */

#define STRING(whole, address) ((const char *)(whole) + ((address)-ADDRESS))

static void information1(void **state)
{
    uint64_t size = 0;
    uint8_t *info = built(multiboot1_info_put, &size);

    (void)state;
    assert_int_equal(get32(info), 0x24d); /* bits 0, 2, 3, 6, 9 */
    assert_int_equal(get32(info + 4), 640);
    assert_int_equal(get32(info + 8), 63 * 1024);
    assert_int_equal(get32(info + 12), 0); /* boot_device */
    assert_string_equal(STRING(info, get32(info + 16)),
                        "/boot/kernel.elf console=ttyS0 debug");
    assert_int_equal(get32(info + 20), 0); /* modules */
    assert_int_equal(get32(info + 24), 0);
    for (unsigned i = 28; i < 44; i += 4) {
        assert_int_equal(get32(info + i), 0); /* syms */
    }
    for (unsigned i = 52; i < 64; i += 4) {
        assert_int_equal(get32(info + i), 0); /* drives, config table */
    }
    assert_string_equal(STRING(info, get32(info + 64)), "Lintel");
    for (unsigned i = 68; i < 116; i++) {
        assert_int_equal(info[i], 0); /* APM, VBE, framebuffer */
    }

    uint32_t length = get32(info + 44);
    uint32_t at = get32(info + 48) - ADDRESS;
    size_t count = 0;

    assert_int_equal(at % 4, 0);
    for (uint32_t end = at + length; at < end; count++) {
        assert_int_equal(get32(info + at), 20);
        assert_int_equal(get64(info + at + 4), map.e820[count].base);
        assert_int_equal(get64(info + at + 12), map.e820[count].size);
        assert_int_equal(get32(info + at + 20), map.e820[count].type);
        at += get32(info + at) + 4;
    }
    assert_int_equal(count, map.e820_count);
    assert_true(at <= size);
    free(info);
}

static void command_line_without_options(void **state)
{
    uint64_t size = 0;

    (void)state;
    content.command_line.options = "";
    uint8_t *info = built(multiboot1_info_put, &size);

    assert_string_equal(STRING(info, get32(info + 16)), "/boot/kernel.elf");
    free(info);
}

static void modules1(void **state)
{
    uint64_t size = 0;

    (void)state;
    content.modules = modules;
    content.module_count = 3;
    uint8_t *info = built(multiboot1_info_put, &size);
    const uint8_t *list = info + (get32(info + 24) - ADDRESS);

    assert_int_equal(get32(info + 20), 3);
    for (size_t i = 0; i < 3; i++, list += 16) {
        assert_int_equal(get32(list), modules[i].start);
        assert_int_equal(get32(list + 4), modules[i].end);
        assert_string_equal(STRING(info, get32(list + 8)), module_strings[i]);
        assert_int_equal(get32(list + 12), 0);
    }
    free(info);
}

static void sections1(void **state)
{
    uint64_t size = 0;

    (void)state;
    for (unsigned is_64 = 0; is_64 < 2; is_64++) {
        rig_make_elf(is_64 != 0);
        assert_true(rig_read(sizeof(rig.file)));
        content.elf = &rig.elf;
        content.section_contents = 0x400000;
        uint8_t *info = built(multiboot1_info_put, &size);

        assert_int_equal(get32(info) & 0x30, 0x20);
        assert_int_equal(get32(info + 28), RIG_SECTIONS);
        assert_int_equal(get32(info + 32), is_64 ? 64 : 40);
        assert_int_equal(get32(info + 36) % 8, 0);
        assert_int_equal(get32(info + 40), 4);
        const uint8_t *table = info + (get32(info + 36) - ADDRESS);

        assert_int_equal(rig_address_in(table, is_64 != 0, 1), 0x100000);
        assert_int_equal(rig_address_in(table, is_64 != 0, 5), 0x400080);
        free(info);
    }
}

static const struct boot_screen screen = {
    .address = 0xe0000000,
    .pitch = 4096,
    .width = 1024,
    .height = 768,
    .bits = 32,
    .red = {16, 8},
    .green = {8, 7},
    .blue = {1, 6},
};

static void framebuffer1(void **state)
{
    static const uint8_t kind[8] = {32, 1, 16, 8, 8, 7, 1, 6};
    uint64_t size = 0;

    (void)state;
    content.screen = &screen;
    uint8_t *info = built(multiboot1_info_put, &size);

    assert_int_equal(get32(info) & (3U << 11), 1U << 12);
    assert_int_equal(get64(info + 88), 0xe0000000);
    assert_int_equal(get32(info + 96), 4096);
    assert_int_equal(get32(info + 100), 1024);
    assert_int_equal(get32(info + 104), 768);
    assert_memory_equal(info + 108, kind, sizeof(kind));
    free(info);
}

/* ---- version 2 ---- */

/* The tag of that type, the `index`th; NULL: none. Walks as a kernel does. */
static const uint8_t *tag(const uint8_t *info, uint64_t size, uint32_t type,
                          unsigned index)
{
    uint64_t at = 8;

    assert_int_equal(get32(info), size);
    assert_int_equal(get32(info + 4), 0);
    for (;;) {
        uint32_t length = get32(info + at + 4);

        assert_true(length >= 8 && at + length <= size);
        if (get32(info + at) == type && index-- == 0) {
            return info + at;
        }
        if (get32(info + at) == 0) {
            assert_int_equal(length, 8);
            assert_int_equal(at + length, size);
            return NULL;
        }
        at = (at + length + 7) & ~7ULL;
    }
}

static void information2(void **state)
{
    uint64_t size = 0;
    uint8_t *info = built(multiboot2_info_put, &size);

    (void)state;
    const uint8_t *found_tag = tag(info, size, 1, 0);

    assert_string_equal((const char *)found_tag + 8,
                        "/boot/kernel.elf console=ttyS0 debug");
    assert_int_equal(get32(found_tag + 4),
                     9 + strlen((const char *)found_tag + 8));
    found_tag = tag(info, size, 2, 0);
    assert_string_equal((const char *)found_tag + 8, "Lintel");
    found_tag = tag(info, size, 4, 0);
    assert_int_equal(get32(found_tag + 4), 16);
    assert_int_equal(get32(found_tag + 8), 640);
    assert_int_equal(get32(found_tag + 12), 63 * 1024);
    found_tag = tag(info, size, 6, 0);
    assert_int_equal(get32(found_tag + 4), 16 + 24 * map.e820_count);
    assert_int_equal(get32(found_tag + 8), 24);
    assert_int_equal(get32(found_tag + 12), 0);
    for (size_t i = 0; i < map.e820_count; i++) {
        const uint8_t *entry = found_tag + 16 + 24 * i;

        assert_int_equal(get64(entry), map.e820[i].base);
        assert_int_equal(get64(entry + 8), map.e820[i].size);
        assert_int_equal(get32(entry + 16), map.e820[i].type);
        assert_int_equal(get32(entry + 20), 0);
    }
    for (uint32_t type = 0; type < 24; type++) {
        bool there =
            type == 0 || type == 1 || type == 2 || type == 4 || type == 6;

        assert_int_equal(tag(info, size, type, 0) != NULL, there);
        assert_null(tag(info, size, type, 1));
    }
    free(info);
}

static void modules2(void **state)
{
    uint64_t size = 0;

    (void)state;
    content.modules = modules;
    content.module_count = 3;
    uint8_t *info = built(multiboot2_info_put, &size);

    for (unsigned i = 0; i < 3; i++) {
        const uint8_t *module = tag(info, size, 3, i);

        assert_int_equal(get32(module + 4), 17 + strlen(module_strings[i]));
        assert_int_equal(get32(module + 8), modules[i].start);
        assert_int_equal(get32(module + 12), modules[i].end);
        assert_string_equal((const char *)module + 16, module_strings[i]);
    }
    assert_null(tag(info, size, 3, 3));
    free(info);
}

static void sections2(void **state)
{
    uint64_t size = 0;

    (void)state;
    for (unsigned is_64 = 0; is_64 < 2; is_64++) {
        rig_make_elf(is_64 != 0);
        assert_true(rig_read(sizeof(rig.file)));
        content.elf = &rig.elf;
        content.section_contents = 0x400000;
        uint8_t *info = built(multiboot2_info_put, &size);
        const uint8_t *at = tag(info, size, 9, 0);
        uint32_t entry = is_64 ? 64 : 40;
        uint8_t table[RIG_SECTIONS * 64];

        assert_int_equal(get32(at + 4), 20 + RIG_SECTIONS * entry);
        assert_int_equal(get32(at + 8), RIG_SECTIONS);
        assert_int_equal(get32(at + 12), entry);
        assert_int_equal(get32(at + 16), 4);
        memcpy(table, at + 20, RIG_SECTIONS * entry);
        assert_int_equal(rig_address_in(table, is_64 != 0, 1), 0x100000);
        assert_int_equal(rig_address_in(table, is_64 != 0, 5), 0x400080);
        free(info);
    }
}

static void acpi_and_load_base(void **state)
{
    uint64_t size = 0;

    (void)state;
    content.rsdp = rsdp;
    content.relocatable = true;
    content.load_base = 0x1200000;
    uint8_t *info = built(multiboot2_info_put, &size);
    const uint8_t *at = tag(info, size, 14, 0);

    assert_int_equal(get32(at + 4), 28);
    assert_memory_equal(at + 8, rsdp, 20);
    at = tag(info, size, 15, 0);
    assert_int_equal(get32(at + 4), 44);
    assert_memory_equal(at + 8, rsdp, 36);
    at = tag(info, size, 21, 0);
    assert_int_equal(get32(at + 4), 12);
    assert_int_equal(get32(at + 8), 0x1200000);
    free(info);
}

static void framebuffer2(void **state)
{
    static const uint8_t kind[10] = {32, 1, 0, 0, 16, 8, 8, 7, 1, 6};
    uint64_t size = 0;

    (void)state;
    content.screen = &screen;
    uint8_t *info = built(multiboot2_info_put, &size);
    const uint8_t *at = tag(info, size, 8, 0);

    assert_int_equal(get32(at + 4), 38);
    assert_int_equal(get64(at + 8), 0xe0000000);
    assert_int_equal(get32(at + 16), 4096);
    assert_int_equal(get32(at + 20), 1024);
    assert_int_equal(get32(at + 24), 768);
    assert_memory_equal(at + 28, kind, sizeof(kind));
    free(info);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(memory_amounts, setup),
        cmocka_unit_test_setup(information1, setup),
        cmocka_unit_test_setup(command_line_without_options, setup),
        cmocka_unit_test_setup(modules1, setup),
        cmocka_unit_test_setup(sections1, setup),
        cmocka_unit_test_setup(framebuffer1, setup),
        cmocka_unit_test_setup(information2, setup),
        cmocka_unit_test_setup(modules2, setup),
        cmocka_unit_test_setup(sections2, setup),
        cmocka_unit_test_setup(acpi_and_load_base, setup),
        cmocka_unit_test_setup(framebuffer2, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
