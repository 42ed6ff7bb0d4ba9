/* ELF kernels: by PVH note and plain, sound ones and ones with one thing wrong;
 * what they are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/vmx/guest.h"
#include "test/unit/support/elf_kernel.h"
#include "vmm/boot/boot_protocol.h"
#include "vmm/boot/elf.h"
#include "vmm/boot/start_info.h"

#define MIB      0x100000ULL
#define RAM_SIZE (16 * MIB)

static uint8_t *ram;
static struct guest_memory memory;
static struct memory_map map;
static uint8_t kernel[KERNEL_SIZE];
static struct boot_request request;
static struct boot_start start;

static int setup(void **state)
{
    (void)state;
    ram = malloc(RAM_SIZE);
    memset(ram, 0xa5, RAM_SIZE);
    memory = (struct guest_memory){
        .slots = {{.base = 0, .size = RAM_SIZE, .host = ram}},
        .slot_count = 1,
    };
    memset(&map, 0, sizeof(map));
    memory_map_add(&map, RAM_SIZE);
    kernel_make(kernel, true, true);
    request = (struct boot_request){
        .kernel = kernel,
        .kernel_size = KERNEL_SIZE,
        .command_line = "one two",
        .e820 = map.e820,
        .e820_count = map.e820_count,
        .rsdp = {0xe0000},
    };
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(ram);
    return 0;
}

static const char *load(void)
{
    return boot_load(&memory, &request, &start);
}

static void refused(const char *says)
{
    const char *why = load();

    if (why == NULL || strstr(why, says) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", says, why == NULL ? "" : why);
    }
    /* Judged before anything is written. */
    for (uint64_t i = 0; i < RAM_SIZE; i += 8) {
        assert_int_equal(ram[i], 0xa5);
    }
}

/* ---- sound kernels ---- */

static void check_segments(uint64_t base)
{
    assert_memory_equal(ram + base, kernel + KERNEL_CODE, 0x200);
    assert_memory_equal(ram + base + 0x1000, kernel + KERNEL_DATA, 0x100);
    for (uint64_t i = 0x1100; i < 0x1000 + 0x2345; i++) {
        assert_int_equal(ram[base + i], 0);
    }
    assert_int_equal(ram[base + 0x1000 + 0x2345], 0xa5);
    assert_int_equal(ram[base + 0x200], 0xa5);
}

static const struct start_info *info_at(uint64_t address)
{
    const struct start_info *info = (const void *)(ram + address);

    assert_int_equal(info->magic, 0x336ec578);
    assert_int_equal(info->version, 1);
    assert_int_equal(info->flags, 0);
    assert_int_equal(info->reserved, 0);
    assert_string_equal(ram + info->command_line, "one two");
    assert_int_equal(info->rsdp, 0xe0000);
    assert_int_equal(info->map_count, map.e820_count);
    for (size_t i = 0; i < map.e820_count; i++) {
        const struct start_info_map *line =
            (const struct start_info_map *)(const void *)(ram + info->map) + i;

        assert_int_equal(line->address, map.e820[i].base);
        assert_int_equal(line->size, map.e820[i].size);
        assert_int_equal(line->type, map.e820[i].type);
        assert_int_equal(line->reserved, 0);
    }
    return info;
}

static void pvh_of_64_bits(void **state)
{
    (void)state;
    assert_null(load());
    assert_string_equal(start.protocol, "PVH");
    assert_string_equal(start.version, "tinya ");
    assert_int_equal(start.mode, BOOT_PROTECTED);
    assert_int_equal(start.rip, KERNEL_BASE + 0x10);
    check_segments(KERNEL_BASE);
    assert_int_equal(info_at(start.gprs[GPR_RBX])->module_count, 0);
    assert_int_equal(info_at(start.gprs[GPR_RBX])->modules, 0);
}

static void pvh_of_32_bits(void **state)
{
    (void)state;
    kernel_make(kernel, false, true);
    assert_null(load());
    assert_string_equal(start.protocol, "PVH");
    assert_int_equal(start.rip, KERNEL_BASE + 0x10);
    check_segments(KERNEL_BASE);
    info_at(start.gprs[GPR_RBX]);
}

