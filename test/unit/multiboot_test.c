/* Loading by Multiboot as a whole: synthetic kernels of every form into 64 MiB
 * of junk, where each piece goes, and what is refused. What is in the
 * information is multiboot_info_test.c's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <elf.h>

#include "vmm/boot_protocol.h"
#include "vmm/little_endian.h"

#define MIB      0x100000ULL
#define RAM_SIZE (64 * MIB)

static uint8_t *ram;
static struct guest_memory memory;
static struct memory_map map;
static struct boot_request request;
static struct boot_start start;

/* The kernel: ELF headers, then a Multiboot header at HEADER, code at CODE and
 * sections at the end. */
#define HEADER      0x200
#define CODE        0x1000
#define CODE_SIZE   0x1000
#define SECTIONS    0x3000
#define MARKER      0x3200
#define MARKER_SIZE 0x123
#define KERNEL_SIZE 0x3400
static uint8_t kernel[KERNEL_SIZE];
static uint64_t header_grown;

void guest_set(struct guest *guest, enum guest_reg reg, uint64_t value)
{
    (void)guest;
    (void)reg;
    (void)value;
}

void guest_set_gpr(struct guest *guest, enum gpr gpr, uint64_t value)
{
    (void)guest;
    (void)gpr;
    (void)value;
}

/* ---- kernels ---- */

static Elf32_Phdr *segment32(unsigned index)
{
    return (Elf32_Phdr *)(kernel + sizeof(Elf32_Ehdr)) + index;
}

static Elf64_Phdr *segment64(unsigned index)
{
    return (Elf64_Phdr *)(kernel + sizeof(Elf64_Ehdr)) + index;
}

static void ident(unsigned char *to, unsigned char class)
{
    memset(to, 0, EI_NIDENT);
    memcpy(to, ELFMAG, SELFMAG);
    to[EI_CLASS] = class;
    to[EI_DATA] = ELFDATA2LSB;
    to[EI_VERSION] = EV_CURRENT;
}

/* Code and data: at `physical` and 2 MiB above it; their virtual addresses are
 * `offset` higher. */
static void make_elf32(uint32_t physical, uint32_t offset)
{
    Elf32_Ehdr *header = (Elf32_Ehdr *)kernel;
    Elf32_Shdr *table = (Elf32_Shdr *)(kernel + SECTIONS);

    *header = (Elf32_Ehdr){
        .e_type = ET_EXEC,
        .e_machine = EM_386,
        .e_version = EV_CURRENT,
        .e_entry = physical + offset + 0x10,
        .e_phoff = sizeof(Elf32_Ehdr),
        .e_phentsize = sizeof(Elf32_Phdr),
        .e_phnum = 2,
    };
    ident(header->e_ident, ELFCLASS32);
    *segment32(0) = (Elf32_Phdr){
        .p_type = PT_LOAD,
        .p_offset = CODE,
        .p_vaddr = physical + offset,
        .p_paddr = physical,
        .p_filesz = CODE_SIZE,
        .p_memsz = CODE_SIZE,
    };
    *segment32(1) = (Elf32_Phdr){
        .p_type = PT_LOAD,
        .p_offset = CODE + CODE_SIZE,
        .p_vaddr = physical + offset + 2 * MIB,
        .p_paddr = physical + 2 * MIB,
        .p_filesz = 0x100,
        .p_memsz = 0x5000,
    };
    memset(table, 0, 2 * sizeof(*table));
    table[1] = (Elf32_Shdr){
        .sh_type = SHT_PROGBITS,
        .sh_offset = MARKER,
        .sh_size = MARKER_SIZE,
        .sh_addralign = 4,
    };
}

