/* Multiboot 2's header: where it is looked for, every tag, every refusal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/support/multiboot_header_rig.h"

static void plain_header2(void **state)
{
    (void)state;
    assert_false(rig_recognised(2));
    rig_refused(2, "no Multiboot 2 header");
    multiboot_begin2(&rig.tags, rig.image, 0x48);
    multiboot_end2(&rig.tags);
    assert_true(rig_recognised(2));
    assert_false(rig_recognised(1));
    assert_true(rig_read_header(2));
    assert_int_equal(rig.header.version, 2);
    assert_int_equal(rig.header.offset, 0x48);
    assert_false(rig.header.has_addresses);
    assert_false(rig.header.has_entry);
    assert_false(rig.header.relocatable);
    assert_false(rig.header.wants_screen);
}

static void search_of_header2(void **state)
{
    static const struct {
        uint64_t at, size;
        bool found, read;
    } cases[] = {
        {0, 24, true, true},           {0, 23, true, false},
        {0, 16, true, false},          {0, 15, false, false},
        {4, 100, false, false},        {8, 100, true, true},
        {32744, 0xa000, true, true},   {32752, 0xa000, true, false},
        {32760, 0xa000, false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        rig_setup(NULL);
        multiboot_begin2(&rig.tags, rig.image, cases[i].at);
        multiboot_end2(&rig.tags);
        rig.image_size = cases[i].size;
        assert_int_equal(rig_recognised(2), cases[i].found);
        assert_int_equal(rig_read_header(2), cases[i].read);
    }
}

static void checksum_and_architecture(void **state)
{
    (void)state;
    multiboot_begin2(&rig.tags, rig.image, 0);
    multiboot_end2(&rig.tags);
    rig_word(12, 0);
    assert_false(rig_recognised(2));
    multiboot_seal2(&rig.tags, 4, 24);
    assert_true(rig_recognised(2));
    rig_refused(2, "architecture 4 (MIPS)");
    multiboot_seal2(&rig.tags, 7, 24);
    rig_refused(2, "architecture 7:");
    /* An image for several machines. */
    multiboot_begin2(&rig.tags, rig.image, 0x40);
    multiboot_end2(&rig.tags);
    assert_true(rig_read_header(2));
    assert_int_equal(rig.header.offset, 0x40);
}

static void lengths_of_header2(void **state)
{
    (void)state;
    multiboot_begin2(&rig.tags, rig.image, 0);
    multiboot_end2(&rig.tags);
    multiboot_seal2(&rig.tags, 0, 15);
    rig_refused(2, "header_length 15");
    multiboot_seal2(&rig.tags, 0, 16);
    rig_refused(2, "no end tag");
    multiboot_seal2(&rig.tags, 0, 23);
    rig_refused(2, "no end tag");
    multiboot_seal2(&rig.tags, 0, 0x3001);
    rig_refused(2, "header_length 12289");
    multiboot_seal2(&rig.tags, 0, UINT32_MAX);
    rig_refused(2, "header_length 4294967295");
    multiboot_seal2(&rig.tags, 0, 24);
    assert_true(rig_read_header(2));
    rig_word(20, 7);
    rig_refused(2, "type 0 has the impossible size 7");
    rig_word(20, 9);
    rig_refused(2, "type 0 has the impossible size 9");

    /* The walk ends even where a tag fills the header to its last byte. */
    rig_setup(NULL);
    multiboot_begin2(&rig.tags, rig.image, 0);
    multiboot_tag2(&rig.tags, 6, 0, 0);
    multiboot_seal2(&rig.tags, 0, 24);
    rig.image_size = 24;
    rig_refused(2, "no end tag");
    multiboot_begin2(&rig.tags, rig.image, 0);
    multiboot_tag2(&rig.tags, 3, 0, 1, 0x100000);
    multiboot_seal2(&rig.tags, 0, 28);
    rig.image_size = 28; /* the padding is not in the file */
    rig_refused(2, "no end tag");
}

/* Each tag, one byte too short for its fields. */
static void short_tags(void **state)
{
    static const unsigned fields[] = {0, 0, 4, 1, 1, 3, 0, 0, 1, 1, 4};

    (void)state;
    for (unsigned type = 0; type < 12; type++) {
        for (unsigned optional = 0; optional < 2; optional++) {
            rig_setup(NULL);
            multiboot_begin2(&rig.tags, rig.image, 0);
            uint64_t at = rig.tags.grown;

            multiboot_tag2(&rig.tags, (uint16_t)type, (uint16_t)optional, 4, 0,
                           0, 0, 0);
            multiboot_end2(&rig.tags);
            rig_word(at + 4, 7 + 4 * (type < 11 ? fields[type] : 0));
            rig_refused(2, "impossible size");
            rig_word(at + 4, 0);
            rig_refused(2, "impossible size 0");
            rig_word(at + 4, 0x1000);
            rig_refused(2, "impossible size 4096");
            rig_word(at + 4, UINT32_MAX);
            rig_refused(2, "impossible size 4294967295");
        }
    }
}

