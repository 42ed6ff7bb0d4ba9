/* ELF files (System V ABI, ELF-32 and ELF-64 object file formats), the form of
 * kernels and of their symbols: a reader that checks bounds, and a loader that
 * puts the segments into guest memory at the addresses that they ask for.
 *
 * Who calls it: the boot protocols (vmm/boot/pvh.c, vmm/boot/elf_plain.c,
 * multiboot). The file is hostile: nothing here reads outside of it, and
 * every walk over a table ends with the file. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/boot/boot_protocol.h"
#include "vmm/boot/boot_space.h"

enum elf_machine {
    ELF_MACHINE_386 = 3,
    ELF_MACHINE_X86_64 = 62,
};

enum elf_type {
    ELF_TYPE_EXEC = 2,
    ELF_TYPE_DYN = 3,
};

enum elf_segment_type {
    ELF_SEGMENT_LOAD = 1,
    ELF_SEGMENT_INTERP = 3,
    ELF_SEGMENT_NOTE = 4,
};

enum elf_section_type {
    ELF_SECTION_SYMBOLS = 2,
    ELF_SECTION_STRINGS = 3,
    ELF_SECTION_NOBITS = 8,
};

/* A file whose headers have been judged: both tables lie in it. */
struct elf {
    const uint8_t *bytes;
    uint64_t size;
    bool is_64;
    uint16_t type;
    uint16_t machine;
    uint64_t entry;    /* the entry, a virtual address */
    uint64_t segments; /* offset of the program headers */
    uint16_t segment_count;
    uint16_t segment_size;
    uint64_t sections; /* offset of the section headers */
    uint32_t section_count;
    uint16_t section_size;
    uint32_t section_names; /* index of the section with the names; 0: none */
};

struct elf_segment {
    uint32_t type; /* an enum elf_segment_type */
    uint32_t flags;
    uint64_t offset;
    uint64_t virtual;
    uint64_t physical;
    uint64_t file_size;
    uint64_t memory_size;
    uint64_t alignment;
};

struct elf_section {
    uint32_t name; /* offset in the section with the names */
    uint32_t type; /* an enum elf_section_type */
    uint64_t flags;
    uint64_t address;
    uint64_t offset;
    uint64_t size;
    uint32_t link;
    uint32_t info;
    uint64_t alignment;
    uint64_t entry_size;
};

struct elf_note {
    const char *name; /* as it stands in the file; name_size counts its NUL */
    uint32_t name_size;
    uint32_t type;
    const uint8_t *bytes;
    uint32_t size;
};

/* True if the file begins as ELF files do. */
bool elf_recognise(const uint8_t *bytes, uint64_t size);

/* NULL, and *elf is filled; or a sentence that says what is wrong: the file
 * is not whole, not little endian, not for x86, or not a program. A bad
 * section table counts as none, since programs run without one. */
const char *elf_open(struct elf *elf, const uint8_t *bytes, uint64_t size);

/* One entry of a table; `index` is below its count. */
struct elf_segment elf_segment(const struct elf *elf, unsigned index);
struct elf_section elf_section(const struct elf *elf, uint32_t index);

/* The bytes [offset, offset + size) of the file. NULL: they are not in it. */
const uint8_t *elf_bytes(const struct elf *elf, uint64_t offset, uint64_t size);

/* Finds the first note of this owner and type in the PT_NOTE segments. A
 * malformed note ends its segment, and the search ends after 65536 notes.
 * False: there is none, and *note is not valid. */
bool elf_find_note(const struct elf *elf, const char *owner, uint32_t type,
                   struct elf_note *note);

/* ---- loading (vmm/boot/elf_load.c) ---- */

/* The range of physical addresses that the PT_LOAD segments lie in. */
struct elf_extent {
    uint64_t low;
    uint64_t end;
    uint64_t alignment; /* the largest alignment of a segment; at least 1 */
};

/* Judges the PT_LOAD segments: each lies inside the file, is no larger there
 * than in memory, and does not wrap. NULL, or start->wrong. */
const char *elf_extent(const struct elf *elf, struct elf_extent *extent,
                       struct boot_start *start);

/* Takes the room of each segment. `bias` is added to its address, modulo
 * 2^64. Call elf_extent() first. NULL, or start->wrong. */
const char *elf_take(const struct elf *elf, struct boot_space *space,
                     uint64_t bias, struct boot_start *start);

/* Writes the segments to the room that was taken, and zeros behind the part
 * of a segment that the file has. */
void elf_put(const struct elf *elf, const struct guest_memory *memory,
             uint64_t bias);

/* Sets *physical to the physical address (without bias) of a virtual one, by
 * the segment that holds it. False: no segment does. */
bool elf_physical(const struct elf *elf, uint64_t virtual, uint64_t *physical);

/* True if the physical address (without bias) lies in a segment. */
bool elf_holds(const struct elf *elf, uint64_t physical);
