/* Sections of an ELF kernel for Multiboot; see the header. */
#include "vmm/boot/multiboot_sections.h"

#include "vmm/memory/little_endian.h"

#define TYPE_NULL  0
#define FLAG_ALLOC 2

#define COUNT_32 48 /* the offset of e_shnum */
#define COUNT_64 60

#define ADDRESS_32 12 /* the offset of sh_addr in a section header */
#define ADDRESS_64 16

/* True if the section has bytes in the file and lies in no segment. */
static bool is_loaded_apart(const struct elf_section *section)
{
    return section->type != TYPE_NULL && section->type != ELF_SECTION_NOBITS &&
           (section->flags & FLAG_ALLOC) == 0 && section->address == 0 &&
           section->size != 0;
}

/* The offset of the contents of `section`, if the contents before it end at
 * `used`. */
static uint64_t offset_of(const struct elf_section *section, uint64_t used)
{
    uint64_t align = section->alignment;

    if (align == 0 || (align & (align - 1)) != 0) {
        align = 1;
    }
    if (align > MULTIBOOT_CONTENTS_ALIGN) {
        align = MULTIBOOT_CONTENTS_ALIGN;
    }
    return align_up(used, align);
}

const char *multiboot_sections_judge(const struct elf *elf, uint64_t *size,
                                     struct boot_start *start)
{
    uint64_t used = 0;

    if (elf->sections != 0 && elf->section_count == 0 &&
        get16(elf->bytes + (elf->is_64 ? COUNT_64 : COUNT_32)) != 0) {
        return "the ELF file ends before its section headers do: the file is "
               "cut short; strip removes them";
    }
    for (uint32_t i = 0; i < elf->section_count; i++) {
        struct elf_section section = elf_section(elf, i);

        if (!is_loaded_apart(&section)) {
            continue;
        }
        if (elf_bytes(elf, section.offset, section.size) == NULL) {
            return boot_refuse(start,
                               "the ELF file ends before its section %u does: "
                               "the file is cut short; strip removes what no "
                               "segment loads",
                               i);
        }
        used = offset_of(&section, used) + section.size;
        if (used > UINT32_MAX) {
            return "the ELF file's sections are larger than 4 GiB together; "
                   "strip removes what no segment loads";
        }
    }
    *size = used;
    return NULL;
}

void multiboot_sections_put_headers(const struct elf *elf, uint32_t address,
                                    uint8_t *to)
{
    uint64_t used = 0;

    memcpy(to, elf->bytes + elf->sections, multiboot_sections_size(elf));
    for (uint32_t i = 0; i < elf->section_count; i++) {
        struct elf_section section = elf_section(elf, i);
        uint8_t *header = to + (uint64_t)i * elf->section_size;

        if (!is_loaded_apart(&section)) {
            continue;
        }
        uint64_t at = offset_of(&section, used);

        used = at + section.size;
        if (elf->is_64) {
            put64(header + ADDRESS_64, address + at);
        } else {
            put32(header + ADDRESS_32, address + at);
        }
    }
}

void multiboot_sections_put_contents(const struct elf *elf, uint8_t *to)
{
    uint64_t used = 0;

    for (uint32_t i = 0; i < elf->section_count; i++) {
        struct elf_section section = elf_section(elf, i);

        if (!is_loaded_apart(&section)) {
            continue;
        }
        uint64_t at = offset_of(&section, used);

        memset(to + used, 0, at - used);
        memcpy(to + at, elf->bytes + section.offset, section.size);
        used = at + section.size;
    }
}
