/* The log: lines with a level, to every console sink Lintel has (second serial
 * port, framebuffer, port 0xe9). Called from every room but virtio/. */
#pragma once

enum log_level {
    LOG_ERROR,
    LOG_WARN,
    LOG_INFO,
    LOG_DEBUG,
};

/* Lines above this level are dropped; LOG_INFO until log_set_level(). */
void log_set_level(enum log_level level);

/* Writes one line; `format` is kernel/format.h's subset of printf and carries
 * no newline of its own. */
void log_at(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#define log_error(...) log_at(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  log_at(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_at(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_DEBUG, __VA_ARGS__)