static void unknown_tags(void **state)
{
    (void)state;
    multiboot_begin2(&rig.tags, rig.image, 0);
    multiboot_tag2(&rig.tags, 11, 1, 1, 0);
    multiboot_tag2(&rig.tags, 0x1234, 1, 0);
    multiboot_end2(&rig.tags);
    assert_true(rig_read_header(2));
    rig_setup(NULL);
    multiboot_begin2(&rig.tags, rig.image, 0);
    multiboot_tag2(&rig.tags, 11, 0, 0);
    multiboot_end2(&rig.tags);
    rig_refused(2, "a tag of type 11");
    rig_setup(NULL);
    multiboot_begin2(&rig.tags, rig.image, 0);
    multiboot_tag2(&rig.tags, 0xffff, 0xfffe, 0);
    multiboot_end2(&rig.tags);
    rig_refused(2, "a tag of type 65535");
}

static void information_requests(void **state)
{
    (void)state;
    for (uint32_t type = 0; type <= 21; type++) {
        rig_setup(NULL);
        multiboot_begin2(&rig.tags, rig.image, 0);
        multiboot_tag2(&rig.tags, 1, 0, 2, 6, type);
        multiboot_end2(&rig.tags);
        assert_true(rig_read_header(2));
    }
    rig_setup(NULL);
    multiboot_begin2(&rig.tags, rig.image, 0);
    multiboot_tag2(&rig.tags, 1, 0, 2, 6, 22);
    multiboot_end2(&rig.tags);
    rig_refused(2, "information of type 22");
    rig_setup(NULL);
    multiboot_begin2(&rig.tags, rig.image, 0);
    multiboot_tag2(&rig.tags, 1, 0, 1, UINT32_MAX);
    multiboot_end2(&rig.tags);
    rig_refused(2, "information of type 4294967295");
    rig_setup(NULL);
    multiboot_begin2(&rig.tags, rig.image, 0);
    multiboot_tag2(&rig.tags, 1, 1, 2, 6, 22);
    multiboot_tag2(&rig.tags, 1, 0, 0);
    multiboot_end2(&rig.tags);
    assert_true(rig_read_header(2));
}

static void address_and_entry(void **state)
{
    (void)state;
    multiboot_begin2(&rig.tags, rig.image, 0x20);
    multiboot_tag2(&rig.tags, 2, 0, 4, 0x100020, 0x100000, 0x102000, 0x108000);
    multiboot_tag2(&rig.tags, 3, 0, 1, 0x100040);
    multiboot_end2(&rig.tags);
    assert_true(rig_read_header(2));
    assert_true(rig.header.has_addresses);
    assert_int_equal(rig.header.header_addr, 0x100020);
    assert_int_equal(rig.header.load_addr, 0x100000);
    assert_int_equal(rig.header.load_end_addr, 0x102000);
    assert_int_equal(rig.header.bss_end_addr, 0x108000);
    assert_true(rig.header.has_entry);
    assert_int_equal(rig.header.entry, 0x100040);

    rig_setup(NULL);
    multiboot_begin2(&rig.tags, rig.image, 0x20);
    multiboot_tag2(&rig.tags, 2, 0, 4, 0x100020, 0x100000, 0x102000, 0x108000);
    multiboot_end2(&rig.tags);
    rig_refused(2, "no entry address tag");

    /* An ELF image's entry may be put elsewhere; the last one counts. */
    rig_setup(NULL);
    multiboot_begin2(&rig.tags, rig.image, 0);
    multiboot_tag2(&rig.tags, 3, 0, 1, 1);
    multiboot_tag2(&rig.tags, 3, 1, 1, 2);
    multiboot_end2(&rig.tags);
    assert_true(rig_read_header(2));
    assert_false(rig.header.has_addresses);
    assert_int_equal(rig.header.entry, 2);
}

/* load_addr -1: the file from its beginning (3.1.5). */
static void address_tag_for_the_whole_file(void **state)
{
    (void)state;
    multiboot_begin2(&rig.tags, rig.image, 0x20);
    multiboot_tag2(&rig.tags, 2, 0, 4, 0x100020, 0xffffffffU, 0, 0);
    multiboot_tag2(&rig.tags, 3, 0, 1, 0x100040);
    multiboot_end2(&rig.tags);
    assert_true(rig_read_header(2));
    assert_true(
        multiboot_flat_image(&rig.header, rig.image_size, &rig.flat, rig.why));
    assert_int_equal(rig.flat.file_offset, 0);
    assert_int_equal(rig.flat.base, 0x100000);
    assert_int_equal(rig.flat.size, 0x3000);
    rig.header.header_addr = 0x1f;
    assert_false(
        multiboot_flat_image(&rig.header, rig.image_size, &rig.flat, rig.why));
    assert_non_null(strstr(rig.why, "leaves no room"));
    /* Not so in version 1. */
    rig.header.version = 1;
    rig.header.header_addr = 0x100020;
    assert_false(
        multiboot_flat_image(&rig.header, rig.image_size, &rig.flat, rig.why));
}

