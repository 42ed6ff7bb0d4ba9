/* Lines of a configuration file, see vmm/config/config_lines.h. */
#include "vmm/config/config_lines.h"

#include <stdarg.h>
#include <stdint.h>

#include "kernel/base/format.h"
#include "kernel/base/string.h"
#include "vmm/config/config.h"
#include "vmm/config/config_value.h"

/* Room for the longest value and its key. */
#define LINE_BYTES (CONFIG_OPTIONS + 64)

bool config_lines_wrong(struct config_reader *reader, const char *format, ...)
{
    struct config_error *error = reader->error;
    va_list values;

    format_sn(error->file, sizeof(error->file), "%s", reader->file);
    error->line = reader->line;
    va_start(values, format);
    format_vsn(error->text, sizeof(error->text), format, values);
    va_end(values);
    return false;
}

bool config_lines_value(struct config_reader *reader, const char *value,
                        const char *right)
{
    return config_lines_wrong(reader, "%s %.60s: %s",
                              reader->keys[reader->key].name, value, right);
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

/* Ends `line` after its first word and returns what follows. */
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

/* A key that nobody knows belongs to another loader, unless it looks like a
 * slip: then its line would be lost without a word. */
static bool check_unknown(struct config_reader *reader, const char *name)
{
    for (const struct config_key *key = reader->keys; key->name != NULL;
         key++) {
        if (key->parse != NULL && config_value_resembles(name, key->name)) {
            return config_lines_wrong(reader,
                                      "unknown key %.40s: did you mean "
                                      "%s?",
                                      name, key->name);
        }
    }
    return true;
}

static bool read_line(struct config_reader *reader, char *line)
{
    char *name = trim(line);
    char *value;
    const struct config_key *key;

    if (*name == '\0' || *name == '#') {
        return true;
    }
    value = split(name);
    if (!find_key(reader, name)) {
        return check_unknown(reader, name);
    }
    key = &reader->keys[reader->key];
    if (key->parse == NULL) {
        return true;
    }
    if (reader->seen[reader->key] != 0 && !key->repeats) {
        return config_lines_wrong(reader, "%s a second time: line %u has it",
                                  name, reader->seen[reader->key]);
    }
    if (reader->seen[reader->key] == 0) {
        reader->seen[reader->key] = reader->line;
    }
    return key->parse(reader, value);
}

/* Copies the line at text[0..length) and looks at every byte of it. */
static bool copy_line(struct config_reader *reader, const char *text,
                      size_t length, char line[LINE_BYTES])
{
    if (length > 0 && text[length - 1] == '\r') {
        length--;
    }
    if (length >= LINE_BYTES) {
        return config_lines_wrong(reader, "a line of more than %u bytes",
                                  LINE_BYTES - 1);
    }
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
        line[i] = text[i];
    }
    line[length] = '\0';
    return true;
}

/* UTF-8 may start with its mark; with one of UTF-16's it is not UTF-8. */
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
    char line[LINE_BYTES];

    reader->line = 1;
    if (!skip_mark(reader, &text, &length)) {
        return false;
    }
    while (length > 0) {
        size_t end = 0;

        while (end < length && text[end] != '\n') {
            end++;
        }
        if (!copy_line(reader, text, end, line) || !read_line(reader, line)) {
            return false;
        }
        end += end < length ? 1 : 0;
        text += end;
        length -= end;
        reader->line++;
    }
    return true;
}
