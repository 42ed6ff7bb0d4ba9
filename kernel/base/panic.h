/* Ends Lintel because of a bug of its own. A guest's act never ends here: it
 * gets a clause report or an exception. Nor does a bad configuration, which
 * gets an error sentence. */
#pragma once

/* Logs the message, the current task, a backtrace and all tasks, then powers
 * the machine off with Lintel's exit status 4. */
_Noreturn void panic(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* Panics unless `condition` holds. `condition` states what Lintel's own code
 * guarantees, never what a guest or a file should do. */
#define CHECK(condition)                                                       \
    do {                                                                       \
        if (!(condition)) {                                                    \
            panic("%s:%d: CHECK(%s)", __FILE__, __LINE__, #condition);         \
        }                                                                      \
    } while (0)
