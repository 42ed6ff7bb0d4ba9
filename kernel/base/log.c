/* Implements kernel/base/log.h. A line is built in memory, made printable, and
 * given to log_env_show() as a whole. */
#include "kernel/base/log.h"

#include <stdarg.h>
#include <stddef.h>

#include "kernel/base/format.h"
#include "kernel/base/log_env.h"
#include "kernel/base/string.h"

/* Bytes of the longest line with its NUL: a paragraph of a clause report. */
#define LINE_BYTES 720

/* The least important level that is still shown. */
static enum log_level most = LOG_INFO;

static const char *const prefixes[] = {
    [LOG_ERROR] = "error: ",
    [LOG_WARN] = "warning: ",
    [LOG_INFO] = "",
    [LOG_DEBUG] = "debug: ",
};

void log_set_level(enum log_level level)
{
    most = level;
}

enum log_level log_get_level(void)
{
    return most;
}

/* Replaces every byte that is not printable ASCII by "?", so that the text
 * stays one line and holds no control sequence of a terminal. */
static void make_printable(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < ' ' || *text > '~') {
            *text = '?';
        }
    }
}

/* Appends a formatted text to `line`, which already holds `used` bytes. A text
 * that does not fit is cut, and the line ends with "...". Returns the new
 * length of the line. */
static size_t append(char line[LINE_BYTES], size_t used, const char *format,
                     va_list values)
{
    size_t length =
        used + format_vsn(line + used, LINE_BYTES - used, format, values);

    if (length >= LINE_BYTES) {
        length = LINE_BYTES - 1;
        line[length - 1] = '.';
        line[length - 2] = '.';
        line[length - 3] = '.';
    }
    return length;
}

bool log_line_begin(enum log_level level, char *line, size_t size,
                    size_t *length)
{
    const char *label = log_env_label();
    unsigned long long ms = 0;

    *length = 0;
    if (level > most) {
        return false;
    }
    if (log_env_milliseconds(&ms)) {
        *length =
            format_sn(line, size, "[%5llu.%03llu] ", ms / 1000, ms % 1000);
    }
    *length += format_sn(line + *length, size - *length, "%s%s%s",
                         prefixes[level], label, label[0] != '\0' ? ": " : "");
    return true;
}

void log_line_end(char *line)
{
    make_printable(line);
    log_env_show(LOG_KIND_JSON, line, strlen(line));
}

void log_at(enum log_level level, const char *format, ...)
{
    char line[LINE_BYTES];
    size_t length = 0;
    va_list values;

    if (!log_line_begin(level, line, sizeof(line), &length)) {
        return;
    }
    va_start(values, format);
    length = append(line, length, format, values);
    va_end(values);
    make_printable(line);
    log_env_show((enum log_kind)level, line, length);
}

void log_raw(const char *format, ...)
{
    char line[LINE_BYTES];
    size_t length;
    va_list values;

    va_start(values, format);
    length = append(line, 0, format, values);
    va_end(values);
    make_printable(line);
    log_env_show(LOG_KIND_VERDICT, line, length);
}

void log_moving(const char *text, size_t length)
{
    log_env_move(text, length);
}

void log_flush(void)
{
    log_env_flush();
}
