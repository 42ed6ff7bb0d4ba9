/* libFuzzer on the Multiboot loaders. An input is either a file as it stands,
 * or a list of changes to a sound kernel: ELF32, ELF64 or flat, of either
 * version. ASan watches the bounds of file and RAM; what is accepted must hold
 * together: the information is read back as a kernel would, and every piece
 * that it names lies in RAM and over no other. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <elf.h>

#include "kernel/panic.h"
#include "vmm/boot_protocol.h"
#include "vmm/little_endian.h"

#define RAM_SIZE  (4ULL << 20)
#define FILE_SIZE 0x600
#define HEADER    0x100
#define CODE      0x300
#define TABLE     0x400
#define BASE      0x180000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

_Noreturn void panic(const char *format, ...)
{
    (void)format;
    abort();
}

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

static void require(int condition)
{
    if (!condition) {
        abort();
    }
}

/* ---- sound kernels ---- */

enum form {
    FORM_RAW,
    FORM_FLAT,
    FORM_ELF32,
    FORM_ELF64,
};

static void ident(unsigned char *to, unsigned char class)
{
    memcpy(to, ELFMAG, SELFMAG);
    to[EI_CLASS] = class;
    to[EI_DATA] = ELFDATA2LSB;
    to[EI_VERSION] = EV_CURRENT;
}

static void make_elf32(uint8_t *file)
{
    Elf32_Ehdr header = {
        .e_type = ET_EXEC,
        .e_machine = EM_386,
        .e_version = EV_CURRENT,
        .e_entry = BASE,
        .e_phoff = sizeof(Elf32_Ehdr),
        .e_phentsize = sizeof(Elf32_Phdr),
        .e_phnum = 2,
        .e_shoff = TABLE,
        .e_shentsize = sizeof(Elf32_Shdr),
        .e_shnum = 3,
        .e_shstrndx = 2,
    };
    Elf32_Phdr segments[2] = {
        {PT_LOAD, CODE, BASE, BASE, 0x80, 0x80, 5, 4},
        {PT_LOAD, CODE + 0x80, BASE + 0x1000, BASE + 0x1000, 0x10, 0x400, 6, 4},
    };
    Elf32_Shdr table[3] = {
        [1] = {1, SHT_PROGBITS, SHF_ALLOC, BASE, CODE, 0x80, 0, 0, 4, 0},
        [2] = {7, SHT_STRTAB, 0, 0, CODE + 0x90, 0x20, 0, 0, 1, 0},
    };

    ident(header.e_ident, ELFCLASS32);
    memcpy(file, &header, sizeof(header));
    memcpy(file + sizeof(header), segments, sizeof(segments));
    memcpy(file + TABLE, table, sizeof(table));
}

static void make_elf64(uint8_t *file)
{
    Elf64_Ehdr header = {
        .e_type = ET_EXEC,
        .e_machine = EM_X86_64,
        .e_version = EV_CURRENT,
        .e_entry = 0xffffffff80000000ULL + BASE,
        .e_phoff = sizeof(Elf64_Ehdr),
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = 2,
        .e_shoff = TABLE,
        .e_shentsize = sizeof(Elf64_Shdr),
        .e_shnum = 3,
        .e_shstrndx = 2,
    };
    Elf64_Phdr segments[2] = {
        {PT_LOAD, 5, CODE, 0xffffffff80000000ULL + BASE, BASE, 0x80, 0x80, 4},
        {PT_LOAD, 6, CODE + 0x80, 0xffffffff80001000ULL + BASE, BASE + 0x1000,
         0x10, 0x400, 4},
    };
    Elf64_Shdr table[3] = {
        [1] = {1, SHT_PROGBITS, SHF_ALLOC, BASE, CODE, 0x80, 0, 0, 4, 0},
        [2] = {7, SHT_STRTAB, 0, 0, CODE + 0x90, 0x20, 0, 0, 1, 0},
    };

    ident(header.e_ident, ELFCLASS64);
    memcpy(file, &header, sizeof(header));
    memcpy(file + sizeof(header), segments, sizeof(segments));
    memcpy(file + TABLE, table, sizeof(table));
}

