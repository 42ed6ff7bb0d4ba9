/* What the log asks of the kernel, which stands above it. Called by
 * kernel/base/log.c; kernel/log_env.c defines it. */
#pragma once

#include <stddef.h>

/* Since Lintel began to count. */
unsigned long long log_env_milliseconds(void);

/* The name of the machine that the caller works for, where there are several;
 * else "". */
const char *log_env_label(void);

/* Shows a line, printable and without its end, at every place where the log is
 * shown; whole, whoever else shows one now. */
void log_env_show(const char *line, size_t length);

/* Waits (bounded) until what was logged, and what guests wrote, has left the
 * machine. */
void log_env_flush(void);
