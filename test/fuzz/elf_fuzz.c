/* libFuzzer on the ELF loaders: PVH and plain. An input is either a file as it
 * stands, or a list of changes to a sound kernel of either class. ASan watches
 * the bounds of file and RAM; what is accepted must hold together: the entry
 * and everything that the boot information names lie in RAM, no two places
 * overlap, and the modules' bytes are there. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arch/guest.h"
#include "kernel/panic.h"
#include "test/unit/elf_kernel.h"
#include "vmm/boot_protocol.h"
#include "vmm/start_info.h"

#define RAM_SIZE (4ULL << 20)
#define PLACES   32

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

static uint8_t *ram;
static const struct e820_entry e820[] = {
    {0, MAP_LEGACY_BASE, E820_RAM},
    {MAP_LEGACY_BASE, MAP_LEGACY_END - MAP_LEGACY_BASE, E820_RESERVED},
    {MAP_LEGACY_END, RAM_SIZE - MAP_LEGACY_END, E820_RAM},
};

/* Changes of five bytes: which byte, how many of them, their value; where the
 * last ones stand in the file is what a header's fields hold. */
static void change(uint8_t *file, const uint8_t *data, size_t size)
{
    for (; size >= 5; data += 5, size -= 5) {
        size_t at = (size_t)(data[0] | data[1] << 8) % KERNEL_CODE;
        uint16_t value = (uint16_t)(data[2] | data[3] << 8);

        switch (data[4] & 3) {
        case 0:
            file[at] = data[2];
            break;
        case 1:
            memcpy(file + at, &value, sizeof(value));
            break;
        case 2:
            memset(file + at, data[2], 8);
            break;
        default:
            file[at] = (uint8_t)(file[at] + data[2]);
            break;
        }
    }
}

/* Places that must not overlap. */
static struct {
    uint64_t base;
    uint64_t end;
} places[PLACES];
static size_t place_count;

static const uint8_t *place(uint64_t base, uint64_t size)
{
    require(size <= RAM_SIZE && base <= RAM_SIZE - size);
    require(base >= MAP_LEGACY_END || base + size <= MAP_LEGACY_BASE);
    for (size_t i = 0; i < place_count; i++) {
        require(base + size <= places[i].base || base >= places[i].end);
    }
    require(place_count < PLACES);
    places[place_count].base = base;
    places[place_count].end = base + size;
    place_count++;
    return ram + base;
}

static void check_info(uint64_t at, const struct boot_request *request,
                       const struct boot_start *start)
{
    struct start_info info;
    struct start_info_module module;
    size_t first = start->initrd_size != 0 ? 1 : 0;

    memcpy(&info, ram + at, sizeof(info));
    require(info.magic == START_INFO_MAGIC && info.version == 1);
    require(info.module_count == first + request->module_count);
    place(at, sizeof(info));
    require(info.map_count == 3);
    place(info.map, 3 * sizeof(struct start_info_map));
    place(info.command_line, strlen(request->command_line) + 1);
    require(strcmp((const char *)ram + info.command_line,
                   request->command_line) == 0);
    for (size_t i = 0; i < info.module_count; i++) {
        memcpy(&module, ram + info.modules + i * sizeof(module),
               sizeof(module));
        require(i >= first || module.size == start->initrd_size);
        const uint8_t *bytes = place(module.address, module.size);

        if (i >= first) {
            const struct boot_piece *piece = &request->module[i - first];

            require(module.size == piece->size);
            require(memcmp(bytes, piece->bytes, piece->size) == 0);
            require(strcmp((const char *)ram + module.command_line,
                           piece->command_line) == 0);
        }
    }
}

static void check(const struct boot_request *request,
                  const struct boot_start *start)
{
    place_count = 0;
    require(start->rip < RAM_SIZE && start->kernel < RAM_SIZE);
    require(strlen(start->version) < BOOT_VERSION);
    place(start->gdt, 32);
    if (start->mode == BOOT_LONG) {
        place(start->page_tables, request->gib_pages ? 2 * 0x1000 : 6 * 0x1000);
        place(start->gprs[GPR_RSP] - 0x3ff8, 0x4000);
        check_info(start->gprs[GPR_RDI], request, start);
    } else {
        place(start->gprs[GPR_RSP] - 0x1000, 0x1000);
        check_info(start->gprs[GPR_RBX], request, start);
    }
}

static uint8_t *make_file(const uint8_t *data, size_t size, size_t *length)
{
    uint8_t *file = NULL;

    if ((data[0] & 1) != 0) {
        *length = size - 3;
        file = malloc(*length == 0 ? 1 : *length);
        memcpy(file, data + 3, *length);
        return file;
    }
    file = malloc(KERNEL_SIZE);
    *length = KERNEL_SIZE;
    if ((data[0] & 2) != 0) {
        kernel_make_32(file, true);
    } else {
        kernel_make_64(file, (data[0] & 4) != 0);
    }
    change(file, data + 3, size - 3);
    if ((data[0] & 8) != 0) {
        *length = (size_t)(data[2] * 6);
        file = realloc(file, *length == 0 ? 1 : *length);
    }
    return file;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t text[0x10000];
    size_t length = 0;

    if (size < 3) {
        return 0;
    }
    if (ram == NULL) {
        ram = malloc(RAM_SIZE);
        memset(text, 0x5a, sizeof(text));
    }
    uint8_t *file = make_file(data, size, &length);
    const struct guest_memory memory = {
        .slots = {{.base = 0, .size = RAM_SIZE, .host = ram}}, .slot_count = 1};
    const struct boot_piece pieces[2] = {{text, data[1], "a module"},
                                         {text, data[1] * 16U, ""}};
    const struct boot_request request = {
        .kernel = file,
        .kernel_size = length,
        .kernel_name = "kernel",
        .initrd = pieces,
        .initrd_count = data[0] >> 4 & 1 ? 2 : 0,
        .module = pieces,
        .module_count = data[0] >> 5 & 1 ? 2 : 0,
        .command_line = "console=hvc0",
        .e820 = e820,
        .e820_count = 3,
        .gib_pages = (data[0] & 0xc0) != 0, /* the others cost time */
    };
    static struct boot_start start;

    if (boot_load(&memory, &request, &start) == NULL &&
        (strcmp(start.protocol, "PVH") == 0 || start.contract != NULL)) {
        check(&request, &start);
        boot_set_registers(NULL, &start);
    }
    free(file);
    return 0;
}
