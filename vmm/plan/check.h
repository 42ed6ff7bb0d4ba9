/* What can be said of a machine before any is made: whether what its entry
 * names is there and is what it has to be. Nothing boots half-configured, and
 * no entry starts if a later one cannot.
 *
 * Who calls it: vmm/run.c, for each entry that is to run. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct config_entry;
struct entry_files;

/* The host, as far as a machine depends on it. */
struct check_host {
    unsigned processors;
    size_t pages;     /* free memory */
    size_t ram_pages; /* of it, in pieces that a VM's RAM can be made of */
};

/* False: the log says what is wrong, all of it. */
bool check_entry(const struct config_entry *config,
                 const struct entry_files *files,
                 const struct check_host *host);
