/* ELF files of either class from one description, made with the system's
 * <elf.h>, the second opinion on every offset. For the loaders' and symbols'
 * unit tests and fuzz targets. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <elf.h>

/* The header (an executable for x86-64 or the i386) and, behind it, the
 * segments; nothing else of `file` is touched. */
void elf_write(uint8_t *file, bool is_64, uint64_t entry,
               const Elf64_Phdr *segments, size_t count);

/* Section headers at `at`, told to the header, which elf_write() has made;
 * `names` is the index of the one that holds their names. */
void elf_write_sections(uint8_t *file, uint64_t at, const Elf64_Shdr *sections,
                        size_t count, size_t names);
