/* The names of a kernel's functions: a table by address, from its own ELF file
 * or from one given for it, a System.map (what nm writes) or a vmlinux. Pure;
 * which memory holds the table is the caller's.
 *
 * Who calls it: vmm/load.c judges a given file before anything starts,
 * vmm/vm/vm_symbols.c fills the table and asks it. The files are read as
 * hostile: nothing outside of them, and each walk ends with them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config_error;

/* What a place in the table's file means. */
enum symbol_rank {
    SYMBOL_END, /* data or nothing begins here: ends what is before it */
    SYMBOL_LOCAL,
    SYMBOL_WEAK,
    SYMBOL_GLOBAL,
};

struct symbol {
    uint64_t address;
    uint32_t name; /* where it stands, from `names` */
    uint32_t size; /* 0: up to the next symbol; the rank above */
};

/* As much of a name as is read: those of a hostile file may all be the rest of
 * it. */
#define SYMBOL_NAME_MOST 4096U

#define SYMBOL_RANK_SHIFT 30
#define SYMBOL_SIZE       ((1U << SYMBOL_RANK_SHIFT) - 1)

/* Addresses that tell by how much a Linux kernel has moved itself, before it
 * did; 0: the file does not name them. */
struct symbols_anchors {
    uint64_t system_call; /* entry_SYSCALL_64 */
    uint64_t divide;      /* asm_exc_divide_error */
    uint64_t banner;      /* linux_banner */
};

struct symbols {
    const struct symbol *table; /* by address, one an address */
    size_t count;
    const char *names; /* each ends at a control character */
    struct symbols_anchors anchors;
};

/* A file of a name, which errors tell. */
struct symbols_file {
    const char *path;
    const uint8_t *bytes;
    uint64_t size;
};

/* Judges all of the file, and says how many entries its table needs. False:
 * *error says what is wrong with it, and where. */
bool symbols_judge(const struct symbols_file *file, size_t *count,
                   struct config_error *error);

/* Fills `table`, which has room for what symbols_judge() counted in this very
 * file. */
void symbols_fill(struct symbols *symbols, const struct symbols_file *file,
                  struct symbol *table, size_t count);

/* The function that holds `address`: its name, of *length bytes and not ended,
 * and how far into it that is. NULL: none. */
const char *symbols_find(const struct symbols *symbols, uint64_t address,
                         size_t *length, uint64_t *offset);

/* The kernel's place in memory, as its processor shows it. */
struct symbols_view {
    uint64_t system_call; /* LSTAR */
    uint64_t divide;      /* where gate 0 of its IDT leads */
    /* Copies up to `length` bytes of its memory; how many it could. */
    size_t (*peek)(void *context, uint64_t address, void *to, size_t length);
    void *context;
};

/* A kernel that may have moved is known by two or three of its anchors. False:
 * it is not the one the table is of, or has not come that far. Without anchors
 * it has not moved. */
bool symbols_slide(const struct symbols *symbols,
                   const struct symbols_view *view, uint64_t *slide);

/* ---- between the readers (symbols_text.c, symbols_elf.c) and the table ----
 */

struct symbols_sink {
    /* The reader's: */
    const char *names; /* the file's start, or its table of strings */
    /* symbols.c's: */
    struct symbol *table; /* NULL: they are only counted */
    size_t room;
    size_t count;
    size_t functions;
    bool any_address; /* one that is not 0 */
    struct symbols_anchors anchors;
};

struct symbols_entry {
    const char *name; /* in sink->names */
    size_t length;
    uint64_t address;
    uint64_t size; /* 0: not known */
    enum symbol_rank rank;
};

void symbols_add(struct symbols_sink *sink, const struct symbols_entry *entry);

/* Sets *error; always false. `line` 0: the file as a whole. */
bool symbols_wrong(struct config_error *error, const struct symbols_file *file,
                   unsigned line, const char *text);

/* True if all of the file is sound. */
bool symbols_read_text(const struct symbols_file *file,
                       struct symbols_sink *sink, struct config_error *error);
bool symbols_read_elf(const struct symbols_file *file,
                      struct symbols_sink *sink, struct config_error *error);