static void plain_of_64_bits(void **state)
{
    (void)state;
    kernel_make(kernel, true, false);
    assert_null(load());
    assert_string_equal(start.protocol, "plain ELF");
    assert_non_null(start.contract);
    assert_int_equal(start.mode, BOOT_LONG);
    assert_int_equal(start.rip, KERNEL_BASE + 0x20);
    assert_int_equal(start.relocation.by, 0);
    assert_int_equal(start.gprs[GPR_RSP] % 16, 8);
    assert_int_equal(*(uint64_t *)(ram + start.gprs[GPR_RSP]), 0);
    check_segments(KERNEL_BASE);
    info_at(start.gprs[GPR_RDI]);

    /* An entry that is a physical address already. */
    ((Elf64_Ehdr *)kernel)->e_entry = KERNEL_BASE + 0x30;
    assert_null(load());
    assert_int_equal(start.rip, KERNEL_BASE + 0x30);
}

static void identity_map_is_all_memory(void **state)
{
    (void)state;
    kernel_make(kernel, true, false);
    for (unsigned gib_pages = 0; gib_pages < 2; gib_pages++) {
        request.gib_pages = gib_pages != 0;
        /* A slot above; only its bounds count here. */
        memory.slots[1] = (struct guest_memory_slot){6ULL << 30, MIB, ram};
        memory.slot_count = 2;
        assert_null(load());

        const uint64_t *pml4 = (const uint64_t *)(ram + start.page_tables);
        const uint64_t *pdpt = (const uint64_t *)(ram + (pml4[0] & ~0xfffULL));

        for (uint64_t gib = 0; gib < 7; gib++) {
            assert_int_equal(pdpt[gib] & 0x83, gib_pages ? 0x83 : 3);
            if (gib_pages) {
                assert_int_equal(pdpt[gib] & ~0xfffULL, gib << 30);
                continue;
            }
            const uint64_t *pd =
                (const uint64_t *)(ram + (pdpt[gib] & ~0xfffULL));

            for (uint64_t i = 0; i < 512; i++) {
                assert_int_equal(pd[i], (gib << 30 | i << 21) | 0x83);
            }
        }
        assert_int_equal(pdpt[7], 0);
        assert_int_equal(pml4[1], 0);
    }
}

static void position_independent_kernels_are_moved(void **state)
{
    Elf64_Ehdr *header = (Elf64_Ehdr *)kernel;
    Elf64_Phdr *segments = (Elf64_Phdr *)(header + 1);

    (void)state;
    kernel_make(kernel, true, false);
    header->e_type = ET_DYN;
    header->e_entry = 0x20;
    segments[0].p_vaddr = segments[0].p_paddr = 0;
    segments[2].p_vaddr = segments[2].p_paddr = 0x1000;
    assert_null(load());
    assert_int_equal(start.rip, 0x200020);
    assert_int_equal(start.kernel, 0x200000);
    assert_int_equal(start.relocation.by, 0x200000);
    assert_int_equal(start.relocation.base, 0x200000);
    assert_int_equal(start.relocation.end, 0x203345);
    check_segments(0x200000);

    segments[0].p_align = 8 * MIB;
    assert_null(load());
    assert_int_equal(start.kernel, 8 * MIB);
    segments[0].p_align = 1ULL << 63;
    assert_non_null(load());
    segments[0].p_align = 0x1000;
    segments[2].p_memsz = RAM_SIZE;
    assert_non_null(load());
}

static void initrd_and_modules(void **state)
{
    static const uint8_t a[] = "12345", b[] = "abc", c[] = "module";
    const struct boot_file initrd[] = {{.bytes = a, .size = 5},
                                       {.bytes = b, .size = 3}};
    const struct boot_file module[] = {
        {.bytes = c, .size = 6, .command_line = "x y"}, {.command_line = ""}};

    (void)state;
    request.initrd = initrd;
    request.initrd_count = 2;
    request.module = module;
    request.module_count = 2;
    assert_null(load());

    const struct start_info *info = info_at(start.gprs[GPR_RBX]);
    const struct start_info_module *list =
        (const struct start_info_module *)(const void *)(ram + info->modules);

    assert_int_equal(info->module_count, 3);
    assert_int_equal(list[0].size, 11);
    assert_int_equal(list[0].address, start.initrd);
    assert_int_equal(list[0].command_line, 0);
    assert_memory_equal(ram + list[0].address, "12345\0\0\0abc", 11);
    assert_int_equal(list[1].size, 6);
    assert_memory_equal(ram + list[1].address, "module", 6);
    assert_string_equal(ram + list[1].command_line, "x y");
    assert_int_equal(list[2].size, 0);
    assert_string_equal(ram + list[2].command_line, "");
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(list[i].address % 0x1000, 0);
        assert_int_equal(list[i].reserved, 0);
    }
}

