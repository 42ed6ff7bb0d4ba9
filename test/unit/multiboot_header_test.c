/* Multiboot headers of both versions: where they are looked for, every field
 * and tag, every refusal. Each image stands at the very end of an allocation,
 * so that a read beyond it is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vmm/multiboot_header.h"

#define MAGIC1 0x1badb002U
#define MAGIC2 0xe85250d6U

/* The image that a test builds, word by word. */
static uint8_t image[0xa000];
static uint64_t image_size;

static struct multiboot_header header;
static struct multiboot_flat flat;
static char why[BOOT_WRONG];

static int setup(void **state)
{
    (void)state;
    memset(image, 0, sizeof(image));
    image_size = 0x3000;
    memset(&header, 0xa5, sizeof(header));
    strcpy(why, "nothing said");
    return 0;
}

static void word(uint64_t at, uint32_t value)
{
    memcpy(image + at, &value, sizeof(value));
}

/* A copy with nothing behind it. */
static uint8_t *exact(void)
{
    uint8_t *copy = malloc(image_size == 0 ? 1 : image_size);

    memcpy(copy, image, image_size);
    return copy;
}

static bool recognised(unsigned version)
{
    uint8_t *copy = exact();
    bool yes = version == 1 ? multiboot1_recognise(copy, image_size)
                            : multiboot2_recognise(copy, image_size);

    free(copy);
    return yes;
}

static bool read_header(unsigned version)
{
    uint8_t *copy = exact();
    bool good = version == 1
                    ? multiboot1_read_header(copy, image_size, &header, why)
                    : multiboot2_read_header(copy, image_size, &header, why);

    free(copy);
    return good;
}

static void refused(unsigned version, const char *says)
{
    assert_false(read_header(version));
    if (strstr(why, says) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", why, says);
    }
}

/* ---- version 1 ---- */

static void header1(uint64_t at, uint32_t flags)
{
    word(at, MAGIC1);
    word(at + 4, flags);
    word(at + 8, -(MAGIC1 + flags));
}

static void addresses1(uint64_t at, uint32_t header_addr, uint32_t load,
                       uint32_t load_end, uint32_t bss_end, uint32_t entry)
{
    const uint32_t fields[] = {header_addr, load, load_end, bss_end, entry};

    memcpy(image + at + 12, fields, sizeof(fields));
}

static void plain_header1(void **state)
{
    (void)state;
    assert_false(recognised(1));
    refused(1, "no Multiboot header");
    header1(0x40, 0);
    assert_true(recognised(1));
    assert_false(recognised(2));
    assert_true(read_header(1));
    assert_int_equal(header.version, 1);
    assert_int_equal(header.offset, 0x40);
    assert_false(header.has_addresses);
    assert_false(header.has_entry);
    assert_false(header.relocatable);
    assert_false(header.wants_screen);
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
        setup(NULL);
        header1(cases[i].at, 3);
        image_size = cases[i].size;
        assert_int_equal(recognised(1), cases[i].found);
        assert_int_equal(read_header(1), cases[i].found);
    }
}

static void checksum_of_header1(void **state)
{
    (void)state;
    header1(0x40, 3);
    word(0x48, 1);
    assert_false(recognised(1));
    /* One with a wrong sum is passed over. */
    header1(0x80, 0);
    assert_true(read_header(1));
    assert_int_equal(header.offset, 0x80);
}

static void flags_of_header1(void **state)
{
    (void)state;
    for (unsigned flag = 0; flag < 32; flag++) {
        char says[32];

        setup(NULL);
        header1(0, 1U << flag);
        addresses1(0, 0x100000, 0x100000, 0, 0, 0x100010);
        if (flag < 3 || flag >= 16) {
            assert_true(read_header(1));
            assert_int_equal(header.has_addresses, flag == 16);
            assert_int_equal(header.wants_screen, flag == 2);
        } else {
            snprintf(says, sizeof(says), "requires flag %u ", flag);
            refused(1, says);
        }
    }
    /* The first of several is named, and all are shown. */
    header1(0, 0x8020);
    refused(1, "requires flag 5 (flags 0x8020)");
}

static void video_of_header1(void **state)
{
    (void)state;
    header1(0, 4);
    word(32, 0);
    assert_true(read_header(1));
    assert_true(header.wants_screen);
    word(32, 1); /* text */
    assert_true(read_header(1));
    assert_false(header.wants_screen);
    word(32, 2);
    refused(1, "mode_type is 2");
}

