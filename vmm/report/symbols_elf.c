/* Reads the symbol table of an ELF file (System V ABI, "Symbol Table"); see
 * vmm/report/symbols.h. */
#include "vmm/boot/elf.h"
#include "vmm/config/errors.h"
#include "vmm/memory/little_endian.h"
#include "vmm/report/symbols.h"

/* Bytes of an entry in a 32-bit and in a 64-bit file. */
#define SYMBOL_32 16
#define SYMBOL_64 24

#define SECTION_EXECUTABLE 4 /* SHF_EXECINSTR */
#define INDEX_UNDEFINED    0
#define INDEX_RESERVED     0xff00 /* from here on: absolute, common, others */

/* TYPE_*: the low half of st_info. BIND_*: the high half. */
enum {
    TYPE_NONE = 0,
    TYPE_OBJECT = 1,
    TYPE_FUNCTION = 2,
    TYPE_INDIRECT = 10, /* STT_GNU_IFUNC, a function */
    BIND_LOCAL = 0,
    BIND_WEAK = 2,
};

struct raw_symbol {
    uint32_t name;
    uint8_t type;
    uint8_t bind;
    uint16_t section;
    uint64_t value;
    uint64_t size;
};

/* The symbol table and its strings. Both lie in the file. */
struct tables {
    const struct elf *elf;
    const uint8_t *symbols;
    uint64_t entry_size;
    uint64_t count;
    const char *strings;
    uint64_t strings_size;
};

static struct raw_symbol read_symbol(const struct tables *tables,
                                     uint64_t index)
{
    const uint8_t *at = tables->symbols + index * tables->entry_size;

    if (tables->elf->is_64) {
        return (struct raw_symbol){
            .name = get32(at),
            .type = at[4] & 0xf,
            .bind = at[4] >> 4,
            .section = get16(at + 6),
            .value = get64(at + 8),
            .size = get64(at + 16),
        };
    }
    return (struct raw_symbol){
        .name = get32(at),
        .type = at[12] & 0xf,
        .bind = at[12] >> 4,
        .section = get16(at + 14),
        .value = get32(at + 4),
        .size = get32(at + 8),
    };
}

/* True: the symbol stands for a place in the kernel. Sections, files and
 * thread-local symbols do not. The assembler's own labels are left out, because
 * no person chose their names. */
static bool is_place(const struct tables *tables,
                     const struct raw_symbol *symbol, const char *name)
{
    if (symbol->type != TYPE_NONE && symbol->type != TYPE_OBJECT &&
        symbol->type != TYPE_FUNCTION && symbol->type != TYPE_INDIRECT) {
        return false;
    }
    if (symbol->section == INDEX_UNDEFINED ||
        symbol->section >= INDEX_RESERVED ||
        symbol->section >= tables->elf->section_count) {
        return false;
    }
    return (uint8_t)name[0] > ' ' && strncmp(name, "..", 2) != 0 &&
           strncmp(name, ".L", 2) != 0;
}

/* Adds a symbol. One at the end of its section, or outside, names no function,
 * but ends the function before it. */
static void add(struct symbols_sink *sink, const struct tables *tables,
                const struct raw_symbol *symbol, const char *name)
{
    struct elf_section section = elf_section(tables->elf, symbol->section);
    struct symbols_entry entry = {
        .name = name,
        .length = strnlen(name, SYMBOL_NAME_MOST),
        .address = symbol->value,
        .size = symbol->size,
        .rank = SYMBOL_END,
    };
    uint64_t inside = symbol->value - section.address;

    if (inside < section.size && symbol->type != TYPE_OBJECT &&
        (section.flags & SECTION_EXECUTABLE) != 0) {
        entry.rank = symbol->bind == BIND_LOCAL  ? SYMBOL_LOCAL
                     : symbol->bind == BIND_WEAK ? SYMBOL_WEAK
                                                 : SYMBOL_GLOBAL;
        if (entry.size == 0) {
            entry.size = section.size - inside;
        }
    }
    symbols_add(sink, &entry);
}

static const char *find_tables(const struct elf *elf, struct tables *tables)
{
    struct elf_section section = {0};
    uint32_t index = 0;

    while (index < elf->section_count && section.type != ELF_SECTION_SYMBOLS) {
        section = elf_section(elf, index++);
    }
    if (section.type != ELF_SECTION_SYMBOLS) {
        return "the ELF file has no symbol table: it is stripped";
    }
    if (section.link >= elf->section_count) {
        return "the ELF file's symbols have no names: the file is damaged";
    }
    struct elf_section strings = elf_section(elf, section.link);

    *tables = (struct tables){
        .elf = elf,
        .symbols = elf_bytes(elf, section.offset, section.size),
        .entry_size = elf->is_64 ? SYMBOL_64 : SYMBOL_32,
        .strings = (const char *)elf_bytes(elf, strings.offset, strings.size),
        .strings_size = strings.size,
    };
    tables->count = section.size / tables->entry_size;
    if (tables->symbols == NULL || tables->strings == NULL ||
        strings.type != ELF_SECTION_STRINGS || strings.size == 0 ||
        tables->strings[strings.size - 1] != '\0') {
        return "the ELF file's symbol table is not all in it: the file is cut "
               "short or damaged";
    }
    return NULL;
}

bool symbols_read_elf(const struct symbols_file *file,
                      struct symbols_sink *sink, struct error *error)
{
    struct elf elf;
    struct tables tables;
    const char *wrong = elf_open(&elf, file->bytes, file->size);

    if (wrong == NULL) {
        wrong = find_tables(&elf, &tables);
    }
    if (wrong != NULL) {
        return symbols_wrong(error, file, 0, wrong);
    }
    sink->names = tables.strings;
    for (uint64_t i = 0; i < tables.count; i++) {
        struct raw_symbol symbol = read_symbol(&tables, i);

        if (symbol.name < tables.strings_size &&
            is_place(&tables, &symbol, tables.strings + symbol.name)) {
            add(sink, &tables, &symbol, tables.strings + symbol.name);
        }
    }
    return true;
}
