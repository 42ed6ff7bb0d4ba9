/* The environment's errors, in one form: what is wrong, where, and what would
 * be right. Whoever finds one adds it to a list and goes on, so that the user
 * sees all of them at once; errors_log() is the one place that logs them.
 *
 * Who calls it: the readers of vmm/config/, vmm/load_config.c and
 * vmm/load_files.c, the judges of vmm/plan/, vmm/vm/vm.c while it builds a
 * machine; vmm/main.c and vmm/run.c log. test/check/ prints the list. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

struct config_entry;

struct error {
    char file[256]; /* its path on the ESP; "": it is in no file */
    unsigned line;  /* 0: the file as a whole */
    char text[512];
};

#define ERRORS_MOST 32

/* Zeroed by its owner. */
struct errors {
    struct error list[ERRORS_MOST];
    size_t count;
    size_t left_out; /* errors that found no room in the list */
    size_t logged;   /* of the list */
    size_t left_out_logged;
};

/* Adds one, cut to the room there is. The very same error is in the list
 * once, however often it is found. */
void errors_add(struct errors *errors, const char *file, unsigned line,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

void errors_vadd(struct errors *errors, const char *file, unsigned line,
                 const char *format, va_list values)
    __attribute__((format(printf, 4, 0)));

/* The same, in the file of an entry. */
void errors_add_entry(struct errors *errors, const struct config_entry *entry,
                      unsigned line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Logs those that it has not logged yet, and how many were left out. */
void errors_log(struct errors *errors);