/* What the flags name must be there, too. */
static void length_of_header1(void **state)
{
    static const struct {
        uint32_t flags, length;
    } cases[] = {{3, 12}, {0x10000, 32}, {4, 48}, {0x10007, 48}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        setup(NULL);
        header1(16, cases[i].flags);
        image_size = 16 + cases[i].length;
        assert_true(read_header(1));
        if (cases[i].length > 12) {
            image_size--;
            refused(1, "wholly in the file's");
        }
        setup(NULL);
        header1(8192 - cases[i].length, cases[i].flags);
        assert_true(read_header(1));
        if (cases[i].length > 12) {
            setup(NULL);
            header1(8192 - cases[i].length + 4, cases[i].flags);
            refused(1, "8192 bytes");
        }
    }
}

static void address_fields_of_header1(void **state)
{
    (void)state;
    header1(0x20, 0x10000);
    addresses1(0x20, 0x100020, 0x100000, 0x102000, 0x108000, 0x100040);
    assert_true(read_header(1));
    assert_true(header.has_addresses);
    assert_true(header.has_entry);
    assert_int_equal(header.header_addr, 0x100020);
    assert_int_equal(header.load_addr, 0x100000);
    assert_int_equal(header.load_end_addr, 0x102000);
    assert_int_equal(header.bss_end_addr, 0x108000);
    assert_int_equal(header.entry, 0x100040);
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
        setup(NULL);
        header1(0x20, 0x10000);
        addresses1(0x20, flats[i].header_addr, flats[i].load, flats[i].load_end,
                   flats[i].bss_end, flats[i].entry);
        assert_true(read_header(1));
        bool good = multiboot_flat_image(&header, image_size, &flat, why);

        if (good != (flats[i].says == NULL) ||
            (!good && strstr(why, flats[i].says) == NULL)) {
            fail_msg("%s: %d \"%s\"", flats[i].name, good, why);
        }
        if (good) {
            assert_int_equal(flat.file_offset, flats[i].file_offset);
            assert_int_equal(flat.file_bytes, flats[i].file_bytes);
            assert_int_equal(flat.base, flats[i].base);
            assert_int_equal(flat.size, flats[i].size);
            assert_int_equal(flat.entry, flats[i].entry);
        }
    }
}

/* ---- version 2 ---- */

/* Tags are appended; begin2() and end2() stand round them. */
static uint64_t begun, grown;

static void begin2(uint64_t at)
{
    begun = at;
    grown = at + 16;
}

static void tag2(uint16_t type, uint16_t flags, unsigned count, ...)
{
    va_list fields;
    uint32_t size = 8 + 4 * count;

    word(grown, type | (uint32_t)flags << 16);
    word(grown + 4, size);
    va_start(fields, count);
    for (unsigned i = 0; i < count; i++) {
        word(grown + 8 + 4 * i, va_arg(fields, uint32_t));
    }
    va_end(fields);
    grown = (grown + size + 7) & ~7ULL;
}

static void seal2(uint32_t architecture, uint32_t length)
{
    word(begun, MAGIC2);
    word(begun + 4, architecture);
    word(begun + 8, length);
    word(begun + 12, -(MAGIC2 + architecture + length));
}

static void end2(void)
{
    tag2(0, 0, 0);
    seal2(0, (uint32_t)(grown - begun));
}

static void plain_header2(void **state)
{
    (void)state;
    assert_false(recognised(2));
    refused(2, "no Multiboot 2 header");
    begin2(0x48);
    end2();
    assert_true(recognised(2));
    assert_false(recognised(1));
    assert_true(read_header(2));
    assert_int_equal(header.version, 2);
    assert_int_equal(header.offset, 0x48);
    assert_false(header.has_addresses);
    assert_false(header.has_entry);
    assert_false(header.relocatable);
    assert_false(header.wants_screen);
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
        setup(NULL);
        begin2(cases[i].at);
        end2();
        image_size = cases[i].size;
        assert_int_equal(recognised(2), cases[i].found);
        assert_int_equal(read_header(2), cases[i].read);
    }
}

static void checksum_and_architecture(void **state)
{
    (void)state;
    begin2(0);
    end2();
    word(12, 0);
    assert_false(recognised(2));
    seal2(4, 24);
    assert_true(recognised(2));
    refused(2, "architecture 4 (MIPS)");
    seal2(7, 24);
    refused(2, "architecture 7:");
    /* An image for several machines. */
    begin2(0x40);
    end2();
    assert_true(read_header(2));
    assert_int_equal(header.offset, 0x40);
}

