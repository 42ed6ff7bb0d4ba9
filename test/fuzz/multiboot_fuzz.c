/* libFuzzer on the Multiboot loaders. An input is either a file as it stands,
 * or a list of changes to a sound kernel: ELF32, ELF64 or flat, of either
 * version. ASan watches the bounds of file and RAM; what is accepted must hold
 * together: the information is read back as a kernel would, and every piece
 * that it names lies in RAM and over no other. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "test/fuzz/fuzz.h"
#include "test/fuzz/fuzz_machine.h"
#include "test/unit/support/elf_write.h"
#include "test/unit/support/multiboot_write.h"
#include "vmm/boot/boot_protocol.h"
#include "vmm/memory/little_endian.h"

#define RAM_SIZE  (4ULL << 20)
#define FILE_SIZE 0x600
#define HEADER    0x100
#define CODE      0x300
#define TABLE     0x400
#define BASE      0x180000

/* Second bytes below that: RAM of so many pages from where the kernel begins.
 */
#define TIGHT 8

/* ---- sound kernels ---- */

enum form {
    FORM_RAW,
    FORM_FLAT,
    FORM_ELF32,
    FORM_ELF64,
};

static void make_elf(uint8_t *file, bool is_64)
{
    const uint64_t linked = (is_64 ? 0xffffffff80000000ULL : 0) + BASE;
    const Elf64_Phdr segments[] = {
        {PT_LOAD, 5, CODE, linked, BASE, 0x80, 0x80, 4},
        {PT_LOAD, 6, CODE + 0x80, linked + 0x1000, BASE + 0x1000, 0x10, 0x400,
         4},
    };
    const Elf64_Shdr sections[] = {
        [1] = {1, SHT_PROGBITS, SHF_ALLOC, BASE, CODE, 0x80, 0, 0, 4, 0},
        [2] = {7, SHT_STRTAB, 0, 0, CODE + 0x90, 0x20, 0, 0, 1, 0},
    };

    elf_write(file, is_64, linked, segments, 2);
    elf_write_sections(file, TABLE, sections, 3, 2);
}

static void make_header1(uint8_t *file, enum form form)
{
    const struct multiboot_addresses addresses = {
        .header_addr = BASE + HEADER,
        .load_addr = BASE,
        .bss_end_addr = BASE + 0x1000,
        .entry_addr = BASE + CODE,
    };

    multiboot_write1(file, HEADER, form == FORM_FLAT ? 0x10003 : 3);
    multiboot_write1_addresses(file, HEADER, &addresses);
}

