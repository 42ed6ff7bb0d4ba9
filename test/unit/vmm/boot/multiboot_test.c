/* Loading by Multiboot as a whole: synthetic kernels of every form into 64 MiB
 * of junk, and what is refused. Where the pieces go is
 * multiboot_layout_test.c's, what is in the information
 * multiboot_info_test.c's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/support/multiboot_rig.h"
#include "vmm/memory/little_endian.h"

/* ---- every form of kernel ---- */

static void begins_as_specified(uint32_t magic)
{
    assert_int_equal(rig.start.mode, BOOT_PROTECTED);
    assert_int_equal(rig.start.gprs[GPR_RAX], magic);
    assert_int_equal(rig.start.gprs[GPR_RBX] % 8, 0);
    for (unsigned i = 0; i < GPR_COUNT; i++) {
        if (i != GPR_RAX && i != GPR_RBX && i != GPR_RSP) {
            assert_int_equal(rig.start.gprs[i], 0);
        }
    }
    assert_true(rig.start.gprs[GPR_RSP] > 0x1000);
    assert_int_equal(rig.start.page_tables, 0);
    /* The descriptors are those that the segments have. */
    assert_int_equal(get64(rig.ram + rig.start.gdt + rig.start.code),
                     0x00cf9b000000ffff);
    assert_int_equal(get64(rig.ram + rig.start.gdt + rig.start.data),
                     0x00cf93000000ffff);
}

static void elf32_by_version_1(void **state)
{
    (void)state;
    rig_make_elf(false, 4 * MIB, 0xc0000000);
    rig_header1(3);
    rig_loads("Multiboot 1");
    rig_image_is_at(4 * MIB);
    assert_int_equal(rig.start.rip, 4 * MIB + 0x10);
    begins_as_specified(0x2badb002);
    assert_int_equal(rig_info1(0), 0x24d);
    assert_string_equal((char *)rig.ram + rig_info1(16), "/kernel.elf debug");
}

static void elf64_by_version_1(void **state)
{
    (void)state;
    rig_make_elf(true, 4 * MIB, 0xffffffff80000000);
    rig_header1(4);
    put32(rig.kernel + HEADER + 32, 0);
    rig_loads("Multiboot 1 (without the video mode it prefers)");
    rig_image_is_at(4 * MIB);
    assert_int_equal(rig.start.rip, 4 * MIB + 0x10);
}

static void flat_by_version_1(void **state)
{
    (void)state;
    rig_flat1(MIB, MIB + 0x8000);
    rig_loads("Multiboot 1");
    assert_memory_equal(rig.ram + MIB, rig.kernel, KERNEL_SIZE);
    for (uint64_t i = KERNEL_SIZE; i < 0x8000; i++) {
        assert_int_equal(rig.ram[MIB + i], 0);
    }
    assert_int_equal(rig.ram[MIB + 0x8000], 0xa5);
    assert_int_equal(rig.start.rip, MIB + CODE);
    assert_int_equal(rig.start.kernel, MIB);
}

/* The address fields count even in an ELF file, and its sections then are not
 * told of. */
static void address_fields_before_elf(void **state)
{
    (void)state;
    rig_make_elf(false, 4 * MIB, 0);
    rig_add_sections();
    rig_flat1(MIB, 0);
    rig_loads("Multiboot 1");
    assert_int_equal(rig.start.kernel, MIB);
    assert_int_equal(rig_info1(0) & 0x20, 0);
}

static void elf_by_version_2(void **state)
{
    (void)state;
    for (unsigned is64 = 0; is64 < 2; is64++) {
        rig_setup(NULL);
        if (is64) {
            rig_make_elf(true, 4 * MIB, 0x40000000);
        } else {
            rig_make_elf(false, 4 * MIB, 0x40000000);
        }
        rig_plain2();
        rig_loads("Multiboot 2");
        rig_image_is_at(4 * MIB);
        assert_int_equal(rig.start.rip, 4 * MIB + 0x10);
        begins_as_specified(0x36d76289);
        assert_int_equal(rig_info2(21, 0), 0);
        assert_string_equal((char *)rig.ram + rig_info2(1, 0) + 8,
                            "/kernel.elf debug");
    }
}

