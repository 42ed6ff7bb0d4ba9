/* The table of a kernel's functions: fills, sorts and searches it; see the
 * header. */
#include "vmm/report/symbols.h"

#include "kernel/base/format.h"
#include "kernel/base/string.h"
#include "vmm/boot/elf.h"
#include "vmm/config/errors.h"

/* In bytes. No function is longer. An address farther behind a symbol is in
 * code that the file does not name. */
#define FUNCTION_MOST (1U << 20)

/* In bytes: the size of a file's last symbol, if the file does not give it. */
#define LAST_MOST 4096U

bool symbols_wrong(struct error *error, const struct symbols_file *file,
                   unsigned line, const char *text)
{
    format_sn(error->file, sizeof(error->file), "%s", file->path);
    error->line = line;
    format_sn(error->text, sizeof(error->text), "%s", text);
    return false;
}

static bool is_named(const struct symbols_entry *entry, const char *name)
{
    return entry->length == strlen(name) &&
           memcmp(entry->name, name, entry->length) == 0;
}

static void note_anchor(struct symbols_anchors *anchors,
                        const struct symbols_entry *entry)
{
    if (is_named(entry, "entry_SYSCALL_64")) {
        anchors->system_call = entry->address;
    } else if (is_named(entry, "asm_exc_divide_error") ||
               is_named(entry, "divide_error")) {
        anchors->divide = entry->address;
    } else if (is_named(entry, "linux_banner")) {
        anchors->banner = entry->address;
    }
}

void symbols_add(struct symbols_sink *sink, const struct symbols_entry *entry)
{
    uint64_t size = entry->size < SYMBOL_SIZE ? entry->size : SYMBOL_SIZE;

    sink->functions += entry->rank != SYMBOL_END ? 1 : 0;
    sink->any_address = sink->any_address || entry->address != 0;
    note_anchor(&sink->anchors, entry);
    if (sink->count < sink->room) {
        sink->table[sink->count] = (struct symbol){
            .address = entry->address,
            .name = (uint32_t)(entry->name - sink->names),
            .size = (uint32_t)entry->rank << SYMBOL_RANK_SHIFT | (uint32_t)size,
        };
    }
    sink->count++;
}

static bool read_file(const struct symbols_file *file,
                      struct symbols_sink *sink, struct error *error)
{
    if (file->size > UINT32_MAX) {
        return symbols_wrong(error, file, 0,
                             "more than 4 GiB of symbols: take a System.map, "
                             "or strip the debugging information");
    }
    return elf_recognise(file->bytes, file->size)
               ? symbols_read_elf(file, sink, error)
               : symbols_read_text(file, sink, error);
}

bool symbols_judge(const struct symbols_file *file, size_t *count,
                   struct error *error)
{
    struct symbols_sink sink = {0};

    if (!read_file(file, &sink, error)) {
        return false;
    }
    if (sink.functions == 0) {
        return symbols_wrong(error, file, 0,
                             "the file names no function. Debian's "
                             "System.map is a dummy: the real one is in the "
                             "package with the kernel's name and -dbg");
    }
    if (!sink.any_address) {
        return symbols_wrong(error, file, 0,
                             "every address is 0: /proc/kallsyms shows them to "
                             "root only");
    }
    *count = sink.count;
    return true;
}

/* ---- the order ---- */

static unsigned rank_of(const struct symbol *symbol)
{
    return symbol->size >> SYMBOL_RANK_SHIFT;
}

/* The table's order is by address. Of symbols with the same address the most
 * telling name comes first: a function's, a global one, one without a leading
 * underscore, the first one in the file. */
static bool before(const char *names, const struct symbol *a,
                   const struct symbol *b)
{
    if (a->address != b->address) {
        return a->address < b->address;
    }
    if (rank_of(a) != rank_of(b)) {
        return rank_of(a) > rank_of(b);
    }
    bool a_plain = names[a->name] != '_';
    bool b_plain = names[b->name] != '_';

    return a_plain != b_plain ? a_plain : a->name < b->name;
}

static void exchange(struct symbol *a, struct symbol *b)
{
    struct symbol kept = *a;

    *a = *b;
    *b = kept;
}

