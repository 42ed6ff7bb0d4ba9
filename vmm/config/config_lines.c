/* Lines of a configuration file, see vmm/config/config_lines.h. */
#include "vmm/config/config_lines.h"

#include <stdarg.h>
#include <stdint.h>

#include "kernel/base/string.h"
#include "vmm/config/config.h"
#include "vmm/config/config_value.h"
#include "vmm/config/errors.h"

/* Room for the longest value and its key. */
#define LINE_BYTES (CONFIG_OPTIONS + 64)

bool config_lines_wrong(struct config_reader *reader, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    errors_vadd(reader->errors, reader->file, reader->line, format, values);
    va_end(values);
    reader->wrong = true;
    return false;
}

bool config_lines_value(struct config_reader *reader, const char *value,
                        const char *right)
{
    return config_lines_wrong(reader, "%s%s%.60s: it must be %s",
                              reader->keys[reader->key].name,
                              value[0] != '\0' ? " " : "", value, right);
}

static bool is_space(char character)
{
    return character == ' ' || character == '\t';
}

/* Cuts white space off both ends. */
static char *trim(char *text)
{
    size_t length;

    while (is_space(*text)) {
        text++;
    }
    length = strlen(text);
    while (length > 0 && is_space(text[length - 1])) {
        text[--length] = '\0';
    }
    return text;
}

/* Ends `line` behind its first word. Returns the rest of the line. */
static char *split(char *line)
{
    while (*line != '\0' && !is_space(*line)) {
        line++;
    }
    if (*line == '\0') {
        return line;
    }
    *line = '\0';
    return trim(line + 1);
}

static bool find_key(struct config_reader *reader, const char *name)
{
    const struct config_key *keys = reader->keys;

    for (reader->key = 0; keys[reader->key].name != NULL; reader->key++) {
        if (strcmp(name, keys[reader->key].name) == 0) {
            return true;
        }
    }
    return false;
}

/* A key that is not in the table belongs to another loader and is skipped.
 * But if it looks like a slip, it is an error: its line would be lost
 * without a word. */
static void check_unknown(struct config_reader *reader, const char *name)
{
    for (const struct config_key *key = reader->keys; key->name != NULL;
         key++) {
        if (key->parse != NULL && config_value_resembles(name, key->name)) {
            config_lines_wrong(reader, "unknown key %.40s: did you mean %s?",
                               name, key->name);
            reader->lost |= key->lost;
            return;
        }
    }
}

static void read_line(struct config_reader *reader, char *line)
{
    char *name = trim(line);
    char *value = split(name);
    const struct config_key *key = NULL;

    if (!find_key(reader, name)) {
        check_unknown(reader, name);
        return;
    }
    key = &reader->keys[reader->key];
    if (key->parse == NULL) {
        return;
    }
    if (reader->seen[reader->key] != 0 && !key->repeats) {
        config_lines_wrong(reader, "%s a second time: line %u has it", name,
                           reader->seen[reader->key]);
        return;
    }
    if (reader->seen[reader->key] == 0) {
        reader->seen[reader->key] = reader->line;
    }
    if (!key->parse(reader, value)) {
        reader->lost |= key->lost;
    }
}

static bool is_text(struct config_reader *reader, const char *text,
                    size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned byte = (uint8_t)text[i];

        if (byte == 0) {
            return config_lines_wrong(
                reader, "a NUL byte: the file must be text in UTF-8");
        }
        if (byte == 0x7f || (byte < ' ' && byte != '\t')) {
            return config_lines_wrong(
                reader, "control character %#x: the file must be text", byte);
        }
    }
    return true;
}

static bool is_remark(const char *line)
{
    while (is_space(*line)) {
        line++;
    }
    return *line == '\0' || *line == '#';
}

/* Takes one line of text, without its end. */
static void take_line(struct config_reader *reader, const char *text,
                      size_t length)
{
    char line[LINE_BYTES];

    if (length >= LINE_BYTES) {
        config_lines_wrong(reader, "a line of more than %u bytes",
                           LINE_BYTES - 1);
        reader->lost = ~0U; /* the line may have had any key */
        return;
    }
    memcpy(line, text, length);
    line[length] = '\0';
    if (!is_remark(line)) {
        read_line(reader, line);
    }
}

/* A text of UTF-8 may begin with a byte-order mark. With a mark of UTF-16 it
 * is not UTF-8. */
static bool skip_mark(struct config_reader *reader, const char **text,
                      size_t *length)
{
    if (*length >= 3 && memcmp(*text, "\xef\xbb\xbf", 3) == 0) {
        *text += 3;
        *length -= 3;
    }
    if (*length >= 2 && (memcmp(*text, "\xff\xfe", 2) == 0 ||
                         memcmp(*text, "\xfe\xff", 2) == 0)) {
        return config_lines_wrong(reader,
                                  "UTF-16: the file must be text in UTF-8");
    }
    return true;
}

bool config_lines_read(struct config_reader *reader, const char *text,
                       size_t length)
{
    reader->line = 1;
    if (!skip_mark(reader, &text, &length)) {
        reader->lost = ~0U;
        return false;
    }
    while (length > 0) {
        size_t end = 0;

        while (end < length && text[end] != '\n') {
            end++;
        }
        size_t shown = end > 0 && text[end - 1] == '\r' ? end - 1 : end;

        /* The rest is not read, since in a binary file each line would be
         * wrong. */
        if (!is_text(reader, text, shown)) {
            reader->lost = ~0U;
            return false;
        }
        take_line(reader, text, shown);
        end += end < length ? 1 : 0;
        text += end;
        length -= end;
        reader->line++;
    }
    return !reader->wrong;
}