static void make_header2(uint8_t *file, enum form form)
{
    struct multiboot_tags tags;
    /* Without address tag in an ELF file: one that nobody knows. */
    uint16_t address = form == FORM_FLAT ? 2 : 999;

    multiboot_begin2(&tags, file, HEADER);
    multiboot_tag2(&tags, 1, 0, 2, 3, 6); /* information request */
    multiboot_tag2(&tags, 10, 0, 4, 0x100000, 0x400000, 0x1000, 2);
    multiboot_tag2(&tags, 6, 0, 0); /* module alignment */
    multiboot_tag2(&tags, 5, 1, 3, 640, 480, 32);
    multiboot_tag2(&tags, 3, 0, 1, BASE + CODE); /* entry */
    multiboot_tag2(&tags, address, 1, 4, BASE + HEADER, BASE, 0, BASE + 0x1000);
    multiboot_tag2(&tags, 4, 0, 1, 2); /* console: it knows text */
    multiboot_end2(&tags);
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
    if (form == FORM_ELF32 || form == FORM_ELF64) {
        make_elf(file, form == FORM_ELF64);
    }
    if (version == 1) {
        make_header1(file, form);
    } else {
        make_header2(file, form);
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

static void module(const struct fuzz_machine *machine,
                   const struct boot_request *request, size_t index,
                   uint32_t from, uint32_t to, const char *string)
{
    const struct boot_file *piece =
        index < request->initrd_count
            ? &request->initrd[index]
            : &request->module[index - request->initrd_count];

    REQUIRE(from % 0x1000 == 0 && to - from == piece->size);
    fuzz_piece(machine, from, to - from);
    REQUIRE(memcmp(machine->ram + from, piece->bytes, piece->size) == 0);
    REQUIRE(strlen(string) < 100);
}

static void check1(const struct fuzz_machine *machine,
                   const struct boot_request *request, uint64_t info)
{
    uint32_t count = get32(machine->ram + info + 20);

    REQUIRE(count == request->initrd_count + request->module_count);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *entry =
            machine->ram + get32(machine->ram + info + 24) + 16 * i;

        module(machine, request, i, get32(entry), get32(entry + 4),
               (const char *)machine->ram + get32(entry + 8));
    }
    fuzz_piece(machine, info, 116);
}

static void check2(const struct fuzz_machine *machine,
                   const struct boot_request *request, uint64_t info)
{
    uint64_t end = info + get32(machine->ram + info);
    size_t modules = 0;

    fuzz_piece(machine, info, end - info);
    for (uint64_t at = info + 8;;) {
        uint32_t size = get32(machine->ram + at + 4);

        REQUIRE(at % 8 == 0 && size >= 8 && at + size <= end);
        if (get32(machine->ram + at) == 3) {
            module(machine, request, modules++, get32(machine->ram + at + 8),
                   get32(machine->ram + at + 12),
                   (const char *)machine->ram + at + 16);
        }
        if (get32(machine->ram + at) == 0) {
            REQUIRE(at + size == end);
            break;
        }
        at = align_up(at + size, 8);
    }
    REQUIRE(modules == request->initrd_count + request->module_count);
}

static void check(const struct fuzz_machine *machine,
                  const struct boot_request *request,
                  const struct boot_start *start)
{
    fuzz_pieces_begin();
    REQUIRE(start->mode == BOOT_PROTECTED && start->rip < machine->size);
    REQUIRE(start->kernel < machine->size);
    fuzz_piece(machine, start->gdt, start->gdt_limit + 1ULL);
    fuzz_piece(machine, start->gprs[GPR_RSP] - 0x1000, 0x1000);
    fuzz_piece(machine, start->rip, 1);
    if (start->gprs[GPR_RAX] == 0x2badb002) {
        check1(machine, request, start->gprs[GPR_RBX]);
    } else {
        REQUIRE(start->gprs[GPR_RAX] == 0x36d76289);
        check2(machine, request, start->gprs[GPR_RBX]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t file[FILE_SIZE];

    if (size < 2) {
        return 0;
    }
    struct fuzz_machine *machine =
        fuzz_machine(data[1] < TIGHT ? BASE + data[1] * 0x1000ULL : RAM_SIZE,
                     data[0] >> 7 != 0);
    enum form form = data[0] & 3;
    int version = (data[0] >> 2 & 1) + 1;
    size_t length = size - 2;
    const uint8_t *from = data + 2;

    if (form != FORM_RAW) {
        length = changed_file(file, form, version, from, length);
        from = file;
    }
    uint8_t *exact = fuzz_exact(from, length);
    struct boot_file pieces[3] = {
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
        .rsdp = {data[0] >> 6 & 1 ? MAP_ACPI_BASE : 0},
    };
    struct boot_start start = {0};
    const struct boot_protocol *protocol =
        version == 1 ? &multiboot1_protocol : &multiboot2_protocol;

    struct boot_preference preference = {0};

    protocol->prefers(exact, length, &preference);
    REQUIRE(preference.screen ||
            (preference.width == 0 && preference.height == 0));
    if (protocol->recognise(exact, length) &&
        fuzz_loads(machine, protocol->load, &request, &start)) {
        check(machine, &request, &start);
        boot_set_registers(NULL, &start);
    }
    free(exact);
    return 0;
}