static void make_header1(uint8_t *header, enum form form)
{
    const uint32_t fields[] = {0x1badb002,
                               form == FORM_FLAT ? 0x10003 : 3,
                               0,
                               BASE + HEADER,
                               BASE,
                               0,
                               BASE + 0x1000,
                               BASE + CODE};

    memcpy(header, fields, sizeof(fields));
}

static void make_header2(uint8_t *header, enum form form)
{
    static const uint32_t tags[] = {
        0xe85250d6,
        0,
        0x98,
        0, /* magic fields */
        1,
        16,
        3,
        6, /* information request */
        10,
        24,
        0x100000,
        0x400000, /* relocatable */
        0x1000,
        2,
        6,
        8, /* module alignment */
        0x10005,
        20,
        640,
        480,
        32,
        0, /* framebuffer, optional */
        3,
        12,
        BASE + CODE,
        0, /* entry */
        0x10002,
        24,
        BASE + HEADER,
        BASE, /* address, or optional nothing */
        0,
        BASE + 0x1000,
        0,
        8,
    };

    memcpy(header, tags, sizeof(tags));
    if (form != FORM_FLAT) {
        /* Neither address nor, in ELF64, entry: tags that nobody knows. */
        put16(header + 4 * 26, 999);
        put16(header + 4 * 26 + 2, 1);
    }
    put32(header + 8, sizeof(tags));
}

/* Sums that a file must have to be recognised at all. */
static void seal(uint8_t *header)
{
    uint32_t magic = get32(header);

    if (magic == 0x1badb002) {
        put32(header + 8, -(magic + get32(header + 4)));
    } else {
        put32(header + 12, -(magic + get32(header + 4) + get32(header + 8)));
    }
}

/* Changes of seven bytes: where, how many bytes, their value; or how far the
 * file is cut. The last one says whether the sum is made right. */
static size_t changed_file(uint8_t *file, enum form form, int version,
                           const uint8_t *data, size_t size)
{
    size_t length = FILE_SIZE;

    memset(file, 0x90, FILE_SIZE);
    if (form == FORM_ELF32) {
        make_elf32(file);
    } else if (form == FORM_ELF64) {
        make_elf64(file);
    }
    if (version == 1) {
        make_header1(file + HEADER, form);
    } else {
        make_header2(file + HEADER, form);
    }
    for (; size >= 7; data += 7, size -= 7) {
        uint16_t where = get16(data);

        if ((where & 0x8000) != 0) {
            length = get16(data + 3) % (FILE_SIZE + 1);
        } else {
            memcpy(file + where % (FILE_SIZE - 4), data + 3, data[2] % 5);
        }
    }
    if (size == 0) {
        seal(file + HEADER);
    }
    return length;
}

/* ---- what an accepted kernel was given ---- */

#define RANGES 64
static struct {
    uint64_t base, end;
} ranges[RANGES];
static size_t range_count;

static void range(uint64_t base, uint64_t size)
{
    uint64_t end = base + size;

    require(end >= base);
    require(base < 0x100000 ? end <= 0xa0000 : end <= RAM_SIZE);
    for (size_t i = 0; i < range_count; i++) {
        require(end <= ranges[i].base || base >= ranges[i].end);
    }
    require(range_count < RANGES);
    ranges[range_count].base = base;
    ranges[range_count++].end = end;
}

static void module(const uint8_t *ram, const struct boot_request *request,
                   size_t index, uint32_t from, uint32_t to, const char *string)
{
    const struct boot_piece *piece =
        index < request->initrd_count
            ? &request->initrd[index]
            : &request->module[index - request->initrd_count];

    require(from % 0x1000 == 0 && to - from == piece->size);
    range(from, to - from);
    require(memcmp(ram + from, piece->bytes, piece->size) == 0);
    require(strlen(string) < 100);
}

