/* The sections of ELF files that no segment loads and Multiboot does. <elf.h>
 * is the second opinion on every offset. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/support/multiboot_sections_rig.h"
#include "vmm/boot/multiboot_sections.h"

#define CONTENTS 0x1008

/* Where those that are loaded for Multiboot alone go, from the contents' start.
 */
#define NOT_APART UINT64_MAX
static const uint64_t offsets[RIG_SECTIONS] = {
    NOT_APART, NOT_APART, NOT_APART, 0,         0x33,   0x80,
    NOT_APART, 0xa0,      NOT_APART, NOT_APART, 0x1000,
};

static void sections_are_loaded(void **state)
{
    (void)state;
    for (unsigned is_64 = 0; is_64 < 2; is_64++) {
        rig_make_elf(is_64 != 0);
        assert_true(rig_read(sizeof(rig.file)));
        assert_int_equal(rig.elf.section_count, RIG_SECTIONS);
        assert_int_equal(rig.elf.section_names, 4);
        assert_int_equal(rig.elf.section_size, is_64 ? 64 : 40);
        assert_int_equal(rig.bytes, CONTENTS);

        uint64_t size = multiboot_sections_size(&rig.elf);
        uint8_t *headers = malloc(size);
        uint8_t *contents = malloc(CONTENTS);

        memset(contents, 0xa5, CONTENTS);
        multiboot_sections_put_headers(&rig.elf, 0x300000, headers);
        multiboot_sections_put_contents(&rig.elf, contents);
        uint64_t used = 0;

        for (size_t i = 0; i < RIG_SECTIONS; i++) {
            uint64_t address = rig_address_in(headers, is_64 != 0, i);

            if (offsets[i] == NOT_APART) {
                assert_int_equal(address, rig_sections[i].sh_addr);
                continue;
            }
            assert_int_equal(address, 0x300000 + offsets[i]);
            assert_memory_equal(contents + offsets[i],
                                rig.file + rig_sections[i].sh_offset,
                                rig_sections[i].sh_size);
            for (; used < offsets[i]; used++) {
                assert_int_equal(contents[used], 0);
            }
            used += rig_sections[i].sh_size;
        }
        free(headers);
        free(contents);
    }
}

static void no_sections(void **state)
{
    (void)state;
    rig_make_elf(false);
    ((Elf32_Ehdr *)rig.file)->e_shoff = 0;
    assert_true(rig_read(sizeof(rig.file)));
    assert_int_equal(rig.elf.section_count, 0);
    assert_int_equal(rig.bytes, 0);
    rig_make_elf(true);
    ((Elf64_Ehdr *)rig.file)->e_shentsize = 0;
    ((Elf64_Ehdr *)rig.file)->e_shnum = 0;
    assert_true(rig_read(sizeof(rig.file)));
    assert_int_equal(rig.elf.section_count, 0);
}

static void sections_out_of_the_file(void **state)
{
    (void)state;
    for (unsigned is_64 = 0; is_64 < 2; is_64++) {
        rig_make_elf(is_64 != 0);
        uint64_t end = RIG_TABLE + RIG_SECTIONS * (is_64 ? 64 : 40);

        assert_true(rig_read(end));
        for (uint64_t size = 0; size < end; size += 3) {
            assert_false(rig_read(size));
        }
        assert_non_null(strstr(rig.why, "ends before its section headers"));
    }
    rig_make_elf(false);
    ((Elf32_Ehdr *)rig.file)->e_shentsize = 39;
    assert_false(rig_read(sizeof(rig.file)));
    ((Elf32_Ehdr *)rig.file)->e_shentsize = 40;
    ((Elf32_Shdr *)(rig.file + RIG_TABLE))[5].sh_offset =
        sizeof(rig.file) - 0x1f;
    assert_false(rig_read(sizeof(rig.file)));
    assert_non_null(strstr(rig.why, "its section 5 "));
    ((Elf32_Shdr *)(rig.file + RIG_TABLE))[5].sh_offset = UINT32_MAX;
    assert_false(rig_read(sizeof(rig.file)));
    rig_make_elf(true);
    ((Elf64_Shdr *)(rig.file + RIG_TABLE))[3].sh_offset = UINT64_MAX;
    assert_false(rig_read(sizeof(rig.file)));
    ((Elf64_Shdr *)(rig.file + RIG_TABLE))[3].sh_offset = 0;
    ((Elf64_Shdr *)(rig.file + RIG_TABLE))[3].sh_size = UINT64_MAX;
    assert_false(rig_read(sizeof(rig.file)));
    rig_make_elf(true);
    ((Elf64_Ehdr *)rig.file)->e_shoff = UINT64_MAX;
    assert_false(rig_read(sizeof(rig.file)));
}

/* Sections may lie over one another in the file; memory is not endless. */
static void sections_larger_than_memory(void **state)
{
    const uint64_t size = 0x2000000;
    const size_t count = 200;
    uint8_t *large = calloc(1, size);
    Elf64_Shdr *table = (Elf64_Shdr *)(large + RIG_TABLE);

    (void)state;
    rig_make_elf(true);
    memcpy(large, rig.file, sizeof(Elf64_Ehdr));
    ((Elf64_Ehdr *)large)->e_shnum = (uint16_t)count;
    for (size_t i = 0; i < count; i++) {
        table[i].sh_type = SHT_PROGBITS;
        table[i].sh_size = size;
    }
    assert_null(elf_open(&rig.elf, large, size));
    rig.why = multiboot_sections_judge(&rig.elf, &rig.bytes, &rig.start);
    assert_non_null(rig.why);
    assert_non_null(strstr(rig.why, "larger than 4 GiB"));
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_are_loaded),
        cmocka_unit_test(no_sections),
        cmocka_unit_test(sections_out_of_the_file),
        cmocka_unit_test(sections_larger_than_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
