/* What Lintel runs: the configuration from the ESP and the files it names, all
 * in memory before the firmware is left.
 *
 * Who calls it: vmm/main.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "vmm/config/config.h"
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
};

/* Reads everything. False: the errors are in the log, and nothing is to be
 * run. */
bool load_all(struct efi_boot *boot, struct load *load);
