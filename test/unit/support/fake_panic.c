/* panic() for host tests: a failed CHECK is an assertion that a test can
 * expect (expect_assert_failure), and otherwise fails it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernel/base/panic.h"

_Noreturn void panic(const char *format, ...)
{
    static char text[300];
    va_list values;

    va_start(values, format);
    vsnprintf(text, sizeof(text), format, values);
    va_end(values);
    mock_assert(0, text, __FILE__, __LINE__);
    abort();
}
