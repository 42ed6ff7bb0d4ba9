/* What the log needs from kernel/, which is above this room. Called by
 * kernel/base/log.c; kernel/log_env.c defines it. */
#pragma once

#include <stddef.h>

/* Milliseconds since Lintel started. */
unsigned long long log_env_milliseconds(void);

/* The name of the VM that the calling processor works for, if several VMs run
 * together; otherwise "". */
const char *log_env_label(void);

/* Shows a line in every place where the log is shown. `line` is printable and
 * has no newline at its end. Lines of different processors do not mix. */
void log_env_show(const char *line, size_t length);

/* Waits until the output of the log and of the guests has left the serial
 * ports. The wait is bounded. */
void log_env_flush(void);