static void make_elf64(uint64_t physical, uint64_t offset)
{
    Elf64_Ehdr *header = (Elf64_Ehdr *)kernel;
    Elf64_Shdr *table = (Elf64_Shdr *)(kernel + SECTIONS);

    *header = (Elf64_Ehdr){
        .e_type = ET_EXEC,
        .e_machine = EM_X86_64,
        .e_version = EV_CURRENT,
        .e_entry = physical + offset + 0x10,
        .e_phoff = sizeof(Elf64_Ehdr),
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = 2,
    };
    ident(header->e_ident, ELFCLASS64);
    *segment64(0) = (Elf64_Phdr){
        .p_type = PT_LOAD,
        .p_offset = CODE,
        .p_vaddr = physical + offset,
        .p_paddr = physical,
        .p_filesz = CODE_SIZE,
        .p_memsz = CODE_SIZE,
    };
    *segment64(1) = (Elf64_Phdr){
        .p_type = PT_LOAD,
        .p_offset = CODE + CODE_SIZE,
        .p_vaddr = physical + offset + 2 * MIB,
        .p_paddr = physical + 2 * MIB,
        .p_filesz = 0x100,
        .p_memsz = 0x5000,
    };
    memset(table, 0, 2 * sizeof(*table));
    table[1] = (Elf64_Shdr){
        .sh_type = SHT_PROGBITS,
        .sh_offset = MARKER,
        .sh_size = MARKER_SIZE,
        .sh_addralign = 4,
    };
}

static void with_sections(void)
{
    if (kernel[EI_CLASS] == ELFCLASS64) {
        ((Elf64_Ehdr *)kernel)->e_shoff = SECTIONS;
        ((Elf64_Ehdr *)kernel)->e_shentsize = sizeof(Elf64_Shdr);
        ((Elf64_Ehdr *)kernel)->e_shnum = 2;
    } else {
        ((Elf32_Ehdr *)kernel)->e_shoff = SECTIONS;
        ((Elf32_Ehdr *)kernel)->e_shentsize = sizeof(Elf32_Shdr);
        ((Elf32_Ehdr *)kernel)->e_shnum = 2;
    }
}

static void header1(uint32_t flags)
{
    put32(kernel + HEADER, 0x1badb002);
    put32(kernel + HEADER + 4, flags);
    put32(kernel + HEADER + 8, -(0x1badb002U + flags));
}

/* The whole file from `base`, bss_end_addr as given. */
static void flat1(uint32_t base, uint32_t bss_end)
{
    header1(0x10003);
    put32(kernel + HEADER + 12, base + HEADER);
    put32(kernel + HEADER + 16, base);
    put32(kernel + HEADER + 20, 0);
    put32(kernel + HEADER + 24, bss_end);
    put32(kernel + HEADER + 28, base + CODE);
}

static void begin2(void)
{
    header_grown = HEADER + 16;
}

static void tag2(uint16_t type, unsigned count, ...)
{
    va_list fields;

    put16(kernel + header_grown, type);
    put16(kernel + header_grown + 2, 0);
    put32(kernel + header_grown + 4, 8 + 4 * count);
    va_start(fields, count);
    for (unsigned i = 0; i < count; i++) {
        put32(kernel + header_grown + 8 + 4 * i, va_arg(fields, uint32_t));
    }
    va_end(fields);
    header_grown = align_up(header_grown + 8 + 4 * count, 8);
}

static void end2(void)
{
    tag2(0, 0);
    uint32_t length = (uint32_t)(header_grown - HEADER);

    put32(kernel + HEADER, 0xe85250d6);
    put32(kernel + HEADER + 4, 0);
    put32(kernel + HEADER + 8, length);
    put32(kernel + HEADER + 12, -(0xe85250d6U + length));
}

static void plain2(void)
{
    begin2();
    end2();
}

/* ---- the machine ---- */

static void make_ram(uint64_t size)
{
    free(ram);
    ram = malloc(size);
    memset(ram, 0xa5, size);
    memory = (struct guest_memory){
        .slots = {{.base = 0, .size = size, .host = ram}},
        .slot_count = 1,
    };
    memset(&map, 0, sizeof(map));
    memory_map_add(&map, size);
    request.e820 = map.e820;
    request.e820_count = map.e820_count;
}

static int setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(kernel); i++) {
        kernel[i] = (uint8_t)(i * 7 + i / 251);
    }
    request = (struct boot_request){
        .kernel = kernel,
        .kernel_size = sizeof(kernel),
        .kernel_name = "\\kernel.elf",
        .command_line = "debug",
    };
    make_ram(RAM_SIZE);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(ram);
    ram = NULL;
    return 0;
}

static void loads(const char *protocol)
{
    const char *wrong = boot_load(&memory, &request, &start);

    if (wrong != NULL) {
        fail_msg("refused: %s", wrong);
    }
    assert_string_equal(start.protocol, protocol);
}

