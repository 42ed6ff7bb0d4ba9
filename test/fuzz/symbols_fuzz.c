/* libFuzzer on files of symbols: any bytes, as a System.map and, after the
 * first four of an ELF file's, as a vmlinux. What is accepted is a table in
 * order whose every answer lies in the file; what is refused says why. */
#include <stdlib.h>
#include <string.h>

#include "vmm/config/errors.h"
#include "vmm/report/symbols.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void check_table(const struct symbols *symbols,
                        const struct symbols_file *file)
{
    require(symbols->count > 0);
    for (size_t i = 0; i < symbols->count; i++) {
        uint64_t address = symbols->table[i].address;
        size_t length = 0;
        uint64_t offset = 1;

        require(i == 0 || symbols->table[i - 1].address < address);

        const char *name = symbols_find(symbols, address, &length, &offset);

        require(name == NULL || (offset == 0 && length > 0));
        require(name == NULL ||
                (name >= (const char *)file->bytes &&
                 name + length <= (const char *)file->bytes + file->size));
        symbols_find(symbols, address - 1, &length, &offset);
        symbols_find(symbols, address + 4095, &length, &offset);
    }
}

static void read_one(const uint8_t *data, size_t size)
{
    struct symbols_file file = {.path = "f", .bytes = data, .size = size};
    struct error error = {0};
    struct symbols symbols;
    size_t count = 0;

    if (!symbols_judge(&file, &count, &error)) {
        require(strcmp(error.file, "f") == 0 && error.text[0] != '\0');
        require(error.line <= size);
        return;
    }
    struct symbol *table = calloc(count, sizeof(*table));

    symbols_fill(&symbols, &file, table, count);
    check_table(&symbols, &file);
    free(table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + 1);

    memcpy(copy, data, size);
    read_one(copy, size);
    if (size >= 4) {
        memcpy(copy,
               "\x7f"
               "ELF",
               4);
        read_one(copy, size);
    }
    free(copy);
    return 0;
}
