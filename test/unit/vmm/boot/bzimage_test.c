/* bzImage loading on synthetic kernels, each broken in one way. */
#include <asm/bootparam.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/support/bzimage_rig.h"

static void good_kernel(void **state)
{
    (void)state;
    assert_null(rig_load());

    assert_int_equal(rig.start.kernel, PREFERRED);
    assert_int_equal(rig.start.rip, PREFERRED + 0x200);
    assert_memory_equal(rig.ram + PREFERRED,
                        rig.kernel + (SETUP_SECTORS + 1) * 512, CODE_SIZE);
    assert_string_equal(rig.start.version, "6.1.0-test (gcc) #1");
    assert_int_equal(rig.start.initrd_size, 0);

    const struct boot_params *zero_page = rig_params();
    const struct setup_header *written = &zero_page->hdr;

    assert_int_equal(written->header, 0x53726448);
    assert_int_equal(written->version, 0x20f);
    assert_int_equal(written->type_of_loader, 0xff);
    assert_int_equal(written->code32_start, PREFERRED);
    assert_int_equal(written->ramdisk_image, 0);
    assert_int_equal(written->ramdisk_size, 0);
    assert_int_equal(written->setup_data, 0);
    assert_int_equal(written->pref_address, PREFERRED);
    assert_int_equal(written->init_size, INIT_SIZE);
    assert_int_equal(zero_page->acpi_rsdp_addr, 0xe0000);
    assert_int_equal(zero_page->sentinel, 0);
    assert_int_equal(zero_page->screen_info.orig_video_isVGA, 0);
    assert_int_equal(zero_page->e820_entries, rig.map.e820_count);
    assert_memory_equal(zero_page->e820_table, rig.map.e820,
                        rig.map.e820_count * sizeof(rig.map.e820[0]));
    assert_string_equal((char *)rig.ram + written->cmd_line_ptr,
                        rig.request.command_line);
    /* Nothing of the file beyond its header reaches boot_params. */
    for (size_t i = 0x26c; i < 0x2d0; i++) {
        assert_int_equal(((const uint8_t *)zero_page)[i], 0);
    }
}

static void screen_info_tells_of_the_screen(void **state)
{
    const struct boot_screen screen = {
        .address = 0x3d00000,
        .pitch = 4 * 810,
        .width = 810,
        .height = 600,
        .bits = 32,
        .red = {16, 8},
        .green = {8, 8},
        .blue = {0, 8},
    };

    (void)state;
    rig.request.screen = &screen;
    assert_null(rig_load());

    const struct screen_info *info = &rig_params()->screen_info;

    assert_int_equal(info->orig_video_isVGA, VIDEO_TYPE_VLFB);
    assert_int_equal(info->lfb_width, 810);
    assert_int_equal(info->lfb_height, 600);
    assert_int_equal(info->lfb_depth, 32);
    assert_int_equal(info->lfb_base, 0x3d00000);
    assert_int_equal(info->lfb_size, 30); /* 1,944,000 bytes in 64 KiB */
    assert_int_equal(info->lfb_linelength, 3240);
    assert_int_equal(info->red_size, 8);
    assert_int_equal(info->red_pos, 16);
    assert_int_equal(info->green_size, 8);
    assert_int_equal(info->green_pos, 8);
    assert_int_equal(info->blue_size, 8);
    assert_int_equal(info->blue_pos, 0);
    assert_int_equal(info->rsvd_size, 8);
    assert_int_equal(info->rsvd_pos, 24);
    assert_int_equal(info->vesapm_seg, 0);
    assert_int_equal(info->ext_lfb_base, 0);
}

/* A load writes what its layout names in low memory, the kernel, and nothing
 * else. */
static void touches_only_its_layout(void **state)
{
    (void)state;
    assert_null(rig_load());
    for (uint64_t i = 0; i < RAM_SIZE; i++) {
        bool low = i >= MAP_BOOT_BASE && i < 0x10000;
        bool code = i >= PREFERRED && i < PREFERRED + CODE_SIZE;

        if (!low && !code && rig.ram[i] != 0xa5) {
            fail_msg("byte %#llx was written", (unsigned long long)i);
        }
    }
}

static void page_tables_map_identity(void **state)
{
    (void)state;
    assert_null(rig_load());

    const uint64_t *pml4 = (const uint64_t *)(rig.ram + rig.start.page_tables);

    for (uint64_t address = 0; address < 4ULL << 30; address += 0x200000) {
        uint64_t entry = pml4[address >> 39 & 511];

        assert_int_equal(entry & 0x83, 3);
        entry = *(uint64_t *)(rig.ram + (entry & ~0xfffULL) +
                              8 * (address >> 30 & 511));
        assert_int_equal(entry & 0x83, 3);
        entry = *(uint64_t *)(rig.ram + (entry & ~0xfffULL) +
                              8 * (address >> 21 & 511));
        assert_int_equal(entry & 0x83, 0x83);
        assert_int_equal(entry & ~0x1fffffULL, address);
    }
    for (size_t i = 1; i < 512; i++) {
        assert_int_equal(pml4[i], 0);
    }
}

