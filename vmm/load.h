/* What Lintel runs: the configuration from the ESP and the files it names, all
 * in memory before the firmware is left. Errors are added to a list, and
 * reading goes on, so that all of them are told.
 *
 * Who calls it: vmm/main.c calls load_all(), which calls the others; so does
 * test/check/check.c, without a menu. */
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

/* Reads everything that is to run. What errors there are is logged; if there
 * are any, nothing is to be run. load->errors is set, the rest zeroed. */
void load_all(struct efi_boot *boot, struct load *load);

/* vmm/load_config.c: loader.conf and every entry; marks those that run without
 * a word of the user's. False: that is not known, because of an error. */
bool load_config(struct efi_boot *boot, struct load *load);

/* vmm/load_files.c: the files that an entry names; one that is named several
 * times is read once. What cannot be read stays NULL. */
void load_files(struct efi_boot *boot, struct load *load, size_t index);