static void lengths_of_header2(void **state)
{
    (void)state;
    begin2(0);
    end2();
    seal2(0, 15);
    refused(2, "header_length 15");
    seal2(0, 16);
    refused(2, "no end tag");
    seal2(0, 23);
    refused(2, "no end tag");
    seal2(0, 0x3001);
    refused(2, "header_length 12289");
    seal2(0, UINT32_MAX);
    refused(2, "header_length 4294967295");
    seal2(0, 24);
    assert_true(read_header(2));
    word(20, 7);
    refused(2, "type 0 has the impossible size 7");
    word(20, 9);
    refused(2, "type 0 has the impossible size 9");

    /* The walk ends even where a tag fills the header to its last byte. */
    setup(NULL);
    begin2(0);
    tag2(6, 0, 0);
    seal2(0, 24);
    image_size = 24;
    refused(2, "no end tag");
    begin2(0);
    tag2(3, 0, 1, 0x100000);
    seal2(0, 28);
    image_size = 28; /* the padding is not in the file */
    refused(2, "no end tag");
}

/* Each tag, one byte too short for its fields. */
static void short_tags(void **state)
{
    static const unsigned fields[] = {0, 0, 4, 1, 1, 3, 0, 0, 1, 1, 4};

    (void)state;
    for (unsigned type = 0; type < 12; type++) {
        for (unsigned optional = 0; optional < 2; optional++) {
            setup(NULL);
            begin2(0);
            uint64_t at = grown;

            tag2((uint16_t)type, (uint16_t)optional, 4, 0, 0, 0, 0);
            end2();
            word(at + 4, 7 + 4 * (type < 11 ? fields[type] : 0));
            refused(2, "impossible size");
            word(at + 4, 0);
            refused(2, "impossible size 0");
            word(at + 4, 0x1000);
            refused(2, "impossible size 4096");
            word(at + 4, UINT32_MAX);
            refused(2, "impossible size 4294967295");
        }
    }
}

static void unknown_tags(void **state)
{
    (void)state;
    begin2(0);
    tag2(11, 1, 1, 0);
    tag2(0x1234, 1, 0);
    end2();
    assert_true(read_header(2));
    setup(NULL);
    begin2(0);
    tag2(11, 0, 0);
    end2();
    refused(2, "a tag of type 11");
    setup(NULL);
    begin2(0);
    tag2(0xffff, 0xfffe, 0);
    end2();
    refused(2, "a tag of type 65535");
}

static void information_requests(void **state)
{
    (void)state;
    for (uint32_t type = 0; type <= 21; type++) {
        setup(NULL);
        begin2(0);
        tag2(1, 0, 2, 6, type);
        end2();
        assert_true(read_header(2));
    }
    setup(NULL);
    begin2(0);
    tag2(1, 0, 2, 6, 22);
    end2();
    refused(2, "information of type 22");
    setup(NULL);
    begin2(0);
    tag2(1, 0, 1, UINT32_MAX);
    end2();
    refused(2, "information of type 4294967295");
    setup(NULL);
    begin2(0);
    tag2(1, 1, 2, 6, 22);
    tag2(1, 0, 0);
    end2();
    assert_true(read_header(2));
}

static void address_and_entry(void **state)
{
    (void)state;
    begin2(0x20);
    tag2(2, 0, 4, 0x100020, 0x100000, 0x102000, 0x108000);
    tag2(3, 0, 1, 0x100040);
    end2();
    assert_true(read_header(2));
    assert_true(header.has_addresses);
    assert_int_equal(header.header_addr, 0x100020);
    assert_int_equal(header.load_addr, 0x100000);
    assert_int_equal(header.load_end_addr, 0x102000);
    assert_int_equal(header.bss_end_addr, 0x108000);
    assert_true(header.has_entry);
    assert_int_equal(header.entry, 0x100040);

    setup(NULL);
    begin2(0x20);
    tag2(2, 0, 4, 0x100020, 0x100000, 0x102000, 0x108000);
    end2();
    refused(2, "no entry address tag");

    /* An ELF image's entry may be put elsewhere; the last one counts. */
    setup(NULL);
    begin2(0);
    tag2(3, 0, 1, 1);
    tag2(3, 1, 1, 2);
    end2();
    assert_true(read_header(2));
    assert_false(header.has_addresses);
    assert_int_equal(header.entry, 2);
}

