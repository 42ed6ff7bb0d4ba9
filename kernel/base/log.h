/* The log: lines with a level, shown by kernel/log_env.c. Called from every
 * room but virtio/. */
#pragma once

#include <stddef.h>

enum log_level {
    LOG_ERROR,
    LOG_WARN,
    LOG_INFO,
    LOG_DEBUG,
};

/* Lines above this level are dropped; LOG_INFO until log_set_level(). */
void log_set_level(enum log_level level);
enum log_level log_get_level(void);

/* Writes one line; `format` is kernel/base/format.h's subset of printf and
 * carries no newline of its own. Text that comes from a guest must have been
 * made printable by the caller. */
void log_at(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A line longer than log_at() can make: begin puts time and level at the start
 * of `line` (`size` bytes, the caller's) and says how long that is, the caller
 * appends text, end writes it out. Begin is 0 for a line that is dropped. */
size_t log_line_begin(enum log_level level, char *line, size_t size);
void log_line_end(char *line);

/* The line without time and level, whatever the level: for the lines that
 * other programs read (the closing "lintel: exit" line). */
void log_raw(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Waits (bounded) until what was logged, and what guests wrote, has left the
 * machine: before power-off. */
void log_flush(void);

#define log_error(...) log_at(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  log_at(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_at(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_DEBUG, __VA_ARGS__)