static void refused(const char *says)
{
    const char *wrong = boot_load(&memory, &request, &start);

    if (wrong == NULL || strstr(wrong, says) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", wrong == NULL ? "" : wrong,
                 says);
    }
    /* Judged before anything is written. */
    for (uint64_t i = 0; i < memory.slots[0].size; i += 0x100) {
        if (ram[i] != 0xa5) {
            fail_msg("%s, but %#llx was written", says, (unsigned long long)i);
        }
    }
}

/* The number of a field of version 1's information. */
static uint32_t info1(unsigned offset)
{
    return get32(ram + start.gprs[GPR_RBX] + offset);
}

/* A tag of version 2's; 0: it has none. */
static uint64_t info2(uint32_t type, unsigned index)
{
    uint64_t at = start.gprs[GPR_RBX] + 8;

    for (;;) {
        if (get32(ram + at) == type && index-- == 0) {
            return at;
        }
        if (get32(ram + at) == 0) {
            return 0;
        }
        at = align_up(at + get32(ram + at + 4), 8);
    }
}

/* ---- every form of kernel ---- */

static void is_in_place(uint64_t physical)
{
    assert_memory_equal(ram + physical, kernel + CODE, CODE_SIZE);
    assert_memory_equal(ram + physical + 2 * MIB, kernel + CODE + CODE_SIZE,
                        0x100);
    for (uint64_t i = 0x100; i < 0x5000; i++) {
        assert_int_equal(ram[physical + 2 * MIB + i], 0);
    }
    assert_int_equal(ram[physical + 2 * MIB + 0x5000], 0xa5);
    assert_int_equal(start.kernel, physical);
}

static void begins_as_specified(uint32_t magic)
{
    assert_int_equal(start.mode, BOOT_PROTECTED);
    assert_int_equal(start.gprs[GPR_RAX], magic);
    assert_int_equal(start.gprs[GPR_RBX] % 8, 0);
    for (unsigned i = 0; i < GPR_COUNT; i++) {
        if (i != GPR_RAX && i != GPR_RBX && i != GPR_RSP) {
            assert_int_equal(start.gprs[i], 0);
        }
    }
    assert_true(start.gprs[GPR_RSP] > 0x1000);
    assert_int_equal(start.page_tables, 0);
    /* The descriptors are those that the segments have. */
    assert_int_equal(get64(ram + start.gdt + start.code), 0x00cf9b000000ffff);
    assert_int_equal(get64(ram + start.gdt + start.data), 0x00cf93000000ffff);
}

static void elf32_by_version_1(void **state)
{
    (void)state;
    make_elf32(4 * MIB, 0xc0000000);
    header1(3);
    loads("Multiboot 1");
    is_in_place(4 * MIB);
    assert_int_equal(start.rip, 4 * MIB + 0x10);
    begins_as_specified(0x2badb002);
    assert_int_equal(info1(0), 0x24d);
    assert_string_equal((char *)ram + info1(16), "/kernel.elf debug");
}

static void elf64_by_version_1(void **state)
{
    (void)state;
    make_elf64(4 * MIB, 0xffffffff80000000);
    header1(4);
    put32(kernel + HEADER + 32, 0);
    loads("Multiboot 1 (there is no screen for its video mode)");
    is_in_place(4 * MIB);
    assert_int_equal(start.rip, 4 * MIB + 0x10);
}

static void flat_by_version_1(void **state)
{
    (void)state;
    flat1(MIB, MIB + 0x8000);
    loads("Multiboot 1");
    assert_memory_equal(ram + MIB, kernel, KERNEL_SIZE);
    for (uint64_t i = KERNEL_SIZE; i < 0x8000; i++) {
        assert_int_equal(ram[MIB + i], 0);
    }
    assert_int_equal(ram[MIB + 0x8000], 0xa5);
    assert_int_equal(start.rip, MIB + CODE);
    assert_int_equal(start.kernel, MIB);
}

/* The address fields count even in an ELF file, and its sections then are not
 * told of. */
static void address_fields_before_elf(void **state)
{
    (void)state;
    make_elf32(4 * MIB, 0);
    with_sections();
    flat1(MIB, 0);
    loads("Multiboot 1");
    assert_int_equal(start.kernel, MIB);
    assert_int_equal(info1(0) & 0x20, 0);
}

