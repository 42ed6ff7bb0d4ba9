/* What can be said of a machine before any is made: whether what its entry
 * names is there and is what it has to be. Nothing boots half-configured, and
 * no entry starts if a later one cannot.
 *
 * Who calls it: vmm/run.c, for each entry that is to run; test/check/check.c,
 * for each entry of a stick. */
#pragma once

#include <stddef.h>

struct config_entry;
struct errors;
struct entry_files;

/* The host, as far as a machine depends on it. What is not known of it is as
 * large as can be: nothing is then found wrong. */
struct check_host {
    unsigned processors;
    size_t pages;     /* free memory */
    size_t ram_pages; /* of it, in pieces that a VM's RAM can be made of */
};

/* Adds an error for everything that is wrong with an entry, which may have
 * lines that were wrong, and files that could not be read (NULL): of these it
 * concludes nothing. Returns the name of the protocol by which the kernel would
 * be started; NULL: none. */
const char *check_entry(const struct config_entry *config,
                        const struct entry_files *files,
                        const struct check_host *host, struct errors *errors);