/* ---- one thing wrong ---- */

struct wrong {
    const char *name;
    uint16_t offset;
    uint8_t size;
    uint64_t value;
    const char *says;
};

static const struct wrong wrongs[] = {
    {"no magic", 0x202, 4, 0, "no known format"},
    {"boot flag", 0x1fe, 2, 0x55aa, "boot flag"},
    {"old protocol", 0x206, 2, 0x201, "older than 2.02"},
    {"zImage", 0x211, 1, 0, "zImage"},
    {"header too short", 0x201, 1, 0x10, "impossible length"},
    {"header too long", 0x201, 1, 0xff, "impossible length"},
    {"setup longer than file", 0x1f1, 1, 255, "cut short"},
    {"code longer than file", 0x1f4, 4, CODE_SIZE / 16 + 1, "cut short"},
    {"code longest", 0x1f4, 4, UINT32_MAX, "cut short"},
    {"no code", 0x1f4, 4, 0, "too short"},
    {"code ends before the entry", 0x1f4, 4, 0x20, "too short"},
    {"preferred address 0", 0x258, 8, 0, "below 1 MiB"},
    {"preferred address in BIOS", 0x258, 8, 0xff000, "below 1 MiB"},
    {"preferred address above 4 GiB", 0x258, 8, 1ULL << 32, "above 4 GiB"},
    {"preferred address wraps", 0x258, 8, UINT64_MAX, "above 4 GiB"},
    {"alignment 0", 0x230, 4, 0, "power of two"},
    {"alignment 3", 0x230, 4, 3, "power of two"},
    {"alignment huge", 0x230, 4, 1U << 31, "memory is too small"},
    {"init_size small", 0x260, 4, CODE_SIZE - 1, "init_size"},
    {"init_size huge", 0x260, 4, UINT32_MAX, "memory is too small"},
    {"beyond RAM", 0x258, 8, RAM_SIZE, "memory is too small"},
    {"just beyond RAM", 0x258, 8, RAM_SIZE - 2 * MIB, "memory is too small"},
    {"short command line", 0x238, 4, 5, "command line"},
};

static void each_fault_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
        rig_make_kernel();
        memcpy(rig.kernel + wrongs[i].offset, &wrongs[i].value, wrongs[i].size);

        const char *why = rig_load();

        if (why == NULL || strstr(why, wrongs[i].says) == NULL) {
            fail_msg("%s: \"%s\"", wrongs[i].name, why == NULL ? "" : why);
        }
        /* Judged before anything is written. */
        for (uint64_t at = 0; at < MIB; at++) {
            assert_int_equal(rig.ram[at], 0xa5);
        }
        assert_int_equal(rig.ram[PREFERRED], 0xa5);
    }
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    for (uint64_t size = 0; size < KERNEL_SIZE - 16; size += 13) {
        uint8_t *copy = malloc(size + 1);

        memcpy(copy, rig.kernel, size);
        rig.request.kernel = copy;
        rig.request.kernel_size = size;
        assert_non_null(rig_load());
        free(copy);
    }
}

/* A signed kernel has bytes after its code; they are not loaded. */
static void tail_is_not_loaded(void **state)
{
    (void)state;
    rig_header()->syssize = 0x1000 / 16;
    assert_null(rig_load());
    assert_int_equal(rig.ram[PREFERRED + 0xfff],
                     rig.kernel[(SETUP_SECTORS + 1) * 512 + 0xfff]);
    assert_int_equal(rig.ram[PREFERRED + 0x1000], 0xa5);
}

static void version_text_is_bounded(void **state)
{
    (void)state;
    memset(rig.kernel + 0x300, 'v', 0x400);
    assert_null(rig_load());
    assert_int_equal(strlen(rig.start.version), BOOT_VERSION - 1);
    rig_header()->kernel_version = 0xffff;
    assert_null(rig_load());
    assert_string_equal(rig.start.version, "");
    rig_header()->kernel_version = 0;
    assert_null(rig_load());
    assert_string_equal(rig.start.version, "");
}

static void relocatable_kernel_is_aligned(void **state)
{
    (void)state;
    rig_header()->pref_address = PREFERRED + 0x1000;
    assert_null(rig_load());
    assert_int_equal(rig.start.kernel, PREFERRED + 0x200000);
    rig_header()->relocatable_kernel = 0;
    assert_null(rig_load());
    assert_int_equal(rig.start.kernel, PREFERRED + 0x1000);
}

/* Else it would begin where neither the page tables nor 32-bit code reach. */
static void alignment_does_not_pass_4_gib(void **state)
{
    (void)state;
    rig_header()->pref_address = 3ULL << 30;
    rig_header()->kernel_alignment = 1U << 31;

    const char *why = rig_load();

    assert_non_null(why);
    assert_non_null(strstr(why, "above 4 GiB"));
}