static void elf_by_version_2(void **state)
{
    (void)state;
    for (unsigned is64 = 0; is64 < 2; is64++) {
        setup(NULL);
        if (is64) {
            make_elf64(4 * MIB, 0x40000000);
        } else {
            make_elf32(4 * MIB, 0x40000000);
        }
        plain2();
        loads("Multiboot 2");
        is_in_place(4 * MIB);
        assert_int_equal(start.rip, 4 * MIB + 0x10);
        begins_as_specified(0x36d76289);
        assert_int_equal(info2(21, 0), 0);
        assert_string_equal((char *)ram + info2(1, 0) + 8, "/kernel.elf debug");
    }
}

static void entry_tag(void **state)
{
    (void)state;
    make_elf64(4 * MIB, 0x40000000);
    begin2();
    tag2(3, 1, (uint32_t)(4 * MIB + 0x20));
    tag2(5, 3, 0, 0, 0);
    end2();
    loads("Multiboot 2 (there is no screen for its framebuffer)");
    assert_int_equal(start.rip, 4 * MIB + 0x20);
    setup(NULL);
    make_elf64(4 * MIB, 0x40000000);
    begin2();
    tag2(3, 1, (uint32_t)(4 * MIB + CODE_SIZE));
    end2();
    refused("entry address 0x401000 is in none");
}

static void flat_by_version_2(void **state)
{
    (void)state;
    begin2();
    tag2(2, 4, (uint32_t)(2 * MIB + HEADER), (uint32_t)(2 * MIB), 0, 0);
    tag2(3, 1, (uint32_t)(2 * MIB + CODE));
    end2();
    loads("Multiboot 2");
    assert_memory_equal(ram + 2 * MIB, kernel, KERNEL_SIZE);
    assert_int_equal(start.rip, 2 * MIB + CODE);
}

/* With both headers the newer one counts. */
static void both_versions(void **state)
{
    (void)state;
    make_elf32(4 * MIB, 0);
    plain2();
    put32(kernel + 0x400, 0x1badb002);
    put32(kernel + 0x404, 0);
    put32(kernel + 0x408, -0x1badb002U);
    loads("Multiboot 2");
    request.protocol = "multiboot1";
    loads("Multiboot 1");
    request.protocol = "multiboot2";
    loads("Multiboot 2");
    put32(kernel + HEADER, 0);
    assert_non_null(strstr(boot_load(&memory, &request, &start),
                           "protocol multiboot2, and the kernel file is not"));
    request.protocol = "pvh";
    assert_non_null(strstr(boot_load(&memory, &request, &start),
                           "protocol pvh, and the kernel file is not"));
    request.protocol = NULL;
    loads("Multiboot 1");
}

/* ---- refusals ---- */

static void how_to_load_is_unknown(void **state)
{
    (void)state;
    header1(3);
    refused("address fields (flag 16)");
    put32(kernel + HEADER, 0);
    plain2();
    refused("an address tag (type 2)");
}

static void headers_that_are_refused(void **state)
{
    (void)state;
    make_elf32(4 * MIB, 0);
    header1(0x1000);
    refused("requires flag 12");
    header1(0);
    put32(kernel + HEADER, 0);
    begin2();
    tag2(99, 0);
    end2();
    refused("a tag of type 99");
}

static void flat_images_that_are_refused(void **state)
{
    (void)state;
    flat1(MIB, MIB);
    refused("do not follow");
    flat1((uint32_t)RAM_SIZE - 0x1000, 0);
    refused("has no memory");
    flat1(0xf0000000, 0);
    refused("has no memory");
    flat1(0xa0000, 0);
    refused("640 KiB and 1 MiB");
    flat1(0x9f000, 0);
    refused("640 KiB and 1 MiB");
    flat1((uint32_t)(63 * MIB), (uint32_t)(64 * MIB + 1));
    refused("has no memory");
}