static void check1(const uint8_t *ram, const struct boot_request *request,
                   uint64_t info)
{
    uint32_t count = get32(ram + info + 20);

    require(count == request->initrd_count + request->module_count);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *entry = ram + get32(ram + info + 24) + 16 * i;

        module(ram, request, i, get32(entry), get32(entry + 4),
               (const char *)ram + get32(entry + 8));
    }
    range(info, 116);
}

static void check2(const uint8_t *ram, const struct boot_request *request,
                   uint64_t info)
{
    uint64_t end = info + get32(ram + info);
    size_t modules = 0;

    range(info, end - info);
    for (uint64_t at = info + 8;;) {
        uint32_t size = get32(ram + at + 4);

        require(at % 8 == 0 && size >= 8 && at + size <= end);
        if (get32(ram + at) == 3) {
            module(ram, request, modules++, get32(ram + at + 8),
                   get32(ram + at + 12), (const char *)ram + at + 16);
        }
        if (get32(ram + at) == 0) {
            require(at + size == end);
            break;
        }
        at = align_up(at + size, 8);
    }
    require(modules == request->initrd_count + request->module_count);
}

static void check(const uint8_t *ram, const struct boot_request *request,
                  const struct boot_start *start)
{
    range_count = 0;
    require(start->mode == BOOT_PROTECTED && start->rip < RAM_SIZE);
    require(start->kernel < RAM_SIZE);
    range(start->gdt, start->gdt_limit + 1ULL);
    range(start->gprs[GPR_RSP] - 0x1000, 0x1000);
    range(start->rip, 1);
    if (start->gprs[GPR_RAX] == 0x2badb002) {
        check1(ram, request, start->gprs[GPR_RBX]);
    } else {
        require(start->gprs[GPR_RAX] == 0x36d76289);
        check2(ram, request, start->gprs[GPR_RBX]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t *ram;
    static const struct e820_entry e820[] = {
        {0, MAP_LEGACY_BASE, E820_RAM},
        {MAP_LEGACY_BASE, MAP_LEGACY_END - MAP_LEGACY_BASE, E820_RESERVED},
        {MAP_LEGACY_END, RAM_SIZE - MAP_LEGACY_END, E820_RAM}};
    static uint8_t file[FILE_SIZE];

    if (size < 2) {
        return 0;
    }
    if (ram == NULL) {
        ram = calloc(1, RAM_SIZE);
    }
    enum form form = data[0] & 3;
    int version = (data[0] >> 2 & 1) + 1;
    size_t length = size - 2;
    const uint8_t *from = data + 2;

    if (form != FORM_RAW) {
        length = changed_file(file, form, version, from, length);
        from = file;
    }
    /* Exactly as long as the loader is told. */
    uint8_t *exact = malloc(length == 0 ? 1 : length);

    memcpy(exact, from, length);

    struct guest_memory memory = {
        .slots = {{.base = 0, .size = RAM_SIZE, .host = ram}}, .slot_count = 1};
    struct boot_piece pieces[3] = {
        {exact, length, NULL, "\\initrd"},
        {exact, length < data[1] ? length : data[1], "a b", "\\a"},
        {exact, 0, "", NULL}};
    struct boot_request request = {
        .kernel = exact,
        .kernel_size = length,
        .kernel_name = "\\kernel",
        .initrd = pieces,
        .initrd_count = data[0] >> 3 & 1,
        .module = pieces + 1,
        .module_count = data[0] >> 4 & 1 ? 2 : 0,
        .command_line = data[0] >> 5 & 1 ? "console=hvc0" : "",
        .e820 = e820,
        .e820_count = 3,
        .rsdp = {data[0] >> 6 & 1 ? MAP_ACPI_BASE : 0},
    };
    struct boot_start start = {0};
    const struct boot_protocol *protocol =
        version == 1 ? &multiboot1_protocol : &multiboot2_protocol;

    if (protocol->recognise(exact, length) &&
        protocol->load(&memory, &request, &start) == NULL) {
        check(ram, &request, &start);
        boot_set_registers(NULL, &start);
    }
    free(exact);
    return 0;
}
