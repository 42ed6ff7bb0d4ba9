/* ELF files for tests; see the header. */
#include "test/unit/support/elf_write.h"

#include <string.h>

static void write_32(uint8_t *file, uint64_t entry, const Elf64_Phdr *segments,
                     size_t count)
{
    const Elf32_Ehdr header = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB,
                    EV_CURRENT},
        .e_type = ET_EXEC,
        .e_machine = EM_386,
        .e_version = EV_CURRENT,
        .e_entry = (Elf32_Addr)entry,
        .e_phoff = sizeof(header),
        .e_ehsize = sizeof(header),
        .e_phentsize = sizeof(Elf32_Phdr),
        .e_phnum = (Elf32_Half)count,
    };

    memcpy(file, &header, sizeof(header));
    for (size_t i = 0; i < count; i++) {
        const Elf32_Phdr segment = {
            .p_type = segments[i].p_type,
            .p_offset = (Elf32_Off)segments[i].p_offset,
            .p_vaddr = (Elf32_Addr)segments[i].p_vaddr,
            .p_paddr = (Elf32_Addr)segments[i].p_paddr,
            .p_filesz = (Elf32_Word)segments[i].p_filesz,
            .p_memsz = (Elf32_Word)segments[i].p_memsz,
            .p_flags = segments[i].p_flags,
            .p_align = (Elf32_Word)segments[i].p_align,
        };

        memcpy(file + sizeof(header) + i * sizeof(segment), &segment,
               sizeof(segment));
    }
}

static void write_64(uint8_t *file, uint64_t entry, const Elf64_Phdr *segments,
                     size_t count)
{
    const Elf64_Ehdr header = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
                    EV_CURRENT},
        .e_type = ET_EXEC,
        .e_machine = EM_X86_64,
        .e_version = EV_CURRENT,
        .e_entry = entry,
        .e_phoff = sizeof(header),
        .e_ehsize = sizeof(header),
        .e_phentsize = sizeof(*segments),
        .e_phnum = (Elf64_Half)count,
    };

    memcpy(file, &header, sizeof(header));
    memcpy(file + sizeof(header), segments, count * sizeof(*segments));
}

void elf_write(uint8_t *file, bool is_64, uint64_t entry,
               const Elf64_Phdr *segments, size_t count)
{
    (is_64 ? write_64 : write_32)(file, entry, segments, count);
}

static void sections_32(uint8_t *file, uint64_t at, const Elf64_Shdr *sections,
                        size_t count, size_t names)
{
    Elf32_Ehdr header;

    memcpy(&header, file, sizeof(header));
    header.e_shoff = (Elf32_Off)at;
    header.e_shentsize = sizeof(Elf32_Shdr);
    header.e_shnum = (Elf32_Half)count;
    header.e_shstrndx = (Elf32_Half)names;
    memcpy(file, &header, sizeof(header));
    for (size_t i = 0; i < count; i++) {
        const Elf32_Shdr section = {
            .sh_name = sections[i].sh_name,
            .sh_type = sections[i].sh_type,
            .sh_flags = (Elf32_Word)sections[i].sh_flags,
            .sh_addr = (Elf32_Addr)sections[i].sh_addr,
            .sh_offset = (Elf32_Off)sections[i].sh_offset,
            .sh_size = (Elf32_Word)sections[i].sh_size,
            .sh_link = sections[i].sh_link,
            .sh_info = sections[i].sh_info,
            .sh_addralign = (Elf32_Word)sections[i].sh_addralign,
            .sh_entsize = (Elf32_Word)sections[i].sh_entsize,
        };

        memcpy(file + at + i * sizeof(section), &section, sizeof(section));
    }
}

static void sections_64(uint8_t *file, uint64_t at, const Elf64_Shdr *sections,
                        size_t count, size_t names)
{
    Elf64_Ehdr header;

    memcpy(&header, file, sizeof(header));
    header.e_shoff = at;
    header.e_shentsize = sizeof(*sections);
    header.e_shnum = (Elf64_Half)count;
    header.e_shstrndx = (Elf64_Half)names;
    memcpy(file, &header, sizeof(header));
    memcpy(file + at, sections, count * sizeof(*sections));
}

void elf_write_sections(uint8_t *file, uint64_t at, const Elf64_Shdr *sections,
                        size_t count, size_t names)
{
    (file[EI_CLASS] == ELFCLASS64 ? sections_64 : sections_32)(
        file, at, sections, count, names);
}