/* boot.rst, syssize: two bytes before 2.04, "cannot be trusted". */
static void old_syssize_is_not_believed(void **state)
{
    static const uint32_t sizes[] = {0x100, 0xffff, 0x12340100};

    (void)state;
    rig_header()->version = 0x203;
    rig_header()->xloadflags = 0;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        rig_header()->syssize = sizes[i];
        memset(rig.ram, 0xa5, RAM_SIZE);
        assert_null(rig_load());
        assert_int_equal(rig.start.kernel, MIB);
        assert_memory_equal(rig.ram + MIB,
                            rig.kernel + (SETUP_SECTORS + 1) * 512, CODE_SIZE);
    }
}

static void command_line_limit(void **state)
{
    char line[2050];

    (void)state;
    memset(line, 'x', sizeof(line));
    rig.request.command_line = line;
    line[2047] = '\0';
    assert_null(rig_load());
    line[2047] = 'x';
    line[2048] = '\0';
    assert_non_null(rig_load());

    /* A kernel may take more than there is room for. */
    char *huge = malloc(0x9a001);

    memset(huge, 'x', 0x9a000);
    huge[0x9a000] = '\0';
    rig_header()->cmdline_size = UINT32_MAX;
    rig.request.command_line = huge;
    assert_non_null(rig_load());
    huge[0x80000] = '\0';
    assert_null(rig_load());
    free(huge);
}

/* ---- initrd ---- */

static void initrd_pieces_follow_each_other(void **state)
{
    static const uint8_t a[] = "12345", b[] = "abc", c[] = "Z";
    const struct boot_file pieces[] = {{.bytes = a, .size = 5},
                                       {.bytes = NULL},
                                       {.bytes = b, .size = 3},
                                       {.bytes = c, .size = 1}};
    static const uint8_t whole[] = "12345\0\0\0abc\0Z";

    (void)state;
    rig.request.initrd = pieces;
    rig.request.initrd_count = 4;
    assert_null(rig_load());
    assert_int_equal(rig.start.initrd_size, sizeof(whole) - 1);
    assert_int_equal(rig.start.initrd, RAM_SIZE - 0x1000);
    assert_memory_equal(rig.ram + rig.start.initrd, whole, sizeof(whole) - 1);
    assert_int_equal(rig_params()->hdr.ramdisk_image, rig.start.initrd);
    assert_int_equal(rig_params()->hdr.ramdisk_size, sizeof(whole) - 1);
    assert_int_equal(rig_params()->ext_ramdisk_image, 0);
}

static void initrd_keeps_its_limits(void **state)
{
    uint64_t room = RAM_SIZE - PREFERRED - INIT_SIZE;
    uint8_t *bytes = malloc(room + 1);
    struct boot_file piece = {.bytes = bytes, .size = room};

    (void)state;
    memset(bytes, 0x5a, room + 1);
    rig.request.initrd = &piece;
    rig.request.initrd_count = 1;
    assert_null(rig_load());
    assert_int_equal(rig.start.initrd, PREFERRED + INIT_SIZE);
    piece.size = room + 1;
    assert_non_null(rig_load());
    piece.size = UINT64_MAX;
    assert_non_null(rig_load());

    /* Below what the kernel can reach, though there is more RAM. */
    piece.size = 0x1800;
    rig_header()->initrd_addr_max = 32 * MIB - 1;
    assert_null(rig_load());
    assert_int_equal(rig.start.initrd, 32 * MIB - 0x2000);
    rig_header()->initrd_addr_max = PREFERRED;
    assert_non_null(rig_load());
    rig_header()->initrd_addr_max = 0;
    assert_non_null(rig_load());
    free(bytes);
}

static void many_huge_pieces_do_not_wrap(void **state)
{
    static const uint8_t byte;
    struct boot_file pieces[8];

    (void)state;
    for (size_t i = 0; i < 8; i++) {
        pieces[i] = (struct boot_file){.bytes = &byte, .size = 0xffffffff};
    }
    rig.request.initrd = pieces;
    rig.request.initrd_count = 8;
    assert_non_null(rig_load());
}

static void memory_must_hold_the_first_mib(void **state)
{
    (void)state;
    rig.memory.slots[0].base = MIB;
    assert_non_null(rig_load());
    rig.memory.slots[0].base = 0;
    rig.memory.slots[0].size = 0x1000;
    assert_non_null(rig_load());
    rig.memory.slot_count = 0;
    assert_non_null(rig_load());
}

static void memory_map_is_bounded(void **state)
{
    (void)state;
    rig.request.e820_count = 0;
    assert_non_null(rig_load());
    rig.request.e820_count = 129;
    assert_non_null(rig_load());
}

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(good_kernel),
        TEST(screen_info_tells_of_the_screen),
        TEST(touches_only_its_layout),
        TEST(page_tables_map_identity),
        TEST(each_fault_is_refused),
        TEST(every_truncation_is_refused),
        TEST(tail_is_not_loaded),
        TEST(version_text_is_bounded),
        TEST(relocatable_kernel_is_aligned),
        TEST(alignment_does_not_pass_4_gib),
        TEST(old_syssize_is_not_believed),
        TEST(command_line_limit),
        TEST(initrd_pieces_follow_each_other),
        TEST(initrd_keeps_its_limits),
        TEST(many_huge_pieces_do_not_wrap),
        TEST(memory_must_hold_the_first_mib),
        TEST(memory_map_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