static void entry_tag(void **state)
{
    (void)state;
    rig_make_elf(true, 4 * MIB, 0x40000000);
    rig_begin2();
    multiboot_tag2(&rig.tags, 3, 0, 1, (uint32_t)(4 * MIB + 0x20));
    multiboot_tag2(&rig.tags, 5, 0, 3, 0, 0, 0);
    rig_end2();
    rig_loads("Multiboot 2 (without the framebuffer it prefers)");
    assert_int_equal(rig.start.rip, 4 * MIB + 0x20);
    rig_setup(NULL);
    rig_make_elf(true, 4 * MIB, 0x40000000);
    rig_begin2();
    multiboot_tag2(&rig.tags, 3, 0, 1, (uint32_t)(4 * MIB + CODE_SIZE));
    rig_end2();
    rig_refused("entry address 0x401000 is in none");
}

static void flat_by_version_2(void **state)
{
    (void)state;
    rig_begin2();
    multiboot_tag2(&rig.tags, 2, 0, 4, (uint32_t)(2 * MIB + HEADER),
                   (uint32_t)(2 * MIB), 0, 0);
    multiboot_tag2(&rig.tags, 3, 0, 1, (uint32_t)(2 * MIB + CODE));
    rig_end2();
    rig_loads("Multiboot 2");
    assert_memory_equal(rig.ram + 2 * MIB, rig.kernel, KERNEL_SIZE);
    assert_int_equal(rig.start.rip, 2 * MIB + CODE);
}

/* With both headers the newer one counts. */
static void both_versions(void **state)
{
    (void)state;
    rig_make_elf(false, 4 * MIB, 0);
    rig_plain2();
    put32(rig.kernel + 0x400, 0x1badb002);
    put32(rig.kernel + 0x404, 0);
    put32(rig.kernel + 0x408, -0x1badb002U);
    rig_loads("Multiboot 2");
    rig.request.protocol = "multiboot1";
    rig_loads("Multiboot 1");
    rig.request.protocol = "multiboot2";
    rig_loads("Multiboot 2");
    put32(rig.kernel + HEADER, 0);
    assert_non_null(strstr(boot_load(&rig.memory, &rig.request, &rig.start),
                           "not one for it; protocol auto would take it for "
                           "Multiboot 1"));
    assert_int_equal(rig.start.blame, BOOT_BLAME_PROTOCOL);
    rig.request.protocol = "pvh";
    assert_non_null(strstr(boot_load(&rig.memory, &rig.request, &rig.start),
                           "not one for it; protocol auto would"));
    rig.request.protocol = NULL;
    rig_loads("Multiboot 1");
}

/* ---- refusals ---- */

static void how_to_load_is_unknown(void **state)
{
    (void)state;
    rig_header1(3);
    rig_refused("address fields (flag 16)");
    put32(rig.kernel + HEADER, 0);
    rig_plain2();
    rig_refused("an address tag (type 2)");
}

static void headers_that_are_refused(void **state)
{
    (void)state;
    rig_make_elf(false, 4 * MIB, 0);
    rig_header1(0x1000);
    rig_refused("requires flag 12");
    rig_header1(0);
    put32(rig.kernel + HEADER, 0);
    rig_begin2();
    multiboot_tag2(&rig.tags, 99, 0, 0);
    rig_end2();
    rig_refused("a tag of type 99");
}

static void flat_images_that_are_refused(void **state)
{
    (void)state;
    rig_flat1(MIB, MIB);
    rig_refused("do not follow");
    rig_flat1((uint32_t)RAM_SIZE - 0x1000, 0);
    rig_refused("has no memory");
    rig_flat1(0xf0000000, 0);
    rig_refused("has no memory");
    rig_flat1(0xa0000, 0);
    rig_refused("640 KiB and 1 MiB");
    rig_flat1(0x9f000, 0);
    rig_refused("640 KiB and 1 MiB");
    rig_flat1((uint32_t)(63 * MIB), (uint32_t)(64 * MIB + 1));
    rig_refused("has no memory");
}

