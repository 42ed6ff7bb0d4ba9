/* Where Multiboot's pieces go: modules, information, sections, and images that
 * may be relocated. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/support/multiboot_rig.h"
#include "vmm/memory/little_endian.h"

/* ---- layout ---- */

static const uint8_t bytes_a[5000] = "first", bytes_b[1] = {'b'},
                     bytes_c[12288] = "third";
static const struct boot_file initrds[] = {{bytes_a, 5000, NULL, "\\a.img"}};
static const struct boot_file modules[] = {
    {bytes_b, 1, "irq=5", "\\b\\b"},
    {NULL, 0, "nothing", NULL},
    {bytes_c, 12288, "", "c"},
};

static void modules_behind_the_kernel(void **state)
{
    static const uint64_t sizes[] = {5000, 1, 0, 12288};
    static const char *const strings[] = {"/a.img", "/b/b irq=5", "nothing",
                                          "c"};
    uint64_t expected = 6 * MIB + 0x5000;

    (void)state;
    rig_make_elf(false, 4 * MIB, 0);
    rig_header1(3);
    rig.request.initrd = initrds;
    rig.request.initrd_count = 1;
    rig.request.module = modules;
    rig.request.module_count = 3;
    rig_loads("Multiboot 1");
    assert_int_equal(rig_info1(20), 4);
    for (unsigned i = 0; i < 4; i++) {
        const uint8_t *entry = rig.ram + rig_info1(24) + 16 * i;
        const struct boot_file *piece = i == 0 ? initrds : &modules[i - 1];

        assert_int_equal(get32(entry), expected);
        assert_int_equal(get32(entry + 4), expected + sizes[i]);
        assert_string_equal((char *)rig.ram + get32(entry + 8), strings[i]);
        if (sizes[i] != 0) {
            assert_memory_equal(rig.ram + get32(entry), piece->bytes, sizes[i]);
        }
        expected += align_up(sizes[i] == 0 ? 1 : sizes[i], 0x1000);
    }
    /* The same in version 2. */
    rig_header1(0);
    put32(rig.kernel + HEADER, 0);
    rig_plain2();
    rig_loads("Multiboot 2");
    for (unsigned i = 0; i < 4; i++) {
        uint64_t tag = rig_info2(3, i);

        assert_int_equal(get32(rig.ram + tag + 8) % 0x1000, 0);
        assert_int_equal(get32(rig.ram + tag + 12) - get32(rig.ram + tag + 8),
                         sizes[i]);
    }
    assert_int_equal(rig_info2(3, 4), 0);
}

static void modules_that_are_refused(void **state)
{
    struct boot_file many[33];
    struct boot_file large = {bytes_a, 58 * MIB, "large", NULL};

    (void)state;
    rig_make_elf(false, 4 * MIB, 0);
    rig_header1(3);
    for (size_t i = 0; i < 33; i++) {
        many[i] = modules[0];
    }
    rig.request.module = many;
    rig.request.module_count = 32;
    rig_loads("Multiboot 1");
    rig_setup(NULL);
    rig_make_elf(false, 4 * MIB, 0);
    rig_header1(3);
    rig.request.module = many;
    rig.request.module_count = 33;
    rig_refused("more than 32 modules");
    rig.request.module = &large;
    rig.request.module_count = 1;
    rig_refused("memory is too small");
    large.size = UINT64_MAX;
    rig_refused("memory is too small");
    large.size = 4ULL << 30;
    rig_refused("memory is too small");
}

/* A kernel at the top leaves no room behind it. */
static void modules_before_a_high_kernel(void **state)
{
    (void)state;
    rig_make_elf(false, (uint32_t)(62 * MIB - 0x5000), 0);
    rig_header1(3);
    rig.request.initrd = initrds;
    rig.request.initrd_count = 1;
    rig_loads("Multiboot 1");
    assert_int_equal(get32(rig.ram + rig_info1(24)), MIB);
    assert_memory_equal(rig.ram + MIB, bytes_a, 5000);
}

