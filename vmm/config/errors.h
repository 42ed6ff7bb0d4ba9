/* The environment's errors: faults of the configuration, its files or the
 * machine. Each has one form: file, line, and a sentence that says the fault
 * and the remedy. The function that finds an error adds it to a list and goes
 * on, so that the user sees all errors at once. errors_log() is the only
 * function that logs them.
 *
 * Who calls it: vmm/config/config_lines.c, vmm/load_config.c, vmm/load_files.c,
 * vmm/plan/check.c, vmm/plan/boot_plan.c, vmm/plan/virtio_plan.c and
 * vmm/vm/vm.c add errors; vmm/load.c, vmm/main.c and vmm/run.c log them;
 * test/check/check.c prints them. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

struct config_entry;

struct error {
    char file[256]; /* path on the ESP; "": the error is in no file */
    unsigned line;  /* 0: the error is the whole file's */
    char text[512];
};

#define ERRORS_MOST 32

/* The caller zeroes it. */
struct errors {
    struct error list[ERRORS_MOST];
    size_t count;
    size_t left_out; /* number of errors that had no room in the list */
    size_t logged;   /* the first `logged` of the list are in the log */
    size_t left_out_logged;
};

/* Adds an error. Too long a file or sentence is cut. An error that the list has
 * already is not added again. */
void errors_add(struct errors *errors, const char *file, unsigned line,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

void errors_vadd(struct errors *errors, const char *file, unsigned line,
                 const char *format, va_list values)
    __attribute__((format(printf, 4, 0)));

/* The same for an error in an entry's file. */
void errors_add_entry(struct errors *errors, const struct config_entry *entry,
                      unsigned line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Logs the errors that were added since the last call, and the number of those
 * that had no room. */
void errors_log(struct errors *errors);
