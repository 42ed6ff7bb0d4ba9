/* The Multiboot 1 information structure (0.6.96, 3.3); see the header. These
 * parts are absent, and their flags clear: boot device, drives,
 * configuration table, APM, VBE. */
#include "vmm/boot/multiboot_info.h"

#include "vmm/boot/boot_protocol.h"
#include "vmm/boot/multiboot_sections.h"
#include "vmm/boot/multiboot_writer.h"

/* Offsets of the fields. */
#define FLAGS          0
#define MEM_LOWER      4
#define MEM_UPPER      8
#define COMMAND_LINE   16
#define MODS_COUNT     20
#define MODS_ADDR      24
#define SYMS           28 /* four words: num, size, addr, shndx */
#define MMAP_LENGTH    44
#define MMAP_ADDR      48
#define LOADER_NAME    64
#define FRAMEBUFFER    88
#define STRUCTURE_SIZE 116

#define HAS_MEMORY       (1U << 0)
#define HAS_COMMAND_LINE (1U << 2)
#define HAS_MODULES      (1U << 3)
#define HAS_SECTIONS     (1U << 5)
#define HAS_MAP          (1U << 6)
#define HAS_LOADER_NAME  (1U << 9)
#define HAS_FRAMEBUFFER  (1U << 12)

#define MODULE_SIZE 16 /* four words: start, end, string, reserved */
#define MAP_SIZE    24 /* the size of the rest, then base, length, type */

#define FRAMEBUFFER_RGB 1

static uint64_t put_line(struct multiboot_writer *writer,
                         const struct multiboot_line *line)
{
    uint64_t length = multiboot_line_length(line);
    uint64_t at = multiboot_take(writer, length, 4);
    uint8_t *to = multiboot_room_at(writer, at, length);

    if (to != NULL) {
        multiboot_line_put(line, to);
    }
    return at;
}

static void put_modules(struct multiboot_writer *writer,
                        const struct multiboot_info *info, uint32_t address)
{
    uint64_t list = multiboot_take(writer, info->module_count * MODULE_SIZE, 4);

    for (size_t i = 0; i < info->module_count; i++) {
        const struct multiboot_module *module = &info->modules[i];
        uint64_t entry = list + i * MODULE_SIZE;

        multiboot_set32(writer, entry, module->start);
        multiboot_set32(writer, entry + 4, module->end);
        multiboot_set32(writer, entry + 8,
                        address + put_line(writer, &module->line));
    }
    multiboot_set32(writer, MODS_COUNT, info->module_count);
    multiboot_set32(writer, MODS_ADDR,
                    info->module_count == 0 ? 0 : address + list);
}

static void put_map(struct multiboot_writer *writer,
                    const struct multiboot_info *info, uint32_t address)
{
    uint64_t length = info->e820_count * MAP_SIZE;
    uint64_t map = multiboot_take(writer, length, 4);

    for (size_t i = 0; i < info->e820_count; i++) {
        uint64_t entry = map + i * MAP_SIZE;

        multiboot_set32(writer, entry, MAP_SIZE - 4);
        multiboot_set64(writer, entry + 4, info->e820[i].base);
        multiboot_set64(writer, entry + 12, info->e820[i].size);
        multiboot_set32(writer, entry + 20, info->e820[i].type);
    }
    multiboot_set32(writer, MMAP_LENGTH, length);
    multiboot_set32(writer, MMAP_ADDR, address + map);
}

static void put_sections(struct multiboot_writer *writer,
                         const struct multiboot_info *info, uint32_t address)
{
    const struct elf *elf = info->elf;
    uint64_t length = multiboot_sections_size(elf);
    uint64_t table = multiboot_take(writer, length, 8);
    uint8_t *to = multiboot_room_at(writer, table, length);

    if (to != NULL) {
        multiboot_sections_put_headers(elf, info->section_contents, to);
    }
    multiboot_set32(writer, SYMS, elf->section_count);
    multiboot_set32(writer, SYMS + 4, elf->section_size);
    multiboot_set32(writer, SYMS + 8, address + table);
    multiboot_set32(writer, SYMS + 12, elf->section_names);
}

static void put_screen(struct multiboot_writer *writer,
                       const struct boot_screen *screen)
{
    const uint8_t kind[8] = {
        screen->bits,          FRAMEBUFFER_RGB,        screen->red.position,
        screen->red.size,      screen->green.position, screen->green.size,
        screen->blue.position, screen->blue.size,
    };

    multiboot_set64(writer, FRAMEBUFFER, screen->address);
    multiboot_set32(writer, FRAMEBUFFER + 8, screen->pitch);
    multiboot_set32(writer, FRAMEBUFFER + 12, screen->width);
    multiboot_set32(writer, FRAMEBUFFER + 16, screen->height);
    multiboot_set(writer, FRAMEBUFFER + 20, kind, sizeof(kind));
}

static const struct multiboot_line loader_name = {.options =
                                                      MULTIBOOT_LOADER_NAME};

uint64_t multiboot1_info_put(const struct multiboot_info *info,
                             uint32_t address, uint8_t *to, uint64_t room)
{
    struct multiboot_writer writer = {.to = to, .room = room};
    uint32_t flags =
        HAS_MEMORY | HAS_COMMAND_LINE | HAS_MODULES | HAS_MAP | HAS_LOADER_NAME;

    (void)multiboot_take(&writer, STRUCTURE_SIZE, 1);
    multiboot_set32(&writer, MEM_LOWER, multiboot_info_memory_lower(info));
    multiboot_set32(&writer, MEM_UPPER, multiboot_info_memory_upper(info));
    multiboot_set32(&writer, COMMAND_LINE,
                    address + put_line(&writer, &info->command_line));
    multiboot_set32(&writer, LOADER_NAME,
                    address + put_line(&writer, &loader_name));
    put_modules(&writer, info, address);
    put_map(&writer, info, address);
    if (info->elf != NULL) {
        flags |= HAS_SECTIONS;
        put_sections(&writer, info, address);
    }
    if (info->screen != NULL) {
        flags |= HAS_FRAMEBUFFER;
        put_screen(&writer, info->screen);
    }
    multiboot_set32(&writer, FLAGS, flags);
    return writer.used;
}
