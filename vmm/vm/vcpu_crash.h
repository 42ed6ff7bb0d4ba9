/* What is logged when a guest cannot go on. */
#pragma once

#include <stddef.h>

struct emulate_code;

/* "0f 01 <c1> ..." for a log line. */
void crash_format_code(char *text, size_t size,
                       const struct emulate_code *code);
