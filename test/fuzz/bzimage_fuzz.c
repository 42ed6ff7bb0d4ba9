/* libFuzzer on the bzImage loader. An input is either a file as it stands, or
 * a list of changes to a sound one (the loader's checks are many: a random
 * file passes few of them). ASan watches the file's and the RAM's bounds; what
 * is accepted must hold together. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arch/guest.h"
#include "kernel/panic.h"
#include "vmm/bzimage.h"
#include "vmm/bzimage_file.h"

#define RAM_SIZE  (24ULL << 20)
#define FILE_SIZE 0x3000

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

static void require(int condition)
{
    if (!condition) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t *ram;
    static const struct e820_entry e820[] = {
        {0, MAP_LEGACY_BASE, E820_RAM},
        {MAP_LEGACY_BASE, MAP_LEGACY_END - MAP_LEGACY_BASE, E820_RESERVED},
        {MAP_LEGACY_END, RAM_SIZE - MAP_LEGACY_END, E820_RAM}};

    if (size < 2) {
        return 0;
    }
    if (ram == NULL) {
        ram = malloc(RAM_SIZE);
    }
    /* Exactly as long as the loader is told. */
    uint8_t *file = malloc(size > FILE_SIZE ? size : FILE_SIZE);
    size_t length = size - 2;

    if ((data[0] & 1) != 0) {
        memcpy(file, data + 2, length);
    } else {
        length = changed_file(file, data + 2, length);
    }
    uint8_t *exact = malloc(length + 1);

    memcpy(exact, file, length);
    exact = realloc(exact, length == 0 ? 1 : length);

    struct guest_memory memory = {
        .slots = {{.base = 0, .size = RAM_SIZE, .host = ram}}, .slot_count = 1};
    struct boot_piece pieces[2] = {{exact, length < data[1] ? length : data[1]},
                                   {exact, length}};
    struct boot_request request = {
        .kernel = exact,
        .kernel_size = length,
        .initrd = pieces,
        .initrd_count = data[0] >> 1 & 1 ? 2 : 0,
        .command_line = "console=hvc0",
        .e820 = e820,
        .e820_count = 3,
    };
    struct boot_start start = {0};

    (void)bzimage_file_recognise(exact, length);
    if (bzimage_load(&memory, &request, &start) == NULL) {
        require(start.mode == BOOT_REAL || start.kernel >= MAP_LEGACY_END);
        require(start.kernel < RAM_SIZE);
        require(start.rip < RAM_SIZE);
        require(strlen(start.version) < BOOT_VERSION);
        require(start.initrd_size <= RAM_SIZE - start.initrd);
        require(start.initrd_size == 0 || start.initrd > start.kernel);
        boot_set_registers(NULL, &start);
    }
    free(exact);
    free(file);
    return 0;
}
