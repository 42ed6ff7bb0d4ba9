/* Multiboot 1's header: where it is looked for, every field, every refusal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/support/multiboot_header_rig.h"

static void plain_header1(void **state)
{
    (void)state;
    assert_false(rig_recognised(1));
    rig_refused(1, "no Multiboot header");
    multiboot_write1(rig.image, 0x40, 0);
    assert_true(rig_recognised(1));
    assert_false(rig_recognised(2));
    assert_true(rig_read_header(1));
    assert_int_equal(rig.header.version, 1);
    assert_int_equal(rig.header.offset, 0x40);
    assert_false(rig.header.has_addresses);
    assert_false(rig.header.has_entry);
    assert_false(rig.header.relocatable);
    assert_false(rig.header.wants_screen);
}

/* Wholly within 8192 bytes and the file, at any multiple of 4. */
static void search_of_header1(void **state)
{
    static const struct {
        uint64_t at, size;
        bool found;
    } cases[] = {
        {0, 12, true},         {0, 11, false},        {4, 16, true},
        {4, 15, false},        {2, 100, false},       {8180, 0x3000, true},
        {8184, 0x3000, false}, {8192, 0x3000, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        rig_setup(NULL);
        multiboot_write1(rig.image, cases[i].at, 3);
        rig.image_size = cases[i].size;
        assert_int_equal(rig_recognised(1), cases[i].found);
        assert_int_equal(rig_read_header(1), cases[i].found);
    }
}

static void checksum_of_header1(void **state)
{
    (void)state;
    multiboot_write1(rig.image, 0x40, 3);
    rig_word(0x48, 1);
    assert_false(rig_recognised(1));
    /* One with a wrong sum is passed over. */
    multiboot_write1(rig.image, 0x80, 0);
    assert_true(rig_read_header(1));
    assert_int_equal(rig.header.offset, 0x80);
}

static void flags_of_header1(void **state)
{
    (void)state;
    for (unsigned flag = 0; flag < 32; flag++) {
        char says[32];

        rig_setup(NULL);
        multiboot_write1(rig.image, 0, 1U << flag);
        multiboot_write1_addresses(
            rig.image, 0,
            &(struct multiboot_addresses){0x100000, 0x100000, 0, 0, 0x100010});
        if (flag < 3 || flag >= 16) {
            assert_true(rig_read_header(1));
            assert_int_equal(rig.header.has_addresses, flag == 16);
            assert_int_equal(rig.header.wants_screen, flag == 2);
        } else {
            snprintf(says, sizeof(says), "requires flag %u ", flag);
            rig_refused(1, says);
        }
    }
    /* The first of several is named, and all are shown. */
    multiboot_write1(rig.image, 0, 0x8020);
    rig_refused(1, "requires flag 5 (flags 0x8020)");
}

static void video_of_header1(void **state)
{
    (void)state;
    multiboot_write1(rig.image, 0, 4);
    rig_word(32, 0);
    rig_word(36, 800);
    rig_word(40, 600);
    assert_true(rig_read_header(1));
    assert_true(rig.header.wants_screen);
    assert_int_equal(rig.header.screen_width, 800);
    assert_int_equal(rig.header.screen_height, 600);
    /* Text may become graphics, of any size: its own is in characters. */
    rig_word(32, 1);
    assert_true(rig_read_header(1));
    assert_true(rig.header.wants_screen);
    assert_int_equal(rig.header.screen_width, 0);
    assert_int_equal(rig.header.screen_height, 0);
    rig_word(32, 2);
    rig_refused(1, "mode_type is 2");
}

/* What the flags name must be there, too. */
static void length_of_header1(void **state)
{
    static const struct {
        uint32_t flags, length;
    } cases[] = {{3, 12}, {0x10000, 32}, {4, 48}, {0x10007, 48}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        rig_setup(NULL);
        multiboot_write1(rig.image, 16, cases[i].flags);
        rig.image_size = 16 + cases[i].length;
        assert_true(rig_read_header(1));
        if (cases[i].length > 12) {
            rig.image_size--;
            rig_refused(1, "wholly in the file's");
        }
        rig_setup(NULL);
        multiboot_write1(rig.image, 8192 - cases[i].length, cases[i].flags);
        assert_true(rig_read_header(1));
        if (cases[i].length > 12) {
            rig_setup(NULL);
            multiboot_write1(rig.image, 8192 - cases[i].length + 4,
                             cases[i].flags);
            rig_refused(1, "8192 bytes");
        }
    }
}

static void address_fields_of_header1(void **state)
{
    (void)state;
    multiboot_write1(rig.image, 0x20, 0x10000);
    multiboot_write1_addresses(rig.image, 0x20,
                               &(struct multiboot_addresses){0x100020, 0x100000,
                                                             0x102000, 0x108000,
                                                             0x100040});
    assert_true(rig_read_header(1));
    assert_true(rig.header.has_addresses);
    assert_true(rig.header.has_entry);
    assert_int_equal(rig.header.header_addr, 0x100020);
    assert_int_equal(rig.header.load_addr, 0x100000);
    assert_int_equal(rig.header.load_end_addr, 0x102000);
    assert_int_equal(rig.header.bss_end_addr, 0x108000);
    assert_int_equal(rig.header.entry, 0x100040);
}

/* ---- images by address fields ---- */

static const struct {
    const char *name;
    uint32_t header_addr, load, load_end, bss_end, entry;
    const char *says; /* NULL: good */
    uint64_t file_offset, file_bytes, base, size;
} flats[] = {
    {"whole file", 0x100020, 0x100000, 0, 0, 0x100040, NULL, 0, 0x3000,
     0x100000, 0x3000},
    {"a part", 0x100020, 0x100010, 0x101000, 0, 0x100040, NULL, 0x10, 0xff0,
     0x100010, 0xff0},
    {"with bss", 0x100020, 0x100000, 0x101000, 0x200000, 0x100fff, NULL, 0,
     0x1000, 0x100000, 0x100000},
    {"header first", 0x100000, 0x100000, 0, 0, 0x100000, NULL, 0x20, 0x2fe0,
     0x100000, 0x2fe0},
    {"the file's last byte", 0x100020, 0x100000, 0x103000, 0, 0x100040, NULL, 0,
     0x3000, 0x100000, 0x3000},
    {"at the top", 0xffffd020, 0xffffd000, 0, 0, 0xffffd040, NULL, 0, 0x3000,
     0xffffd000, 0x3000},
    {"one byte more", 0x100020, 0x100000, 0x103001, 0, 0x100040, "1 bytes more",
     0, 0, 0, 0},
    {"load above header", 0x100020, 0x100021, 0, 0, 0x100040, "do not fit", 0,
     0, 0, 0},
    {"before the file", 0x100021, 0x100000, 0, 0, 0x100040, "do not fit", 0, 0,
     0, 0},
    {"end at load", 0x100020, 0x100000, 0x100000, 0, 0x100000, "do not follow",
     0, 0, 0, 0},
    {"end below load", 0x100020, 0x100000, 0xfffff, 0, 0x100040,
     "do not follow", 0, 0, 0, 0},
    {"bss inside", 0x100020, 0x100000, 0x101000, 0x100fff, 0x100040,
     "do not follow", 0, 0, 0, 0},
    {"bss before the whole file's end", 0x100020, 0x100000, 0, 0x102fff,
     0x100040, "do not follow", 0, 0, 0, 0},
    {"entry below", 0x100020, 0x100000, 0, 0, 0xfffff, "entry_addr 0xfffff", 0,
     0, 0, 0},
    {"entry behind", 0x100020, 0x100000, 0x101000, 0, 0x101000, "entry_addr", 0,
     0, 0, 0},
    {"entry in bss", 0x100020, 0x100000, 0x101000, 0x102000, 0x101800,
     "entry_addr", 0, 0, 0, 0},
};

static void flat_images(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(flats) / sizeof(flats[0]); i++) {
        rig_setup(NULL);
        multiboot_write1(rig.image, 0x20, 0x10000);
        multiboot_write1_addresses(
            rig.image, 0x20,
            &(struct multiboot_addresses){flats[i].header_addr, flats[i].load,
                                          flats[i].load_end, flats[i].bss_end,
                                          flats[i].entry});
        assert_true(rig_read_header(1));
        bool good = multiboot_flat_image(&rig.header, rig.image_size, &rig.flat,
                                         rig.why);

        if (good != (flats[i].says == NULL) ||
            (!good && strstr(rig.why, flats[i].says) == NULL)) {
            fail_msg("%s: %d \"%s\"", flats[i].name, good, rig.why);
        }
        if (good) {
            assert_int_equal(rig.flat.file_offset, flats[i].file_offset);
            assert_int_equal(rig.flat.file_bytes, flats[i].file_bytes);
            assert_int_equal(rig.flat.base, flats[i].base);
            assert_int_equal(rig.flat.size, flats[i].size);
            assert_int_equal(rig.flat.entry, flats[i].entry);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(plain_header1, rig_setup),
        cmocka_unit_test_setup(search_of_header1, rig_setup),
        cmocka_unit_test_setup(checksum_of_header1, rig_setup),
        cmocka_unit_test_setup(flags_of_header1, rig_setup),
        cmocka_unit_test_setup(video_of_header1, rig_setup),
        cmocka_unit_test_setup(length_of_header1, rig_setup),
        cmocka_unit_test_setup(address_fields_of_header1, rig_setup),
        cmocka_unit_test_setup(flat_images, rig_setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
