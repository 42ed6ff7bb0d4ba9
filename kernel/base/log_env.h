/* What the log needs from kernel/, which is above this room. Called by
 * kernel/base/log.c; kernel/log_env.c defines it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "kernel/base/log.h"

/* Milliseconds since Lintel started. False: there is no clock yet. */
bool log_env_milliseconds(unsigned long long *milliseconds);

/* The name of the VM that the calling processor works for, if several VMs run
 * together; otherwise "". */
const char *log_env_label(void);

/* What a line is: one of a level, or one that other programs read. */
enum log_kind {
    LOG_KIND_ERROR = LOG_ERROR,
    LOG_KIND_WARN = LOG_WARN,
    LOG_KIND_INFO = LOG_INFO,
    LOG_KIND_DEBUG = LOG_DEBUG,
    LOG_KIND_VERDICT, /* of log_raw(): people read it, too */
    LOG_KIND_JSON,
};

/* Shows a line in every place where such lines are shown. `line` is printable
 * and has no newline at its end. Lines of different processors do not mix. */
void log_env_show(enum log_kind kind, const char *line, size_t length);

/* Shows a text in place of the last one, in a line that moves. */
void log_env_move(const char *text, size_t length);

/* Waits until the output of the log and of the guests has left the serial
 * ports. The wait is bounded. */
void log_env_flush(void);
