/* The log: lines with a level. kernel/log_env.c shows them. Called from every
 * room but virtio/. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum log_level {
    LOG_ERROR,
    LOG_WARN,
    LOG_INFO,
    LOG_DEBUG,
};

/* Sets the least important level that is shown; LOG_INFO until the first
 * call. */
void log_set_level(enum log_level level);
enum log_level log_get_level(void);

/* Writes one line. `format` follows kernel/base/format.h and does not end with
 * a newline. Bytes that are not printable ASCII are shown as "?". */
void log_at(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* For a line of JSON, which may be longer than log_at() can make, and is not
 * shown on the screen. log_line_begin() writes the time and the level to
 * `line`, which is the caller's and has `size` bytes; *length becomes how many
 * bytes that are. The caller appends the rest, with a NUL. Then log_line_end()
 * shows the line. False: this level is not shown, and the caller stops. */
bool log_line_begin(enum log_level level, char *line, size_t size,
                    size_t *length);
void log_line_end(char *line);

/* Writes a line without time and level, whatever level is set. Used for the
 * lines that other programs read, such as the closing "lintel: exit" line. */
void log_raw(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Shows a text in place of the last call's, in a line that moves, until the
 * next line is logged. Before the machines run. */
void log_moving(const char *text, size_t length);

/* Waits until the output of the log and of the guests has left the serial
 * ports. The wait is bounded. Called before power-off. */
void log_flush(void);

#define log_error(...) log_at(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  log_at(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_at(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_DEBUG, __VA_ARGS__)