/* load_addr -1: the file from its beginning (3.1.5). */
static void address_tag_for_the_whole_file(void **state)
{
    (void)state;
    begin2(0x20);
    tag2(2, 0, 4, 0x100020, 0xffffffffU, 0, 0);
    tag2(3, 0, 1, 0x100040);
    end2();
    assert_true(read_header(2));
    assert_true(multiboot_flat_image(&header, image_size, &flat, why));
    assert_int_equal(flat.file_offset, 0);
    assert_int_equal(flat.base, 0x100000);
    assert_int_equal(flat.size, 0x3000);
    header.header_addr = 0x1f;
    assert_false(multiboot_flat_image(&header, image_size, &flat, why));
    assert_non_null(strstr(why, "leaves no room"));
    /* Not so in version 1. */
    header.version = 1;
    header.header_addr = 0x100020;
    assert_false(multiboot_flat_image(&header, image_size, &flat, why));
}

static void console_and_framebuffer(void **state)
{
    (void)state;
    begin2(0);
    tag2(5, 0, 3, 1024, 768, 32);
    tag2(4, 0, 1, 2); /* knows EGA text, demands nothing */
    tag2(4, 1, 1, 3);
    end2();
    assert_true(read_header(2));
    assert_true(header.wants_screen);
    setup(NULL);
    begin2(0);
    tag2(4, 0, 1, 1);
    end2();
    refused(2, "requires a screen (tag 4");
}

static void efi_tags(void **state)
{
    (void)state;
    begin2(0);
    tag2(7, 1, 0);
    tag2(8, 0, 1, 0x100000);
    tag2(9, 0, 1, 0x100000);
    tag2(6, 0, 0);
    end2();
    assert_true(read_header(2));
    assert_false(header.has_entry);
    setup(NULL);
    begin2(0);
    tag2(7, 0, 0);
    end2();
    refused(2, "EFI boot services (tag 7)");
}

static void relocatable(void **state)
{
    (void)state;
    for (uint32_t preference = 0; preference < 5; preference++) {
        setup(NULL);
        begin2(0);
        tag2(10, 1, 4, 0x200000, 0x800000, 0x1000, preference);
        end2();
        assert_true(read_header(2));
        assert_true(header.relocatable);
        assert_int_equal(header.min_addr, 0x200000);
        assert_int_equal(header.max_addr, 0x800000);
        assert_int_equal(header.align, 0x1000);
        assert_int_equal(header.preference, preference < 3 ? preference : 0);
    }
    setup(NULL);
    begin2(0);
    tag2(10, 0, 4, 0, 0, 0, 0);
    end2();
    assert_true(read_header(2));
    assert_int_equal(header.align, 1);
    setup(NULL);
    begin2(0);
    tag2(10, 0, 4, 0, 0, 3, 0);
    end2();
    refused(2, "align 0x3");
}

/* Neither parser reads beyond the file, wherever it is cut. */
static void every_cut(void **state)
{
    (void)state;
    header1(0x100, 0x10007);
    begin2(0x140);
    tag2(1, 0, 3, 1, 2, 3);
    tag2(2, 0, 4, 0x100140, 0x100000, 0, 0);
    tag2(3, 0, 1, 0x100000);
    tag2(10, 0, 4, 0, 0, 0, 0);
    end2();
    uint64_t whole = grown;

    for (image_size = 0; image_size <= whole; image_size++) {
        (void)recognised(1);
        (void)recognised(2);
        (void)read_header(1);
        assert_int_equal(read_header(2), image_size == whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(plain_header1, setup),
        cmocka_unit_test_setup(search_of_header1, setup),
        cmocka_unit_test_setup(checksum_of_header1, setup),
        cmocka_unit_test_setup(flags_of_header1, setup),
        cmocka_unit_test_setup(video_of_header1, setup),
        cmocka_unit_test_setup(length_of_header1, setup),
        cmocka_unit_test_setup(address_fields_of_header1, setup),
        cmocka_unit_test_setup(flat_images, setup),
        cmocka_unit_test_setup(plain_header2, setup),
        cmocka_unit_test_setup(search_of_header2, setup),
        cmocka_unit_test_setup(checksum_and_architecture, setup),
        cmocka_unit_test_setup(lengths_of_header2, setup),
        cmocka_unit_test_setup(short_tags, setup),
        cmocka_unit_test_setup(unknown_tags, setup),
        cmocka_unit_test_setup(information_requests, setup),
        cmocka_unit_test_setup(address_and_entry, setup),
        cmocka_unit_test_setup(address_tag_for_the_whole_file, setup),
        cmocka_unit_test_setup(console_and_framebuffer, setup),
        cmocka_unit_test_setup(efi_tags, setup),
        cmocka_unit_test_setup(relocatable, setup),
        cmocka_unit_test_setup(every_cut, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