static void elf_files_that_are_refused(void **state)
{
    (void)state;
    header1(0);
    make_elf32(4 * MIB, 0);
    ((Elf32_Ehdr *)kernel)->e_machine = EM_ARM;
    refused("another kind of machine");
    make_elf32(4 * MIB, 0);
    kernel[EI_DATA] = ELFDATA2MSB;
    refused("big endian");
    make_elf32(4 * MIB, 0);
    ((Elf32_Ehdr *)kernel)->e_type = ET_REL;
    refused("not an executable");
    make_elf32(4 * MIB, 0);
    ((Elf32_Ehdr *)kernel)->e_entry = 0x1234;
    refused("entry 0x1234 is in none");
    make_elf32(4 * MIB, 0);
    segment32(1)->p_offset = KERNEL_SIZE - 0xff;
    refused("cut short");
    make_elf32(4 * MIB, 0);
    segment32(1)->p_filesz = 0x5001;
    refused("larger in the file");
    make_elf32(4 * MIB, 0);
    segment32(1)->p_paddr = (uint32_t)(4 * MIB + CODE_SIZE - 1);
    refused("overlaps");
    make_elf32(4 * MIB, 0);
    segment32(1)->p_memsz = (uint32_t)(58 * MIB + 1);
    refused("has no memory");
    make_elf32(0xb8000, 0);
    refused("640 KiB and 1 MiB");
    make_elf32(4 * MIB, 0);
    segment32(0)->p_type = segment32(1)->p_type = PT_NULL;
    refused("no segment to load");
}

static void beyond_4_gib(void **state)
{
    (void)state;
    header1(0);
    make_elf64(0xfff00000, 0);
    refused("below 4 GiB");
    make_elf64(1ULL << 40, 0);
    refused("below 4 GiB");
}

static void sections_that_are_refused(void **state)
{
    (void)state;
    header1(0);
    make_elf32(4 * MIB, 0);
    with_sections();
    ((Elf32_Shdr *)(kernel + SECTIONS))[1].sh_size = KERNEL_SIZE;
    refused("its section 1");
    make_elf32(4 * MIB, 0);
    with_sections();
    ((Elf32_Ehdr *)kernel)->e_shoff = KERNEL_SIZE - 10;
    refused("section headers");
}

/* Cut anywhere, it is refused, and nothing beyond the end is read. */
static void every_truncation(void **state)
{
    (void)state;
    for (unsigned version = 1; version < 3; version++) {
        setup(NULL);
        make_elf32(4 * MIB, 0);
        with_sections();
        if (version == 1) {
            header1(3);
        } else {
            plain2();
        }
        for (uint64_t size = 0; size < MARKER + MARKER_SIZE; size += 13) {
            uint8_t *copy = malloc(size + 1);

            copy = realloc(copy, size == 0 ? 1 : size);
            memcpy(copy, kernel, size);
            request.kernel = copy;
            request.kernel_size = size;
            assert_non_null(boot_load(&memory, &request, &start));
            free(copy);
        }
    }
}

/* ---- places ---- */

static const uint8_t bytes_a[5000] = "first", bytes_b[1] = {'b'},
                     bytes_c[12288] = "third";
static const struct boot_piece initrds[] = {{bytes_a, 5000, NULL, "\\a.img"}};
static const struct boot_piece modules[] = {
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
    make_elf32(4 * MIB, 0);
    header1(3);
    request.initrd = initrds;
    request.initrd_count = 1;
    request.module = modules;
    request.module_count = 3;
    loads("Multiboot 1");
    assert_int_equal(info1(20), 4);
    for (unsigned i = 0; i < 4; i++) {
        const uint8_t *entry = ram + info1(24) + 16 * i;
        const struct boot_piece *piece = i == 0 ? initrds : &modules[i - 1];

        assert_int_equal(get32(entry), expected);
        assert_int_equal(get32(entry + 4), expected + sizes[i]);
        assert_string_equal((char *)ram + get32(entry + 8), strings[i]);
        if (sizes[i] != 0) {
            assert_memory_equal(ram + get32(entry), piece->bytes, sizes[i]);
        }
        expected += align_up(sizes[i] == 0 ? 1 : sizes[i], 0x1000);
    }
    /* The same in version 2. */
    header1(0);
    put32(kernel + HEADER, 0);
    plain2();
    loads("Multiboot 2");
    for (unsigned i = 0; i < 4; i++) {
        uint64_t tag = info2(3, i);

        assert_int_equal(get32(ram + tag + 8) % 0x1000, 0);
        assert_int_equal(get32(ram + tag + 12) - get32(ram + tag + 8),
                         sizes[i]);
    }
    assert_int_equal(info2(3, 4), 0);
}

