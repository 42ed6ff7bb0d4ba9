/* Reads ELF files; see the header. Names are the ELF specification's, without
 * their prefix. */
#include "vmm/boot/elf.h"

#include "vmm/memory/little_endian.h"

#define IDENT_CLASS   4
#define IDENT_DATA    5
#define IDENT_VERSION 6
#define CLASS_32      1
#define CLASS_64      2
#define DATA_LITTLE   1

/* Sizes of the header, a program header and a section header, of both
 * classes. */
#define HEADER_32  52
#define HEADER_64  64
#define SEGMENT_32 32
#define SEGMENT_64 56
#define SECTION_32 40
#define SECTION_64 64

#define NOTE_HEADER    12
#define NOTE_ALIGNMENT 4

/* Segments may overlap, so the file's size is no bound for a walk over the
 * notes of all segments; this is. */
#define NOTES_MOST 65536U

#define SECTION_INDEX_ELSEWHERE 0xffff /* SHN_XINDEX */

bool elf_recognise(const uint8_t *bytes, uint64_t size)
{
    return size >= 4 && memcmp(bytes,
                               "\x7f"
                               "ELF",
                               4) == 0;
}

const uint8_t *elf_bytes(const struct elf *elf, uint64_t offset, uint64_t size)
{
    if (offset > elf->size || size > elf->size - offset) {
        return NULL;
    }
    return elf->bytes + offset;
}

static const char *judge_ident(const struct elf *elf)
{
    const uint8_t *ident = elf->bytes;

    if (!elf_recognise(ident, elf->size)) {
        return "the file is not an ELF file";
    }
    if (elf->size < HEADER_32) {
        return "the ELF file ends inside its header: the file is cut short";
    }
    if (ident[IDENT_CLASS] != CLASS_32 && ident[IDENT_CLASS] != CLASS_64) {
        return "the ELF file is neither of 32 nor of 64 bits: the file is "
               "damaged";
    }
    if (ident[IDENT_DATA] != DATA_LITTLE) {
        return "the ELF file is big endian, of another kind of machine; name "
               "an x86-64 or i386 kernel";
    }
    if (ident[IDENT_VERSION] != 1) {
        return "the ELF file is of an unknown version: the file is damaged";
    }
    return NULL;
}

static void read_header_32(struct elf *elf)
{
    const uint8_t *header = elf->bytes;

    elf->entry = get32(header + 24);
    elf->segments = get32(header + 28);
    elf->sections = get32(header + 32);
    elf->segment_size = get16(header + 42);
    elf->segment_count = get16(header + 44);
    elf->section_size = get16(header + 46);
    elf->section_count = get16(header + 48);
    elf->section_names = get16(header + 50);
}

static void read_header_64(struct elf *elf)
{
    const uint8_t *header = elf->bytes;

    elf->entry = get64(header + 24);
    elf->segments = get64(header + 32);
    elf->sections = get64(header + 40);
    elf->segment_size = get16(header + 54);
    elf->segment_count = get16(header + 56);
    elf->section_size = get16(header + 58);
    elf->section_count = get16(header + 60);
    elf->section_names = get16(header + 62);
}

static const char *judge_machine(const struct elf *elf)
{
    if (elf->machine != ELF_MACHINE_386 && elf->machine != ELF_MACHINE_X86_64) {
        return "the ELF file is for another kind of machine (e_machine); name "
               "an x86-64 or i386 kernel";
    }
    if (elf->is_64 && elf->machine == ELF_MACHINE_386) {
        return "the ELF file has 64 bits but is for the i386: the file is "
               "damaged";
    }
    if (elf->type != ELF_TYPE_EXEC && elf->type != ELF_TYPE_DYN) {
        return "the ELF file is not an executable (e_type): it is an object or "
               "a kernel module, which has to be linked, or a core dump";
    }
    return NULL;
}

/* Judges both tables. The program headers are needed. The section headers
 * are dropped if they do not lie in the file, or if there are more than the
 * header can count. */
static const char *judge_tables(struct elf *elf)
{
    uint16_t least = elf->is_64 ? SEGMENT_64 : SEGMENT_32;

    if (elf->segment_count == 0) {
        return "the ELF file has no program headers, so nothing of it can be "
               "loaded: link it as an executable";
    }
    if (elf->segment_size < least) {
        return "the ELF file's program headers are too small (e_phentsize): "
               "the file is damaged";
    }
    if (elf_bytes(elf, elf->segments,
                  (uint64_t)elf->segment_count * elf->segment_size) == NULL) {
        return "the ELF file ends before its program headers do: the file is "
               "cut short";
    }
    least = elf->is_64 ? SECTION_64 : SECTION_32;
    if (elf->section_size < least || elf->sections == 0 ||
        elf_bytes(elf, elf->sections,
                  (uint64_t)elf->section_count * elf->section_size) == NULL) {
        elf->section_count = 0;
    }
    if (elf->section_names >= elf->section_count ||
        elf->section_names == SECTION_INDEX_ELSEWHERE) {
        elf->section_names = 0;
    }
    return NULL;
}

