/* The log of host tests; see the header. */
#include "test/unit/support/fake_log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kernel/base/log.h"

char fake_log[8192];

void log_at(enum log_level level, const char *format, ...)
{
    size_t used = strlen(fake_log);
    va_list values;

    (void)level;
    va_start(values, format);
    vsnprintf(fake_log + used, sizeof(fake_log) - used, format, values);
    va_end(values);
    used = strlen(fake_log);
    snprintf(fake_log + used, sizeof(fake_log) - used, "\n");
}

void fake_log_clear(void)
{
    fake_log[0] = '\0';
}
