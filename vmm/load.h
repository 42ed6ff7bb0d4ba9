/* Reads the configuration from the ESP, and the files that it names, into
 * memory before Lintel leaves the firmware. Reading goes on after an error, so
 * that the user sees all errors at once.
 *
 * Who calls it: vmm/main.c calls load_all(), or load_loader() where nothing can
 * run. test/check/check.c calls the other two. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "vmm/config/config.h"
#include "vmm/config/errors.h"
#include "vmm/plan/entry_files.h"

struct efi_boot;

struct load_entry {
    struct config_entry config;
    struct entry_files files;
    bool chosen; /* to be run */
};

struct load {
    struct config_loader loader;
    struct load_entry *entries; /* by file name */
    size_t entry_count;
    struct errors *errors; /* the caller's */
};

/* Reads everything that is to run, with the menu if there is one, and logs the
 * errors. If there are any, nothing may run. The caller sets load->errors and
 * zeroes the rest of *load. */
void load_all(struct efi_boot *boot, struct load *load);

/* Reads loader.conf alone, for what it says of Lintel itself. In
 * vmm/load_config.c. */
void load_loader(struct efi_boot *boot, struct load *load);

/* Reads loader.conf and every entry, and marks the entries that run if the user
 * chooses no other. False: because of an error it is not known which entries
 * run. In vmm/load_config.c. */
bool load_config(struct efi_boot *boot, struct load *load);

/* Reads the files that an entry names. A file that is in memory already is not
 * read again. A file that cannot be read stays NULL. In vmm/load_files.c. */
void load_files(struct efi_boot *boot, struct load *load, size_t index);
