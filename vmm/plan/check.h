/* What can be said of a machine before any machine is made: whether the things
 * that its entry names exist and are fit. Nothing boots half-configured, and no
 * entry starts if a later one cannot.
 *
 * Who calls it: vmm/run.c, for each entry that is to run;
 * test/check/check.c, for each entry of a stick. */
#pragma once

#include <stddef.h>

struct config_entry;
struct errors;
struct entry_files;

/* The host, as far as a machine depends on it. A caller that does not know a
 * member gives the largest value, with which no entry is refused. */
struct check_host {
    unsigned processors;
    size_t pages;     /* free memory */
    size_t ram_pages; /* free pages in pieces that a VM's RAM can be made of */
};

/* Adds an error for each fault of an entry. The entry may have lines that
 * are wrong and files that could not be read (NULL); the function concludes
 * nothing from these. Returns the name of the protocol that would start the
 * kernel; NULL: the kernel cannot start. */
const char *check_entry(const struct config_entry *config,
                        const struct entry_files *files,
                        const struct check_host *host, struct errors *errors);
