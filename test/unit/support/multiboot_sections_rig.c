/* An ELF file with sections; see the header. */
#include "test/unit/support/multiboot_sections_rig.h"

#include <stdlib.h>
#include <string.h>

#include "vmm/boot/multiboot_sections.h"

struct multiboot_sections_rig rig;

const Elf64_Shdr rig_sections[RIG_SECTIONS] = {
    {0},
    {1, SHT_PROGBITS, SHF_ALLOC, 0x100000, 0x100, 0x100, 0, 0, 16, 0},
    {2, SHT_NOBITS, SHF_ALLOC, 0x101000, 0, 0x4000, 0, 0, 16, 0},
    {3, SHT_SYMTAB, 0, 0, 0x200, 0x33, 0, 0, 8, 0},
    {4, SHT_STRTAB, 0, 0, 0x300, 0x11, 0, 0, 1, 0},
    {5, SHT_PROGBITS, 0, 0, 0x400, 0x20, 0, 0, 0x80, 0},
    {6, SHT_PROGBITS, 0, 0, 0x500, 0, 0, 0, 4, 0},
    {7, SHT_PROGBITS, 0, 0, 0x500, 0x10, 0, 0, 3, 0},
    {8, SHT_NOBITS, 0, 0, 0, 0x10, 0, 0, 4, 0},
    {9, SHT_PROGBITS, SHF_ALLOC, 0, 0x600, 0x10, 0, 0, 4, 0},
    {10, SHT_PROGBITS, 0, 0, 0x700, 0x8, 0, 0, 0x100000, 0},
};

void rig_make_elf(bool is_64)
{
    static const Elf64_Phdr segment = {.p_type = PT_NULL};

    for (size_t i = 0; i < sizeof(rig.file); i++) {
        rig.file[i] = (uint8_t)(i * 7 + i / 251);
    }
    elf_write(rig.file, is_64, 0, &segment, 1);
    elf_write_sections(rig.file, RIG_TABLE, rig_sections, RIG_SECTIONS, 4);
}

bool rig_read(uint64_t size)
{
    static uint8_t *copy;

    free(copy);
    copy = malloc(size == 0 ? 1 : size);
    memcpy(copy, rig.file, size);
    rig.why = elf_open(&rig.elf, copy, size);
    if (rig.why == NULL) {
        rig.why = multiboot_sections_judge(&rig.elf, &rig.bytes, &rig.start);
    }
    return rig.why == NULL;
}

uint64_t rig_address_in(const uint8_t *headers, bool is_64, size_t index)
{
    if (is_64) {
        return ((const Elf64_Shdr *)headers)[index].sh_addr;
    }
    return ((const Elf32_Shdr *)headers)[index].sh_addr;
}