static void modules_that_are_refused(void **state)
{
    struct boot_piece many[33];
    struct boot_piece large = {bytes_a, 58 * MIB, "large", NULL};

    (void)state;
    make_elf32(4 * MIB, 0);
    header1(3);
    for (size_t i = 0; i < 33; i++) {
        many[i] = modules[0];
    }
    request.module = many;
    request.module_count = 32;
    loads("Multiboot 1");
    setup(NULL);
    make_elf32(4 * MIB, 0);
    header1(3);
    request.module = many;
    request.module_count = 33;
    refused("more than 32 modules");
    request.module = &large;
    request.module_count = 1;
    refused("memory is too small");
    large.size = UINT64_MAX;
    refused("memory is too small");
    large.size = 4ULL << 30;
    refused("memory is too small");
}

/* A kernel at the top leaves no room behind it. */
static void modules_before_a_high_kernel(void **state)
{
    (void)state;
    make_elf32((uint32_t)(62 * MIB - 0x5000), 0);
    header1(3);
    request.initrd = initrds;
    request.initrd_count = 1;
    loads("Multiboot 1");
    assert_int_equal(get32(ram + info1(24)), MIB);
    assert_memory_equal(ram + MIB, bytes_a, 5000);
}

static void information_in_low_memory(void **state)
{
    (void)state;
    make_elf32(4 * MIB, 0);
    header1(3);
    loads("Multiboot 1");
    assert_int_equal(start.gprs[GPR_RBX], 0x10000);

    /* Not where the kernel is. */
    flat1(0x10000, 0x9fff0);
    loads("Multiboot 1");
    assert_true(start.gprs[GPR_RBX] >= MIB);
    flat1(0x1000, 0xa0000);
    loads("Multiboot 1");
    assert_true(start.gprs[GPR_RBX] >= MIB);
    assert_true(start.gdt >= MIB);
    assert_true(start.gprs[GPR_RSP] >= MIB);
}

static void sections_are_loaded(void **state)
{
    (void)state;
    for (unsigned is64 = 0; is64 < 2; is64++) {
        setup(NULL);
        if (is64) {
            make_elf64(4 * MIB, 0);
        } else {
            make_elf32(4 * MIB, 0);
        }
        with_sections();
        header1(3);
        request.initrd = initrds;
        request.initrd_count = 1;
        loads("Multiboot 1");
        assert_int_equal(info1(0), 0x26d);
        const uint8_t *table = ram + info1(36);
        uint64_t address =
            is64 ? get64(table + 64 + 16) : get32(table + 40 + 12);

        assert_int_equal(address, 6 * MIB + 0x5000 + 0x2000);
        assert_memory_equal(ram + address, kernel + MARKER, MARKER_SIZE);
        put32(kernel + HEADER, 0);
        plain2();
        loads("Multiboot 2");
        table = ram + info2(9, 0) + 20;
        assert_int_equal(is64 ? get64(table + 64 + 16) : get32(table + 40 + 12),
                         6 * MIB + 0x5000 + 0x2000);
    }
}

/* Nothing is written but kernel, modules, sections, GDT and information; the
 * stack is the kernel's own. */
static void touches_only_its_places(void **state)
{
    (void)state;
    make_elf32(4 * MIB, 0);
    with_sections();
    header1(3);
    request.initrd = initrds;
    request.initrd_count = 1;
    loads("Multiboot 1");
    uint64_t info = start.gprs[GPR_RBX];

    for (uint64_t i = 0; i < RAM_SIZE; i++) {
        bool ours =
            (i >= 4 * MIB && i < 4 * MIB + CODE_SIZE) ||
            (i >= 6 * MIB && i < 6 * MIB + 0x5000) ||
            (i >= 6 * MIB + 0x5000 && i < 6 * MIB + 0x5000 + 5000) ||
            (i >= 6 * MIB + 0x7000 && i < 6 * MIB + 0x7000 + MARKER_SIZE) ||
            (i >= info && i < info + 0x200) ||
            (i >= start.gdt && i <= start.gdt + start.gdt_limit);

        if (!ours && ram[i] != 0xa5) {
            fail_msg("byte %#llx was written", (unsigned long long)i);
        }
    }
}