const char *elf_open(struct elf *elf, const uint8_t *bytes, uint64_t size)
{
    memset(elf, 0, sizeof(*elf));
    elf->bytes = bytes;
    elf->size = size;

    const char *wrong = judge_ident(elf);

    if (wrong != NULL) {
        return wrong;
    }
    elf->is_64 = bytes[IDENT_CLASS] == CLASS_64;
    elf->type = get16(bytes + 16);
    elf->machine = get16(bytes + 18);
    wrong = judge_machine(elf);
    if (wrong != NULL) {
        return wrong;
    }
    if (!elf->is_64) {
        read_header_32(elf);
    } else if (size >= HEADER_64) {
        read_header_64(elf);
    } else {
        return "the ELF file ends inside its header: the file is cut short";
    }
    return judge_tables(elf);
}

struct elf_segment elf_segment(const struct elf *elf, unsigned index)
{
    const uint8_t *at =
        elf->bytes + elf->segments + (uint64_t)index * elf->segment_size;

    if (elf->is_64) {
        return (struct elf_segment){
            .type = get32(at),
            .flags = get32(at + 4),
            .offset = get64(at + 8),
            .virtual = get64(at + 16),
            .physical = get64(at + 24),
            .file_size = get64(at + 32),
            .memory_size = get64(at + 40),
            .alignment = get64(at + 48),
        };
    }
    return (struct elf_segment){
        .type = get32(at),
        .offset = get32(at + 4),
        .virtual = get32(at + 8),
        .physical = get32(at + 12),
        .file_size = get32(at + 16),
        .memory_size = get32(at + 20),
        .flags = get32(at + 24),
        .alignment = get32(at + 28),
    };
}

struct elf_section elf_section(const struct elf *elf, uint32_t index)
{
    const uint8_t *at =
        elf->bytes + elf->sections + (uint64_t)index * elf->section_size;

    if (elf->is_64) {
        return (struct elf_section){
            .name = get32(at),
            .type = get32(at + 4),
            .flags = get64(at + 8),
            .address = get64(at + 16),
            .offset = get64(at + 24),
            .size = get64(at + 32),
            .link = get32(at + 40),
            .info = get32(at + 44),
            .alignment = get64(at + 48),
            .entry_size = get64(at + 56),
        };
    }
    return (struct elf_section){
        .name = get32(at),
        .type = get32(at + 4),
        .flags = get32(at + 8),
        .address = get32(at + 12),
        .offset = get32(at + 16),
        .size = get32(at + 20),
        .link = get32(at + 24),
        .info = get32(at + 28),
        .alignment = get32(at + 32),
        .entry_size = get32(at + 36),
    };
}

/* ---- notes ---- */

/* Reads the note at `*at` of the segment, and moves *at behind it. False:
 * there is no whole note. */
static bool next_note(const uint8_t *bytes, uint64_t size, uint64_t *at,
                      struct elf_note *note)
{
    if (size - *at < NOTE_HEADER) {
        return false;
    }
    const uint8_t *header = bytes + *at;
    uint64_t name = *at + NOTE_HEADER;

    note->name_size = get32(header);
    note->size = get32(header + 4);
    note->type = get32(header + 8);

    uint64_t contents =
        name + align_up((uint64_t)note->name_size, NOTE_ALIGNMENT);

    if (contents > size || note->size > size - contents) {
        return false;
    }
    note->name = (const char *)bytes + name;
    note->bytes = bytes + contents;
    /* The padding of the last note may be missing. */
    *at = align_up(contents + note->size, NOTE_ALIGNMENT);
    *at = *at < size ? *at : size;
    return true;
}

static bool is_note(const struct elf_note *note, const char *owner,
                    uint32_t type)
{
    size_t length = strlen(owner) + 1;

    return note->type == type && note->name_size == length &&
           memcmp(note->name, owner, length) == 0;
}

bool elf_find_note(const struct elf *elf, const char *owner, uint32_t type,
                   struct elf_note *note)
{
    unsigned left = NOTES_MOST;

    for (unsigned i = 0; i < elf->segment_count; i++) {
        struct elf_segment segment = elf_segment(elf, i);
        uint64_t at = 0;

        if (segment.type != ELF_SEGMENT_NOTE) {
            continue;
        }
        const uint8_t *bytes =
            elf_bytes(elf, segment.offset, segment.file_size);

        while (bytes != NULL && left > 0 &&
               next_note(bytes, segment.file_size, &at, note)) {
            left--;
            if (is_note(note, owner, type)) {
                return true;
            }
        }
    }
    return false;
}
