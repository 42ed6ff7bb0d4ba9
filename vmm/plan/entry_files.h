/* The files that an entry of the configuration names, in memory.
 * vmm/load_files.c reads them, a VM uses them. */
#pragma once

#include <stdint.h>

#include "vmm/config/config.h"

/* A file read from the ESP, in host memory that lives as long as Lintel. */
struct entry_file {
    const uint8_t *bytes;
    uint64_t size;
};

/* A VM changes its copies of the disks, and only reads the other files. */
struct entry_files {
    struct entry_file kernel;
    struct entry_file initrd[CONFIG_PATHS];
    struct entry_file symbols; /* bytes NULL: the entry names none */
    struct entry_file module[CONFIG_PATHS];
    struct entry_file disk[CONFIG_PATHS]; /* bytes NULL: zero:SIZE */
};