static void modules_keep_their_limits(void **state)
{
    struct boot_file module[20];

    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        module[i] =
            (struct boot_file){.bytes = kernel, .size = 1, .command_line = ""};
    }
    request.module = module;
    request.module_count = 16;
    assert_null(load());
    memset(ram, 0xa5, RAM_SIZE);
    request.module_count = 17;
    refused("more than 16 modules");
    request.module_count = 1;
    module[0].size = RAM_SIZE;
    refused("memory is too small");
    module[0].size = UINT64_MAX;
    refused("memory is too small");
}

/* ---- one thing wrong ---- */

struct wrong {
    unsigned offset;
    unsigned size;
    uint64_t value;
    const char *says;
};

#define HEADER(field)                                                          \
    offsetof(Elf64_Ehdr, field), sizeof(((Elf64_Ehdr *)0)->field)
#define SEGMENT(index, field)                                                  \
    sizeof(Elf64_Ehdr) + (index) * sizeof(Elf64_Phdr) +                        \
        offsetof(Elf64_Phdr, field),                                           \
        sizeof(((Elf64_Phdr *)0)->field)

static const struct wrong wrongs[] = {
    {EI_CLASS, 1, 3, "neither of 32 nor of 64"},
    {EI_DATA, 1, ELFDATA2MSB, "big endian"},
    {EI_VERSION, 1, 0, "unknown version"},
    {HEADER(e_type), ET_REL, "not an executable"},
    {HEADER(e_type), ET_CORE, "not an executable"},
    {HEADER(e_machine), EM_AARCH64, "another kind of machine"},
    {HEADER(e_machine), EM_386, "is for the i386"},
    {HEADER(e_phnum), 0, "no program headers"},
    {HEADER(e_phnum), 0xffff, "cut short"},
    {HEADER(e_phentsize), 32, "too small"},
    {HEADER(e_phoff), KERNEL_SIZE - 8, "cut short"},
    {HEADER(e_phoff), UINT64_MAX - 8, "cut short"},
    {SEGMENT(0, p_filesz), 0x201, "larger in the file"},
    {SEGMENT(0, p_filesz), UINT64_MAX, "larger in the file"},
    {SEGMENT(0, p_offset), KERNEL_SIZE - 0x1ff, "cut short"},
    {SEGMENT(0, p_offset), UINT64_MAX - 0x100, "cut short"},
    {SEGMENT(2, p_memsz), UINT64_MAX, "wraps"},
    {SEGMENT(2, p_vaddr), UINT64_MAX - 0x100, "wraps"},
    {SEGMENT(2, p_paddr), UINT64_MAX - 0x100, "wraps"},
    {SEGMENT(2, p_paddr), KERNEL_BASE + 0x1ff, "overlaps another part"},
    {SEGMENT(2, p_memsz), RAM_SIZE, "has no memory"},
    {SEGMENT(2, p_paddr), RAM_SIZE - 0x2344, "has no memory"},
    {SEGMENT(2, p_paddr), 0xe0000, "firmware's tables"},
    {SEGMENT(2, p_paddr), 0x9f000, "firmware's tables"},
    {SEGMENT(2, p_paddr), 0xd0000000, "has no memory"},
};

static void each_fault_is_refused(void **state)
{
    (void)state;
    for (unsigned pvh = 0; pvh < 2; pvh++) {
        for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
            kernel_make(kernel, true, pvh != 0);
            memcpy(kernel + wrongs[i].offset, &wrongs[i].value, wrongs[i].size);
            refused(wrongs[i].says);
        }
    }
}