/* Moves table[root] down to its place in the heap of `count` entries. */
static void sift(const char *names, struct symbol *table, size_t root,
                 size_t count)
{
    while (2 * root + 1 < count) {
        size_t child = 2 * root + 1;

        if (child + 1 < count &&
            before(names, &table[child], &table[child + 1])) {
            child++;
        }
        if (!before(names, &table[root], &table[child])) {
            return;
        }
        exchange(&table[root], &table[child]);
        root = child;
    }
}

static bool is_sorted(const char *names, const struct symbol *table,
                      size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (before(names, &table[i], &table[i - 1])) {
            return false;
        }
    }
    return true;
}

static void sort(const char *names, struct symbol *table, size_t count)
{
    if (is_sorted(names, table, count)) {
        return;
    }
    for (size_t i = count / 2; i-- > 0;) {
        sift(names, table, i, count);
    }
    for (size_t end = count; end-- > 1;) {
        exchange(&table[0], &table[end]);
        sift(names, table, 0, end);
    }
}

/* Keeps the first symbol of each address. Returns how many are kept. */
static size_t drop_aliases(struct symbol *table, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || table[kept - 1].address != table[i].address) {
            table[kept++] = table[i];
        }
    }
    return kept;
}

void symbols_fill(struct symbols *symbols, const struct symbols_file *file,
                  struct symbol *table, size_t count)
{
    struct symbols_sink sink = {.table = table, .room = count};
    struct error error;

    *symbols = (struct symbols){0};
    if (!read_file(file, &sink, &error) || sink.count != count) {
        return;
    }
    sort(sink.names, table, count);
    symbols->table = table;
    symbols->count = drop_aliases(table, count);
    symbols->names = sink.names;
    symbols->anchors = sink.anchors;
}

/* ---- questions ---- */

/* The index after the last symbol at or below `address`. */
static size_t search(const struct symbols *symbols, uint64_t address)
{
    size_t low = 0;
    size_t high = symbols->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (symbols->table[middle].address <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

const char *symbols_find(const struct symbols *symbols, uint64_t address,
                         size_t *length, uint64_t *offset)
{
    size_t after = search(symbols, address);

    if (after == 0) {
        return NULL;
    }
    const struct symbol *symbol = &symbols->table[after - 1];
    uint64_t size = symbol->size & SYMBOL_SIZE;

    if (size == 0) {
        size = after == symbols->count ? LAST_MOST : FUNCTION_MOST;
    }
    *offset = address - symbol->address;
    if (rank_of(symbol) == SYMBOL_END || *offset >= size) {
        return NULL;
    }
    const char *name = symbols->names + symbol->name;

    *length = 0;
    while (*length < SYMBOL_NAME_MOST && (uint8_t)name[*length] >= ' ') {
        ++*length;
    }
    return name;
}

/* In bytes. KASLR moves Linux by a multiple of SLIDE_UNIT, and by less than
 * SLIDE_MOST (CONFIG_PHYSICAL_ALIGN, KERNEL_IMAGE_SIZE). */
#define SLIDE_UNIT (2ULL << 20)
#define SLIDE_MOST (1ULL << 30)

bool symbols_slide(const struct symbols *symbols,
                   const struct symbols_view *view, uint64_t *slide)
{
    static const char banner[] = "Linux version ";
    const struct symbols_anchors *anchors = &symbols->anchors;
    char seen[sizeof(banner) - 1];

    *slide = 0;
    if (anchors->system_call == 0 || anchors->divide == 0) {
        return true;
    }
    *slide = view->system_call - anchors->system_call;
    if (*slide % SLIDE_UNIT != 0 ||
        (*slide >= SLIDE_MOST && -*slide >= SLIDE_MOST) ||
        view->divide - anchors->divide != *slide) {
        return false;
    }
    if (anchors->banner == 0) {
        return true;
    }
    return view->peek(view->context, anchors->banner + *slide, seen,
                      sizeof(seen)) == sizeof(seen) &&
           memcmp(seen, banner, sizeof(seen)) == 0;
}