static void console_and_framebuffer(void **state)
{
    (void)state;
    multiboot_begin2(&rig.tags, rig.image, 0);
    multiboot_tag2(&rig.tags, 5, 0, 3, 1024, 768, 32);
    multiboot_tag2(&rig.tags, 4, 0, 1, 2); /* knows EGA text, demands nothing */
    multiboot_tag2(&rig.tags, 4, 1, 1, 3);
    multiboot_end2(&rig.tags);
    assert_true(rig_read_header(2));
    assert_true(rig.header.wants_screen);
    assert_int_equal(rig.header.screen_width, 1024);
    assert_int_equal(rig.header.screen_height, 768);
    assert_false(rig.header.console_required);
    rig_setup(NULL);
    multiboot_begin2(&rig.tags, rig.image, 0);
    multiboot_tag2(&rig.tags, 4, 0, 1, 3);
    multiboot_end2(&rig.tags);
    assert_true(rig_read_header(2));
    assert_false(rig.header.wants_screen);
    assert_true(rig.header.console_required);
    assert_true(rig.header.knows_text);
}

static void efi_tags(void **state)
{
    (void)state;
    multiboot_begin2(&rig.tags, rig.image, 0);
    multiboot_tag2(&rig.tags, 7, 1, 0);
    multiboot_tag2(&rig.tags, 8, 0, 1, 0x100000);
    multiboot_tag2(&rig.tags, 9, 0, 1, 0x100000);
    multiboot_tag2(&rig.tags, 6, 0, 0);
    multiboot_end2(&rig.tags);
    assert_true(rig_read_header(2));
    assert_false(rig.header.has_entry);
    rig_setup(NULL);
    multiboot_begin2(&rig.tags, rig.image, 0);
    multiboot_tag2(&rig.tags, 7, 0, 0);
    multiboot_end2(&rig.tags);
    rig_refused(2, "EFI boot services (tag 7)");
}

static void relocatable(void **state)
{
    (void)state;
    for (uint32_t preference = 0; preference < 5; preference++) {
        rig_setup(NULL);
        multiboot_begin2(&rig.tags, rig.image, 0);
        multiboot_tag2(&rig.tags, 10, 1, 4, 0x200000, 0x800000, 0x1000,
                       preference);
        multiboot_end2(&rig.tags);
        assert_true(rig_read_header(2));
        assert_true(rig.header.relocatable);
        assert_int_equal(rig.header.min_addr, 0x200000);
        assert_int_equal(rig.header.max_addr, 0x800000);
        assert_int_equal(rig.header.align, 0x1000);
        assert_int_equal(rig.header.preference,
                         preference < 3 ? preference : 0);
    }
    rig_setup(NULL);
    multiboot_begin2(&rig.tags, rig.image, 0);
    multiboot_tag2(&rig.tags, 10, 0, 4, 0, 0, 0, 0);
    multiboot_end2(&rig.tags);
    assert_true(rig_read_header(2));
    assert_int_equal(rig.header.align, 1);
    rig_setup(NULL);
    multiboot_begin2(&rig.tags, rig.image, 0);
    multiboot_tag2(&rig.tags, 10, 0, 4, 0, 0, 3, 0);
    multiboot_end2(&rig.tags);
    rig_refused(2, "align 0x3");
}

/* Neither parser reads beyond the file, wherever it is cut. */
static void every_cut(void **state)
{
    (void)state;
    multiboot_write1(rig.image, 0x100, 0x10007);
    multiboot_begin2(&rig.tags, rig.image, 0x140);
    multiboot_tag2(&rig.tags, 1, 0, 3, 1, 2, 3);
    multiboot_tag2(&rig.tags, 2, 0, 4, 0x100140, 0x100000, 0, 0);
    multiboot_tag2(&rig.tags, 3, 0, 1, 0x100000);
    multiboot_tag2(&rig.tags, 10, 0, 4, 0, 0, 0, 0);
    multiboot_end2(&rig.tags);
    uint64_t whole = rig.tags.grown;

    for (rig.image_size = 0; rig.image_size <= whole; rig.image_size++) {
        (void)rig_recognised(1);
        (void)rig_recognised(2);
        (void)rig_read_header(1);
        assert_int_equal(rig_read_header(2), rig.image_size == whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(plain_header2, rig_setup),
        cmocka_unit_test_setup(search_of_header2, rig_setup),
        cmocka_unit_test_setup(checksum_and_architecture, rig_setup),
        cmocka_unit_test_setup(lengths_of_header2, rig_setup),
        cmocka_unit_test_setup(short_tags, rig_setup),
        cmocka_unit_test_setup(unknown_tags, rig_setup),
        cmocka_unit_test_setup(information_requests, rig_setup),
        cmocka_unit_test_setup(address_and_entry, rig_setup),
        cmocka_unit_test_setup(address_tag_for_the_whole_file, rig_setup),
        cmocka_unit_test_setup(console_and_framebuffer, rig_setup),
        cmocka_unit_test_setup(efi_tags, rig_setup),
        cmocka_unit_test_setup(relocatable, rig_setup),
        cmocka_unit_test_setup(every_cut, rig_setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