static void entries_are_judged(void **state)
{
    Elf64_Phdr *segments = (Elf64_Phdr *)(kernel + sizeof(Elf64_Ehdr));
    uint64_t entry = KERNEL_BASE + 0x200;
    uint32_t *size = (uint32_t *)(kernel + KERNEL_NOTES + 24);

    (void)state;
    memcpy(kernel + KERNEL_NOTES + 36, &entry, sizeof(entry));
    refused("not in any of its segments");
    entry = KERNEL_BASE + (1ULL << 32);
    memcpy(kernel + KERNEL_NOTES + 36, &entry, sizeof(entry));
    refused("not in any of its segments");
    *size = 2;
    refused("has 2 bytes");
    *size = 4096; /* beyond the segment: no note */
    assert_null(load());
    assert_string_equal(start.protocol, "plain ELF");
    memset(ram, 0xa5, RAM_SIZE);

    kernel_make(kernel, true, false);
    ((Elf64_Ehdr *)kernel)->e_entry = 0;
    refused("entry 0 is not in any");
    segments[1].p_type = PT_INTERP;
    refused("a program for an operating system");
    kernel_make(kernel, false, false);
    refused("neither a PVH note nor a multiboot header");
    kernel_make(kernel, true, false);
    segments[0].p_type = segments[2].p_type = PT_NULL;
    refused("no segment to load");
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 3; kind++) {
        for (uint64_t size = 0; size < KERNEL_DATA + 0x100; size += 3) {
            if (kind == 0) {
                kernel_make(kernel, true, false);
            } else if (kind == 1) {
                kernel_make(kernel, true, true);
            } else {
                kernel_make(kernel, false, true);
            }
            uint8_t *copy = malloc(size + 1);

            memcpy(copy, kernel, size);
            copy = realloc(copy, size == 0 ? 1 : size);
            request.kernel = copy;
            request.kernel_size = size;
            assert_non_null(load());
            free(copy);
        }
    }
}

static void a_segment_of_no_bytes_is_nowhere_in_the_file(void **state)
{
    Elf64_Phdr *segments = (Elf64_Phdr *)(kernel + sizeof(Elf64_Ehdr));

    (void)state;
    segments[2].p_offset = UINT64_MAX;
    segments[2].p_filesz = 0;
    assert_null(load());
    for (uint64_t i = 0; i < 0x2345; i++) {
        assert_int_equal(ram[KERNEL_BASE + 0x1000 + i], 0);
    }
}

/* Segments of 4096 notes each, and one with the note that is looked for: found
 * among the first 65536, not sought behind them. */
static void notes_end(void **state)
{
    enum {
        SEGMENTS = 64,
        NOTES = 4096,
        WANTED = 7,
        SIZE =
            sizeof(Elf64_Ehdr) + SEGMENTS * sizeof(Elf64_Phdr) + NOTES * 12 + 16
    };
    uint8_t *file = calloc(1, SIZE);
    Elf64_Phdr *segments = (Elf64_Phdr *)(file + sizeof(Elf64_Ehdr));
    Elf64_Nhdr *wanted = (Elf64_Nhdr *)(void *)(file + SIZE - 16);
    struct elf_note note;
    struct elf elf;

    (void)state;
    memcpy(file, kernel, sizeof(Elf64_Ehdr));
    ((Elf64_Ehdr *)file)->e_phnum = SEGMENTS;
    *wanted = (Elf64_Nhdr){.n_namesz = 2, .n_type = WANTED};
    memcpy(file + SIZE - 4, "X", 2);
    for (size_t at = 14; at < 18; at++) {
        for (size_t i = 0; i < SEGMENTS; i++) {
            segments[i] = (Elf64_Phdr){.p_type = PT_NOTE,
                                       .p_offset = SIZE - 16 - NOTES * 12,
                                       .p_filesz = NOTES * 12};
        }
        segments[at].p_offset = SIZE - 16;
        segments[at].p_filesz = 16;
        assert_null(elf_open(&elf, file, SIZE));
        assert_int_equal(elf_find_note(&elf, "X", WANTED, &note), at < 16);
    }
    free(file);
}

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pvh_of_64_bits),
        TEST(pvh_of_32_bits),
        TEST(plain_of_64_bits),
        TEST(identity_map_is_all_memory),
        TEST(position_independent_kernels_are_moved),
        TEST(initrd_and_modules),
        TEST(modules_keep_their_limits),
        TEST(each_fault_is_refused),
        TEST(entries_are_judged),
        TEST(every_truncation_is_refused),
        TEST(a_segment_of_no_bytes_is_nowhere_in_the_file),
        TEST(notes_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
