/* Reads symbols as nm writes them: each line has an address, a type and a name.
 * System.map and /proc/kallsyms have this form. See vmm/report/symbols.h. */
#include "kernel/base/string.h"
#include "vmm/config/errors.h"
#include "vmm/report/symbols.h"

#define RIGHT                                                                  \
    "not a line as nm writes it, such as ffffffff81000000 T _text (symbols "   \
    "come from a System.map or a vmlinux)"

/* The rest of a line, without its newline. */
struct line {
    const char *at;
    size_t left;
};

/* The index of the first `wanted` in `text`. `length`: it is not there. */
static size_t position(const char *text, size_t length, char wanted)
{
    size_t at = 0;

    while (at < length && text[at] != wanted) {
        at++;
    }
    return at;
}

static bool take(struct line *line, char *character)
{
    if (line->left == 0) {
        return false;
    }
    *character = *line->at++;
    line->left--;
    return true;
}

static int digit(char character)
{
    if (character >= '0' && character <= '9') {
        return character - '0';
    }
    if (character >= 'a' && character <= 'f') {
        return character - 'a' + 10;
    }
    if (character >= 'A' && character <= 'F') {
        return character - 'A' + 10;
    }
    return -1;
}

/* Takes 1 to 16 hexadecimal digits and a space. */
static bool take_address(struct line *line, uint64_t *address)
{
    char character = '\0';
    unsigned digits = 0;

    *address = 0;
    while (take(line, &character) && digit(character) >= 0) {
        if (++digits > 16) {
            return false;
        }
        *address = *address << 4 | (uint64_t)digit(character);
    }
    return digits > 0 && character == ' ';
}

static bool is_letter(char character)
{
    return (character >= 'a' && character <= 'z') ||
           (character >= 'A' && character <= 'Z');
}

static enum symbol_rank rank_of(char type)
{
    switch (type) {
    case 't':
    case 'i':
        return SYMBOL_LOCAL;
    case 'T':
        return SYMBOL_GLOBAL;
    case 'w':
    case 'W':
        return SYMBOL_WEAK;
    default:
        return SYMBOL_END;
    }
}

/* True: the symbol is undefined, absolute, or debugging information, so it
 * stands for no place in this kernel. */
static bool is_no_place(char type)
{
    return strchr("UAaNn-?", type) != NULL;
}

/* True: the line is an undefined symbol's. nm writes spaces in place of its
 * address. */
static bool is_undefined(struct line line)
{
    char type = '\0';
    char space = '\0';

    if (line.left == 0 || *line.at != ' ') {
        return false;
    }
    while (line.left > 0 && *line.at == ' ') {
        line.at++;
        line.left--;
    }
    return take(&line, &type) && strchr("Uvw", type) != NULL &&
           take(&line, &space) && space == ' ' && line.left > 0;
}

/* True: the symbol is a module's, "name\t[module]" in /proc/kallsyms. Linux
 * loads modules to another place at each boot. */
static bool is_of_module(const struct line *name)
{
    return position(name->at, name->left, '\t') < name->left;
}

static bool read_line(struct line line, struct symbols_sink *sink)
{
    struct symbols_entry entry = {0};
    char type = '\0';
    char space = '\0';

    if (line.left == 0 || is_undefined(line)) {
        return true;
    }
    if (!take_address(&line, &entry.address) || !take(&line, &type) ||
        !(is_letter(type) || type == '-' || type == '?') ||
        !take(&line, &space) || space != ' ' || line.left == 0) {
        return false;
    }
    if (!is_no_place(type) && !is_of_module(&line)) {
        entry.name = line.at;
        entry.length = line.left;
        entry.rank = rank_of(type);
        symbols_add(sink, &entry);
    }
    return true;
}

/* True: the line has no control characters except tabs. */
static bool is_text(const struct line *line)
{
    for (size_t i = 0; i < line->left; i++) {
        uint8_t byte = (uint8_t)line->at[i];

        if ((byte < ' ' && byte != '\t') || byte == 0x7f) {
            return false;
        }
    }
    return true;
}

bool symbols_read_text(const struct symbols_file *file,
                       struct symbols_sink *sink, struct error *error)
{
    const char *at = (const char *)file->bytes;
    const char *end = at + file->size;

    sink->names = at;
    if (file->size > 0 && end[-1] != '\n') {
        return symbols_wrong(error, file, 0,
                             "its last line has no end: the file is cut short, "
                             "or no System.map");
    }
    for (unsigned number = 1; at < end; number++) {
        struct line line = {at, position(at, (size_t)(end - at), '\n')};

        at += line.left + 1;
        if (line.left > 0 && line.at[line.left - 1] == '\r') {
            line.left--;
        }
        if (!is_text(&line) || !read_line(line, sink)) {
            return symbols_wrong(error, file, number, RIGHT);
        }
    }
    return true;
}