static void information_in_low_memory(void **state)
{
    (void)state;
    rig_make_elf(false, 4 * MIB, 0);
    rig_header1(3);
    rig_loads("Multiboot 1");
    assert_int_equal(rig.start.gprs[GPR_RBX], 0x10000);

    /* Not where the kernel is. */
    rig_flat1(0x10000, 0x9fff0);
    rig_loads("Multiboot 1");
    assert_true(rig.start.gprs[GPR_RBX] >= MIB);
    rig_flat1(0x1000, 0xa0000);
    rig_loads("Multiboot 1");
    assert_true(rig.start.gprs[GPR_RBX] >= MIB);
    assert_true(rig.start.gdt >= MIB);
    assert_true(rig.start.gprs[GPR_RSP] >= MIB);
}

static void sections_are_loaded(void **state)
{
    (void)state;
    for (unsigned is64 = 0; is64 < 2; is64++) {
        rig_setup(NULL);
        if (is64) {
            rig_make_elf(true, 4 * MIB, 0);
        } else {
            rig_make_elf(false, 4 * MIB, 0);
        }
        rig_add_sections();
        rig_header1(3);
        rig.request.initrd = initrds;
        rig.request.initrd_count = 1;
        rig_loads("Multiboot 1");
        assert_int_equal(rig_info1(0), 0x26d);
        const uint8_t *table = rig.ram + rig_info1(36);
        uint64_t address =
            is64 ? get64(table + 64 + 16) : get32(table + 40 + 12);

        assert_int_equal(address, 6 * MIB + 0x5000 + 0x2000);
        assert_memory_equal(rig.ram + address, rig.kernel + MARKER,
                            MARKER_SIZE);
        put32(rig.kernel + HEADER, 0);
        rig_plain2();
        rig_loads("Multiboot 2");
        table = rig.ram + rig_info2(9, 0) + 20;
        assert_int_equal(is64 ? get64(table + 64 + 16) : get32(table + 40 + 12),
                         6 * MIB + 0x5000 + 0x2000);
    }
}

/* Nothing is written but kernel, modules, sections, GDT and information; the
 * stack is the kernel's own. */
static void touches_only_its_layout(void **state)
{
    (void)state;
    rig_make_elf(false, 4 * MIB, 0);
    rig_add_sections();
    rig_header1(3);
    rig.request.initrd = initrds;
    rig.request.initrd_count = 1;
    rig_loads("Multiboot 1");
    uint64_t info = rig.start.gprs[GPR_RBX];

    for (uint64_t i = 0; i < RAM_SIZE; i++) {
        bool ours =
            (i >= 4 * MIB && i < 4 * MIB + CODE_SIZE) ||
            (i >= 6 * MIB && i < 6 * MIB + 0x5000) ||
            (i >= 6 * MIB + 0x5000 && i < 6 * MIB + 0x5000 + 5000) ||
            (i >= 6 * MIB + 0x7000 && i < 6 * MIB + 0x7000 + MARKER_SIZE) ||
            (i >= info && i < info + 0x200) ||
            (i >= rig.start.gdt && i <= rig.start.gdt + rig.start.gdt_limit);

        if (!ours && rig.ram[i] != 0xa5) {
            fail_msg("byte %#llx was written", (unsigned long long)i);
        }
    }
}

/* ---- relocation ---- */

static const struct {
    const char *name;
    uint32_t min, max, align, preference;
    uint64_t base; /* 0: refused */
} relocations[] = {
    /* The image spans 2 MiB + 0x5000 from 4 MiB as linked. */
    {"as linked", 0, UINT32_MAX, 0x1000, 0, 4 * MIB},
    {"as linked, just so", 4 * MIB, 6 * MIB + 0x5000, 0x400000, 0, 4 * MIB},
    {"not so low", 5 * MIB, UINT32_MAX, 0x1000, 0, 5 * MIB},
    {"not so high", MIB, 4 * MIB, 0x1000, 0, MIB},
    {"not aligned", 0, UINT32_MAX, 0x800000, 0, 8 * MIB},
    {"lowest", 0x100001, UINT32_MAX, 0x1000, 1, 0x101000},
    {"lowest of all", 0, UINT32_MAX, 0x1000, 1, MIB},
    {"any alignment", 0x123457, UINT32_MAX, 1, 1, 0x123457},
    {"none is 1", 0x123457, UINT32_MAX, 0, 1, 0x123457},
    {"highest", 0, UINT32_MAX, 0x200000, 2, 60 * MIB},
    {"highest under a bound", 0, 32 * MIB, 0x1000, 2, 30 * MIB - 0x5000},
    {"highest, one byte less", 0, 32 * MIB - 1, 0x1000, 2, 30 * MIB - 0x6000},
    {"no range", 32 * MIB, 32 * MIB, 0x1000, 0, 0},
    {"range upside down", 32 * MIB, 16 * MIB, 0x1000, 2, 0},
    {"range too small", 32 * MIB, 34 * MIB + 0x4fff, 0x1000, 1, 0},
    {"range beyond memory", 64 * MIB, UINT32_MAX, 0x1000, 1, 0},
    {"alignment beyond memory", 0, UINT32_MAX, 0x80000000, 0, 0},
};

