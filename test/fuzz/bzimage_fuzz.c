/* libFuzzer on the loaders of bzImages, by all three entries. An input is
 * either a file as it stands, or a list of changes to a sound one (the loader's
 * checks are many: a random file passes few of them). ASan watches the file's
 * and the RAM's bounds; what is accepted must hold together. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "test/fuzz/fuzz.h"
#include "test/fuzz/fuzz_machine.h"
#include "vmm/boot/boot_protocol.h"
#include "vmm/memory/little_endian.h"

#define RAM_SIZE  FUZZ_RAM_MOST
#define FILE_SIZE 0x3000

/* Second bytes below that: RAM of so many pages about where the sound kernel
 * ends. */
#define TIGHT     8
#define RAM_TIGHT 0x13fe000ULL

static void put(uint8_t *file, size_t offset, uint64_t value, size_t size)
{
    memcpy(file + offset, &value, size);
}

/* Offsets of boot.rst, not the loader's names for them. */
static void sound_file(uint8_t *file)
{
    memset(file, 0x90, FILE_SIZE);
    memset(file, 0, 0x400);
    file[0x1f1] = 3;
    put(file, 0x1f4, (FILE_SIZE - 0x800) / 16, 4);
    put(file, 0x1fe, 0xaa55, 2);
    file[0x201] = 0x6a;
    put(file, 0x202, 0x53726448, 4);
    put(file, 0x206, 0x20f, 2);
    put(file, 0x20e, 0x100, 2);
    file[0x211] = 1;
    put(file, 0x214, 0x100000, 4);
    put(file, 0x22c, 0x7fffffff, 4);
    put(file, 0x230, 0x200000, 4);
    file[0x234] = 1;
    put(file, 0x236, 1, 2);
    put(file, 0x238, 2047, 4);
    put(file, 0x258, 0x1000000, 8);
    put(file, 0x260, 0x400000, 4);
}

/* Changes of three bytes each: which of the header's bytes, its value, and
 * how far the file is cut. */
static size_t changed_file(uint8_t *file, const uint8_t *data, size_t size)
{
    size_t length = FILE_SIZE;

    sound_file(file);
    for (; size >= 3; data += 3, size -= 3) {
        if ((data[0] & 0xf0) == 0xf0) {
            length = (size_t)(data[1] << 8 | data[2]) % (FILE_SIZE + 1);
        } else {
            file[0x1f1 + data[0] % 0xa0] = data[1];
        }
    }
    return length;
}

/* The initrd, several files that follow each other. */
static void check_initrd(const struct fuzz_machine *machine,
                         const struct boot_request *request,
                         const struct boot_start *start)
{
    const uint8_t *at = fuzz_piece(machine, start->initrd, start->initrd_size);
    uint64_t size = 0;

    for (size_t i = 0; i < request->initrd_count; i++) {
        const struct boot_file *piece = &request->initrd[i];

        REQUIRE(memcmp(at + size, piece->bytes, piece->size) == 0);
        size = align_up(size + piece->size, 4);
    }
    REQUIRE(start->initrd_size <= size && start->initrd_size + 4 > size);
}

/* What the kernel finds by boot.rst's header: in boot_params, or where its
 * 16-bit code was put. */
static void check_header(const struct fuzz_machine *machine,
                         const struct boot_request *request,
                         const struct boot_start *start, const uint8_t *header)
{
    uint32_t line = get32(header + 0x228);

    REQUIRE(get32(header + 0x218) == (uint32_t)start->initrd);
    REQUIRE(get32(header + 0x21c) == start->initrd_size);
    REQUIRE(line < machine->size);
    REQUIRE(strcmp((const char *)machine->ram + line, request->command_line) ==
            0);
    if (start->mode != BOOT_REAL) {
        fuzz_piece(machine, line, strlen(request->command_line) + 1);
    }
}

static void check(const struct fuzz_machine *machine,
                  const struct boot_request *request,
                  const struct boot_start *start)
{
    REQUIRE(strlen(start->version) < BOOT_VERSION);
    fuzz_pieces_begin();
    if (start->initrd_size != 0) {
        check_initrd(machine, request, start);
    }
    if (start->mode == BOOT_REAL) {
        /* Its segment; and what it would move up itself. */
        check_header(machine, request, start,
                     fuzz_piece(machine, start->kernel, 0x10000));
        fuzz_piece(machine, 0x100000, 1);
        return;
    }
    REQUIRE(start->kernel >= MAP_LEGACY_END);
    REQUIRE(start->rip >= start->kernel && start->rip < machine->size);
    fuzz_piece(machine, start->kernel, 1);
    const uint8_t *params = fuzz_piece(machine, start->gprs[GPR_RSI], 0x1000);

    check_header(machine, request, start, params);
    REQUIRE(get32(params + 0x18) == machine->screen.address);
    fuzz_piece(machine, start->gprs[GPR_RSP] - 0x1000, 0x1000);
    fuzz_piece(machine, start->gdt, start->gdt_limit + 1ULL);
    if (start->mode == BOOT_LONG) {
        fuzz_piece(machine, start->page_tables, 6 * 0x1000ULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t changed[FILE_SIZE];
    static struct boot_start start;

    if (size < 2) {
        return 0;
    }
    struct fuzz_machine *machine = fuzz_machine(
        data[1] < TIGHT ? RAM_TIGHT + data[1] * 0x1000ULL : RAM_SIZE,
        (data[0] & 0x40) != 0);
    size_t length = size - 2;
    const uint8_t *file = data + 2;

    if ((data[0] & 1) == 0) {
        length = changed_file(changed, file, length);
        file = changed;
    }
    uint8_t *exact = fuzz_exact(file, length);
    struct boot_file pieces[2] = {{exact, length < data[1] ? length : data[1]},
                                  {exact, length}};
    struct boot_request request = {
        .kernel = exact,
        .kernel_size = length,
        .initrd = pieces,
        .initrd_count = data[0] >> 1 & 1 ? 2 : 0,
        .module_count = (data[0] & 0x30) == 0x30 ? 1 : 0, /* it has none */
        .command_line = data[0] >> 2 & 1 ? "" : "console=hvc0",
        .rsdp = {data[0] >> 3 & 1 ? MAP_ACPI_BASE : 0},
        .protocol = "linux",
    };

    if (fuzz_loads(machine, boot_load, &request, &start)) {
        check(machine, &request, &start);
        boot_set_registers(NULL, &start);
    }
    free(exact);
    return 0;
}
