/* The names of a kernel's functions: a table sorted by address. It is made from
 * the kernel's own ELF file, or from a file given for that kernel, a System.map
 * (nm's output) or a vmlinux. Pure: the caller owns the table's memory.
 *
 * Who calls it: vmm/load_files.c judges a given file before anything starts,
 * vmm/vm/vm_symbols.c fills the table and asks it. The files are hostile:
 * nothing outside of them is read, and each walk ends at their end. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/* The kinds of symbols, from the least telling name to the most. */
enum symbol_rank {
    SYMBOL_END, /* no function: only ends the symbol before it */
    SYMBOL_LOCAL,
    SYMBOL_WEAK,
    SYMBOL_GLOBAL,
};

struct symbol {
    uint64_t address;
    uint32_t name; /* offset of its name from `names` */
    /* bytes, 0: up to the next symbol; bits 31:30 are the rank */
    uint32_t size;
};

/* In bytes: no more of a name is read. In a hostile file a name may be as long
 * as the rest of the file. */
#define SYMBOL_NAME_MOST 4096U

#define SYMBOL_RANK_SHIFT 30
#define SYMBOL_SIZE       ((1U << SYMBOL_RANK_SHIFT) - 1)

/* The addresses that show how far a Linux kernel has moved itself, as the file
 * of symbols has them. 0: the file does not name that symbol. */
struct symbols_anchors {
    uint64_t system_call; /* entry_SYSCALL_64 */
    uint64_t divide;      /* asm_exc_divide_error */
    uint64_t banner;      /* linux_banner */
};

struct symbols {
    const struct symbol *table; /* by rising address, no two equal */
    size_t count;
    const char *names; /* each name ends at a control character */
    struct symbols_anchors anchors;
};

/* A file with symbols. Errors name it by `path`. */
struct symbols_file {
    const char *path;
    const uint8_t *bytes;
    uint64_t size;
};

/* Judges the whole file, and sets *count to the number of entries that its
 * table needs. False: *error says what is wrong with the file, and where. */
bool symbols_judge(const struct symbols_file *file, size_t *count,
                   struct error *error);

/* Fills `table`, which has room for `count` entries, the number that
 * symbols_judge() gave for the same file. */
void symbols_fill(struct symbols *symbols, const struct symbols_file *file,
                  struct symbol *table, size_t count);

/* Finds the function that holds `address`. Returns its name, which is *length
 * bytes without a NUL; *offset is how far `address` is into the function. NULL:
 * no function holds it. */
const char *symbols_find(const struct symbols *symbols, uint64_t address,
                         size_t *length, uint64_t *offset);

/* What shows where a kernel lies in memory, read from its processor. */
struct symbols_view {
    uint64_t system_call; /* MSR LSTAR */
    uint64_t divide;      /* the handler in gate 0 of its IDT */
    /* Copies up to `length` bytes from a virtual address of the guest. Returns
     * how many it could copy. */
    size_t (*peek)(void *context, uint64_t address, void *to, size_t length);
    void *context;
};

/* Finds how far the kernel has moved itself, by two or three anchors, and sets
 * *slide to that. If the file names no anchors, *slide is 0. False: the running
 * kernel is not the file's, or has not yet set up what the anchors show. */
bool symbols_slide(const struct symbols *symbols,
                   const struct symbols_view *view, uint64_t *slide);

/* ---- shared by symbols_text.c, symbols_elf.c and symbols.c ---- */

/* Where a reader puts the symbols that it finds. */
struct symbols_sink {
    /* Set by the reader. */
    const char *names; /* where names begin: the file, or its string table */
    /* Set by symbols.c. */
    struct symbol *table; /* NULL: symbols are only counted */
    size_t room;
    size_t count;
    size_t functions;
    bool any_address; /* some address is not 0 */
    struct symbols_anchors anchors;
};

/* One symbol, as a reader found it. */
struct symbols_entry {
    const char *name; /* in the memory at sink->names */
    size_t length;
    uint64_t address;
    uint64_t size; /* 0: not known */
    enum symbol_rank rank;
};

/* Adds a symbol to the sink: counts it, and stores it if there is a table. */
void symbols_add(struct symbols_sink *sink, const struct symbols_entry *entry);

/* Fills *error and returns false. `line` 0 stands for the whole file. */
bool symbols_wrong(struct error *error, const struct symbols_file *file,
                   unsigned line, const char *text);

/* Read all symbols of a file into `sink`. True: the whole file is sound. False:
 * *error says what is wrong. */
bool symbols_read_text(const struct symbols_file *file,
                       struct symbols_sink *sink, struct error *error);
bool symbols_read_elf(const struct symbols_file *file,
                      struct symbols_sink *sink, struct error *error);