static void relocatable_elf(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(relocations) / sizeof(relocations[0]); i++) {
        rig_setup(NULL);
        rig_make_elf(true, 4 * MIB, 0xffffffff80000000);
        rig_begin2();
        multiboot_tag2(&rig.tags, 10, 0, 4, relocations[i].min,
                       relocations[i].max, relocations[i].align,
                       relocations[i].preference);
        rig_end2();
        if (relocations[i].base == 0) {
            rig_refused("relocatable tag wants 0x205000 bytes");
            continue;
        }
        rig_loads("Multiboot 2");
        if (rig.start.kernel != relocations[i].base) {
            fail_msg("%s: %#llx", relocations[i].name,
                     (unsigned long long)rig.start.kernel);
        }
        rig_image_is_at(relocations[i].base);
        assert_int_equal(rig.start.rip, relocations[i].base + 0x10);
        assert_int_equal(rig.start.relocation.by,
                         relocations[i].base - 4 * MIB);
        assert_int_equal(rig.start.relocation.base, relocations[i].base);
        assert_int_equal(rig.start.relocation.end,
                         relocations[i].base + 2 * MIB + 0x5000);
        assert_int_equal(get32(rig.ram + rig_info2(21, 0) + 8),
                         relocations[i].base);
    }
}

static void relocatable_flat(void **state)
{
    (void)state;
    rig_begin2();
    multiboot_tag2(&rig.tags, 2, 0, 4, (uint32_t)(2 * MIB + HEADER),
                   (uint32_t)(2 * MIB), 0, 0);
    multiboot_tag2(&rig.tags, 3, 0, 1, (uint32_t)(2 * MIB + CODE));
    multiboot_tag2(&rig.tags, 10, 0, 4, (uint32_t)(16 * MIB), UINT32_MAX,
                   0x1000, 1);
    rig_end2();
    rig_loads("Multiboot 2");
    assert_memory_equal(rig.ram + 16 * MIB, rig.kernel, KERNEL_SIZE);
    assert_int_equal(rig.start.rip, 16 * MIB + CODE);
    assert_int_equal(rig.ram[2 * MIB], 0xa5);
    assert_int_equal(get32(rig.ram + rig_info2(21, 0) + 8), 16 * MIB);
}

/* Moving does not make overlapping segments right. */
static void relocatable_and_overlapping(void **state)
{
    (void)state;
    rig_make_elf(false, 4 * MIB, 0);
    rig_segment32(1)->p_paddr = (uint32_t)(4 * MIB + 1);
    rig_begin2();
    multiboot_tag2(&rig.tags, 10, 0, 4, (uint32_t)(16 * MIB), UINT32_MAX,
                   0x1000, 1);
    rig_end2();
    rig_refused("overlaps");
}

/* An image linked where there is no memory may be moved to where there is. */
static void linked_beyond_memory(void **state)
{
    (void)state;
    rig_make_elf(false, 0xc0000000, 0);
    rig_begin2();
    multiboot_tag2(&rig.tags, 10, 0, 4, 0, UINT32_MAX, 0x1000, 0);
    rig_end2();
    rig_loads("Multiboot 2");
    rig_image_is_at(MIB);
    assert_int_equal(rig.start.rip, MIB + 0x10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(modules_behind_the_kernel, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(modules_that_are_refused, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(modules_before_a_high_kernel, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(information_in_low_memory, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(sections_are_loaded, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(touches_only_its_layout, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(relocatable_elf, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(relocatable_flat, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(relocatable_and_overlapping, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(linked_beyond_memory, rig_setup,
                                        rig_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