/* ---- relocation ---- */

static const struct {
    const char *name;
    uint32_t min, max, align, preference;
    uint64_t base; /* 0: refused */
} places[] = {
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
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        setup(NULL);
        make_elf64(4 * MIB, 0xffffffff80000000);
        begin2();
        tag2(10, 4, places[i].min, places[i].max, places[i].align,
             places[i].preference);
        end2();
        if (places[i].base == 0) {
            refused("relocatable tag wants 0x205000 bytes");
            continue;
        }
        loads("Multiboot 2");
        if (start.kernel != places[i].base) {
            fail_msg("%s: %#llx", places[i].name,
                     (unsigned long long)start.kernel);
        }
        is_in_place(places[i].base);
        assert_int_equal(start.rip, places[i].base + 0x10);
        assert_int_equal(start.moved.by, places[i].base - 4 * MIB);
        assert_int_equal(start.moved.base, places[i].base);
        assert_int_equal(start.moved.end, places[i].base + 2 * MIB + 0x5000);
        assert_int_equal(get32(ram + info2(21, 0) + 8), places[i].base);
    }
}

static void relocatable_flat(void **state)
{
    (void)state;
    begin2();
    tag2(2, 4, (uint32_t)(2 * MIB + HEADER), (uint32_t)(2 * MIB), 0, 0);
    tag2(3, 1, (uint32_t)(2 * MIB + CODE));
    tag2(10, 4, (uint32_t)(16 * MIB), UINT32_MAX, 0x1000, 1);
    end2();
    loads("Multiboot 2");
    assert_memory_equal(ram + 16 * MIB, kernel, KERNEL_SIZE);
    assert_int_equal(start.rip, 16 * MIB + CODE);
    assert_int_equal(ram[2 * MIB], 0xa5);
    assert_int_equal(get32(ram + info2(21, 0) + 8), 16 * MIB);
}

/* Moving does not make overlapping segments right. */
static void relocatable_and_overlapping(void **state)
{
    (void)state;
    make_elf32(4 * MIB, 0);
    segment32(1)->p_paddr = (uint32_t)(4 * MIB + 1);
    begin2();
    tag2(10, 4, (uint32_t)(16 * MIB), UINT32_MAX, 0x1000, 1);
    end2();
    refused("overlaps");
}

/* An image linked where there is no memory may be moved to where there is. */
static void linked_beyond_memory(void **state)
{
    (void)state;
    make_elf32(0xc0000000, 0);
    begin2();
    tag2(10, 4, 0, UINT32_MAX, 0x1000, 0);
    end2();
    loads("Multiboot 2");
    is_in_place(MIB);
    assert_int_equal(start.rip, MIB + 0x10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(elf32_by_version_1, setup, teardown),
        cmocka_unit_test_setup_teardown(elf64_by_version_1, setup, teardown),
        cmocka_unit_test_setup_teardown(flat_by_version_1, setup, teardown),
        cmocka_unit_test_setup_teardown(address_fields_before_elf, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(elf_by_version_2, setup, teardown),
        cmocka_unit_test_setup_teardown(entry_tag, setup, teardown),
        cmocka_unit_test_setup_teardown(flat_by_version_2, setup, teardown),
        cmocka_unit_test_setup_teardown(both_versions, setup, teardown),
        cmocka_unit_test_setup_teardown(how_to_load_is_unknown, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(headers_that_are_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(flat_images_that_are_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(elf_files_that_are_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(beyond_4_gib, setup, teardown),
        cmocka_unit_test_setup_teardown(sections_that_are_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(every_truncation, setup, teardown),
        cmocka_unit_test_setup_teardown(modules_behind_the_kernel, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(modules_that_are_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(modules_before_a_high_kernel, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(information_in_low_memory, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(sections_are_loaded, setup, teardown),
        cmocka_unit_test_setup_teardown(touches_only_its_places, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(relocatable_elf, setup, teardown),
        cmocka_unit_test_setup_teardown(relocatable_flat, setup, teardown),
        cmocka_unit_test_setup_teardown(relocatable_and_overlapping, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(linked_beyond_memory, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
