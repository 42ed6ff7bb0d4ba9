/* The end for our own bugs, never for a guest's act or a bad configuration:
 * those have clause reports, injected exceptions and error returns. */
#pragma once

/* Prints the message, registers, a backtrace and all tasks, then stops the
 * machine (status 4). */
_Noreturn void panic(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

#define CHECK(condition)                                                       \
    do {                                                                       \
        if (!(condition)) {                                                    \
            panic("%s:%d: CHECK(%s)", __FILE__, __LINE__, #condition);         \
        }                                                                      \
    } while (0)
