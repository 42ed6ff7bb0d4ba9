/* Sections of an ELF kernel for Multiboot; see the header. Offsets are the
 * System V ABI's, of both classes. */
#include "vmm/multiboot_sections.h"

#include "kernel/format.h"
#include "vmm/little_endian.h"

#define CLASS     4
#define CLASS_64  2
#define NAMES_FAR 0xffff /* e_shstrndx: the index is in section 0's sh_link */

#define TYPE_NULL   0
#define TYPE_NOBITS 8
#define FLAG_ALLOC  2

/* What is read of a section header. */
struct section {
    uint32_t type;
    uint64_t flags;
    uint64_t address;
    uint64_t offset;
    uint64_t size;
    uint64_t align;
};

#define ADDRESS_32 12 /* sh_addr in a section header */
#define ADDRESS_64 16

static const uint8_t *header_at(const struct multiboot_sections *sections,
                                uint32_t index)
{
    return sections->file + sections->table +
           (uint64_t)index * sections->entry_size;
}

static struct section section_at(const struct multiboot_sections *sections,
                                 uint32_t index)
{
    const uint8_t *at = header_at(sections, index);

    if (sections->is64) {
        return (struct section){
            .type = get32(at + 4),
            .flags = get64(at + 8),
            .address = get64(at + ADDRESS_64),
            .offset = get64(at + 24),
            .size = get64(at + 32),
            .align = get64(at + 48),
        };
    }
    return (struct section){
        .type = get32(at + 4),
        .flags = get32(at + 8),
        .address = get32(at + ADDRESS_32),
        .offset = get32(at + 16),
        .size = get32(at + 20),
        .align = get32(at + 32),
    };
}

/* Bytes in the file, and no segment that they would be part of. */
static bool is_loaded_apart(const struct section *section)
{
    return section->type != TYPE_NULL && section->type != TYPE_NOBITS &&
           (section->flags & FLAG_ALLOC) == 0 && section->address == 0 &&
           section->size != 0;
}

/* Where the contents of `section` begin when those before it end at `used`. */
static uint64_t place(const struct section *section, uint64_t used)
{
    uint64_t align = section->align;

    if (align == 0 || (align & (align - 1)) != 0) {
        align = 1;
    }
    if (align > MULTIBOOT_CONTENTS_ALIGN) {
        align = MULTIBOOT_CONTENTS_ALIGN;
    }
    return (used + align - 1) & ~(align - 1);
}

/* The table's place, from the ELF header. False: not in the file. */
static bool read_table(const uint8_t *file, uint64_t size,
                       struct multiboot_sections *sections)
{
    bool is64 = size > CLASS && file[CLASS] == CLASS_64;
    uint64_t least = is64 ? 64 : 52;

    if (size < least) {
        return false;
    }
    *sections = (struct multiboot_sections){
        .file = file,
        .is64 = is64,
        .table = is64 ? get64(file + 40) : get32(file + 32),
        .entry_size = get16(file + least - 6),
        .count = get16(file + least - 4),
        .names = get16(file + least - 2),
    };
    if (sections->table == 0) {
        sections->count = 0;
        return true;
    }
    uint64_t entry = is64 ? 64 : 40;

    if (sections->entry_size != entry) {
        return sections->count == 0;
    }
    if (sections->table > size || size - sections->table < entry) {
        return false;
    }
    /* Numbers too large for their fields stand in section 0. */
    const uint8_t *first = file + sections->table;

    if (sections->count == 0) {
        uint64_t count = is64 ? get64(first + 32) : get32(first + 20);

        if (count > UINT32_MAX) {
            return false;
        }
        sections->count = (uint32_t)count;
    }
    if (sections->names == NAMES_FAR) {
        sections->names = get32(first + (is64 ? 40 : 24));
    }
    return multiboot_sections_size(sections) <= size - sections->table;
}

bool multiboot_sections_read(const uint8_t *file, uint64_t size,
                             struct multiboot_sections *sections,
                             char why[BOOT_WRONG])
{
    uint64_t used = 0;

    if (!read_table(file, size, sections)) {
        format_sn(why, BOOT_WRONG,
                  "the ELF file's section table is not in the file: it is cut "
                  "short; strip it, or give the whole");
        return false;
    }
    for (uint32_t i = 0; i < sections->count; i++) {
        struct section section = section_at(sections, i);

        if (!is_loaded_apart(&section)) {
            continue;
        }
        if (section.offset > size || section.size > size - section.offset) {
            format_sn(why, BOOT_WRONG,
                      "section %u of the ELF file is not in the file: it is "
                      "cut short; strip it, or give the whole",
                      i);
            return false;
        }
        used = place(&section, used) + section.size;
        if (used > UINT32_MAX) {
            format_sn(why, BOOT_WRONG,
                      "the ELF file's sections are larger than any memory");
            return false;
        }
    }
    sections->content_bytes = used;
    return true;
}

void multiboot_sections_put_headers(const struct multiboot_sections *sections,
                                    uint32_t address, uint8_t *to)
{
    uint64_t used = 0;

    memcpy(to, sections->file + sections->table,
           multiboot_sections_size(sections));
    for (uint32_t i = 0; i < sections->count; i++) {
        struct section section = section_at(sections, i);
        uint8_t *header = to + (uint64_t)i * sections->entry_size;

        if (is_loaded_apart(&section)) {
            uint64_t at = place(&section, used);
            uint64_t loaded = address + at;

            used = at + section.size;
            if (sections->is64) {
                memcpy(header + ADDRESS_64, &loaded, 8);
            } else {
                memcpy(header + ADDRESS_32, &loaded, 4);
            }
        }
    }
}

void multiboot_sections_put_contents(const struct multiboot_sections *sections,
                                     uint8_t *to)
{
    uint64_t used = 0;

    for (uint32_t i = 0; i < sections->count; i++) {
        struct section section = section_at(sections, i);

        if (is_loaded_apart(&section)) {
            uint64_t at = place(&section, used);

            memset(to + used, 0, at - used);
            memcpy(to + at, sections->file + section.offset, section.size);
            used = at + section.size;
        }
    }
}
