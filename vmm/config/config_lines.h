/* What both configuration files share: lines with a key, white space and a
 * value; comments and empty lines; errors with file and line. Boot Loader
 * Specification, "Type #1 Boot Loader Specification Entries".
 * vmm/config/config.c and vmm/config/config_loader.c use it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct config_reader;
struct errors;

/* Reads one value into the reader's target. On an error it calls
 * config_lines_wrong() and returns false. */
typedef bool (*config_parse)(struct config_reader *reader, const char *value);

struct config_key {
    const char *name;
    config_parse parse; /* NULL: another loader's key, which is skipped */
    bool repeats;       /* the key may stand in several lines */
    unsigned lost; /* facts that are unknown if the line is wrong; the caller
                      defines the bits */
};

/* The longest timeout, in seconds. */
#define CONFIG_TIMEOUT_MOST 10000000U

#define CONFIG_KEYS 40

struct config_reader {
    const char *file;
    const struct config_key *keys; /* ended by a NULL name */
    void *target;                  /* the structure that the values go to */
    struct errors *errors;
    bool wrong;    /* an error was added */
    unsigned lost; /* the `lost` bits of all lines that are wrong */
    unsigned line; /* from 1 */
    unsigned key;  /* index of the line's key */
    unsigned seen[CONFIG_KEYS]; /* the line that had this key first; 0: none */
};

/* Reads the whole text. A line that is wrong is skipped. False: errors were
 * added. */
bool config_lines_read(struct config_reader *reader, const char *text,
                       size_t length);

/* Adds an error at the current line; always false. */
bool config_lines_wrong(struct config_reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds the error "KEY VALUE: it must be RIGHT"; always false. */
bool config_lines_value(struct config_reader *reader, const char *value,
                        const char *right);
