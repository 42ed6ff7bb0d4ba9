/* The Multiboot 2 information (2.0, 3.6); see the header. Tags without a
 * subject on this machine are left out: boot device, VBE, APM, SMBIOS,
 * network and all of EFI. */
#include "vmm/boot/multiboot_info.h"

#include "kernel/base/panic.h"
#include "vmm/boot/boot_protocol.h"
#include "vmm/boot/multiboot_sections.h"
#include "vmm/boot/multiboot_writer.h"

#define ALIGNMENT MULTIBOOT_INFO_ALIGN

enum tag {
    TAG_END = 0,
    TAG_COMMAND_LINE = 1,
    TAG_LOADER_NAME = 2,
    TAG_MODULE = 3,
    TAG_MEMORY = 4,
    TAG_MAP = 6,
    TAG_FRAMEBUFFER = 8,
    TAG_SECTIONS = 9,
    TAG_ACPI_OLD = 14,
    TAG_ACPI_NEW = 15,
    TAG_LOAD_BASE = 21,
};

#define TAG_HEADER 8  /* type, size */
#define MAP_SIZE   24 /* base, length, type, reserved */

/* The RSDP of ACPI 1.0 is the first part of the later one. */
#define RSDP_OLD_SIZE 20

#define FRAMEBUFFER_RGB 1

/* Begins a tag with so many bytes after its header. Returns where those
 * bytes begin. */
static uint64_t begin_tag(struct multiboot_writer *writer, enum tag type,
                          uint64_t length)
{
    uint64_t at = multiboot_take(writer, TAG_HEADER + length, ALIGNMENT);

    multiboot_set32(writer, at, type);
    multiboot_set32(writer, at + 4, TAG_HEADER + length);
    return at + TAG_HEADER;
}

static void put_line(struct multiboot_writer *writer, uint64_t at,
                     const struct multiboot_line *line)
{
    uint64_t length = multiboot_line_length(line);
    uint8_t *to = multiboot_room_at(writer, at, length);

    if (to != NULL) {
        multiboot_line_put(line, to);
    }
}

static void put_command_line(struct multiboot_writer *writer,
                             const struct multiboot_line *line)
{
    put_line(writer,
             begin_tag(writer, TAG_COMMAND_LINE, multiboot_line_length(line)),
             line);
}

static void put_module(struct multiboot_writer *writer,
                       const struct multiboot_module *module)
{
    uint64_t length = multiboot_line_length(&module->line);
    uint64_t at = begin_tag(writer, TAG_MODULE, 8 + length);

    multiboot_set32(writer, at, module->start);
    multiboot_set32(writer, at + 4, module->end);
    put_line(writer, at + 8, &module->line);
}

static void put_memory(struct multiboot_writer *writer,
                       const struct multiboot_info *info)
{
    uint64_t at = begin_tag(writer, TAG_MEMORY, 8);

    multiboot_set32(writer, at, multiboot_info_memory_lower(info));
    multiboot_set32(writer, at + 4, multiboot_info_memory_upper(info));

    at = begin_tag(writer, TAG_MAP, 8 + info->e820_count * MAP_SIZE);
    multiboot_set32(writer, at, MAP_SIZE);
    for (size_t i = 0; i < info->e820_count; i++) {
        uint64_t entry = at + 8 + i * MAP_SIZE;

        multiboot_set64(writer, entry, info->e820[i].base);
        multiboot_set64(writer, entry + 8, info->e820[i].size);
        multiboot_set32(writer, entry + 16, info->e820[i].type);
    }
}

/* The figure of 3.6.7 has 16-bit numbers. The specification's multiboot2.h,
 * GRUB and therefore every kernel have 32-bit numbers. */
static void put_sections(struct multiboot_writer *writer,
                         const struct multiboot_info *info)
{
    const struct elf *elf = info->elf;
    uint64_t length = multiboot_sections_size(elf);
    uint64_t at = begin_tag(writer, TAG_SECTIONS, 12 + length);
    uint8_t *to = multiboot_room_at(writer, at + 12, length);

    multiboot_set32(writer, at, elf->section_count);
    multiboot_set32(writer, at + 4, elf->section_size);
    multiboot_set32(writer, at + 8, elf->section_names);
    if (to != NULL) {
        multiboot_sections_put_headers(elf, info->section_contents, to);
    }
}

static void put_screen(struct multiboot_writer *writer,
                       const struct boot_screen *screen)
{
    const uint8_t kind[10] = {
        screen->bits,
        FRAMEBUFFER_RGB,
        0,
        0,
        screen->red.position,
        screen->red.size,
        screen->green.position,
        screen->green.size,
        screen->blue.position,
        screen->blue.size,
    };
    uint64_t at = begin_tag(writer, TAG_FRAMEBUFFER, 20 + sizeof(kind));

    multiboot_set64(writer, at, screen->address);
    multiboot_set32(writer, at + 8, screen->pitch);
    multiboot_set32(writer, at + 12, screen->width);
    multiboot_set32(writer, at + 16, screen->height);
    multiboot_set(writer, at + 20, kind, sizeof(kind));
}

static void put_acpi(struct multiboot_writer *writer, const uint8_t *rsdp)
{
    multiboot_set(writer, begin_tag(writer, TAG_ACPI_OLD, RSDP_OLD_SIZE), rsdp,
                  RSDP_OLD_SIZE);
    multiboot_set(writer, begin_tag(writer, TAG_ACPI_NEW, MULTIBOOT_RSDP_SIZE),
                  rsdp, MULTIBOOT_RSDP_SIZE);
}

uint64_t multiboot2_info_put(const struct multiboot_info *info,
                             uint32_t address, uint8_t *to, uint64_t room)
{
    struct multiboot_writer writer = {.to = to, .room = room};
    const uint64_t name_size = sizeof(MULTIBOOT_LOADER_NAME);

    CHECK(address % ALIGNMENT == 0);
    (void)multiboot_take(&writer, 8,
                         ALIGNMENT); /* room for total_size and reserved */
    put_command_line(&writer, &info->command_line);
    multiboot_set(&writer, begin_tag(&writer, TAG_LOADER_NAME, name_size),
                  MULTIBOOT_LOADER_NAME, name_size);
    for (size_t i = 0; i < info->module_count; i++) {
        put_module(&writer, &info->modules[i]);
    }
    put_memory(&writer, info);
    if (info->elf != NULL) {
        put_sections(&writer, info);
    }
    if (info->screen != NULL) {
        put_screen(&writer, info->screen);
    }
    if (info->rsdp != NULL) {
        put_acpi(&writer, info->rsdp);
    }
    if (info->relocatable) {
        multiboot_set32(&writer, begin_tag(&writer, TAG_LOAD_BASE, 4),
                        info->load_base);
    }
    (void)begin_tag(&writer, TAG_END, 0);
    multiboot_set32(&writer, 0, writer.used);
    return writer.used;
}