static void elf_files_that_are_refused(void **state)
{
    (void)state;
    rig_header1(0);
    rig_make_elf(false, 4 * MIB, 0);
    ((Elf32_Ehdr *)rig.kernel)->e_machine = EM_ARM;
    rig_refused("another kind of machine");
    rig_make_elf(false, 4 * MIB, 0);
    rig.kernel[EI_DATA] = ELFDATA2MSB;
    rig_refused("big endian");
    rig_make_elf(false, 4 * MIB, 0);
    ((Elf32_Ehdr *)rig.kernel)->e_type = ET_REL;
    rig_refused("not an executable");
    rig_make_elf(false, 4 * MIB, 0);
    ((Elf32_Ehdr *)rig.kernel)->e_entry = 0x1234;
    rig_refused("entry 0x1234 is in none");
    rig_make_elf(false, 4 * MIB, 0);
    rig_segment32(1)->p_offset = KERNEL_SIZE - 0xff;
    rig_refused("cut short");
    rig_make_elf(false, 4 * MIB, 0);
    rig_segment32(1)->p_filesz = 0x5001;
    rig_refused("larger in the file");
    rig_make_elf(false, 4 * MIB, 0);
    rig_segment32(1)->p_paddr = (uint32_t)(4 * MIB + CODE_SIZE - 1);
    rig_refused("overlaps");
    rig_make_elf(false, 4 * MIB, 0);
    rig_segment32(1)->p_memsz = (uint32_t)(58 * MIB + 1);
    rig_refused("has no memory");
    rig_make_elf(false, 0xb8000, 0);
    rig_refused("640 KiB and 1 MiB");
    rig_make_elf(false, 4 * MIB, 0);
    rig_segment32(0)->p_type = rig_segment32(1)->p_type = PT_NULL;
    rig_refused("no segment to load");
}

static void beyond_4_gib(void **state)
{
    (void)state;
    rig_header1(0);
    rig_make_elf(true, 0xfff00000, 0);
    rig_refused("below 4 GiB");
    rig_make_elf(true, 1ULL << 40, 0);
    rig_refused("below 4 GiB");
}

static void sections_that_are_refused(void **state)
{
    (void)state;
    rig_header1(0);
    rig_make_elf(false, 4 * MIB, 0);
    rig_add_sections();
    ((Elf32_Shdr *)(rig.kernel + SECTIONS))[1].sh_size = KERNEL_SIZE;
    rig_refused("its section 1");
    rig_make_elf(false, 4 * MIB, 0);
    rig_add_sections();
    ((Elf32_Ehdr *)rig.kernel)->e_shoff = KERNEL_SIZE - 10;
    rig_refused("section headers");
}

/* Cut anywhere, it is rig_refused, and nothing beyond the end is read. */
static void every_truncation(void **state)
{
    (void)state;
    for (unsigned version = 1; version < 3; version++) {
        rig_setup(NULL);
        rig_make_elf(false, 4 * MIB, 0);
        rig_add_sections();
        if (version == 1) {
            rig_header1(3);
        } else {
            rig_plain2();
        }
        for (uint64_t size = 0; size < MARKER + MARKER_SIZE; size += 13) {
            uint8_t *copy = malloc(size + 1);

            copy = realloc(copy, size == 0 ? 1 : size);
            memcpy(copy, rig.kernel, size);
            rig.request.kernel = copy;
            rig.request.kernel_size = size;
            assert_non_null(boot_load(&rig.memory, &rig.request, &rig.start));
            free(copy);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(elf32_by_version_1, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(elf64_by_version_1, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(flat_by_version_1, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(address_fields_before_elf, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(elf_by_version_2, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(entry_tag, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(flat_by_version_2, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(both_versions, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(how_to_load_is_unknown, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(headers_that_are_refused, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(flat_images_that_are_refused, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(elf_files_that_are_refused, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(beyond_4_gib, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(sections_that_are_refused, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(every_truncation, rig_setup,
                                        rig_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
