/* What an entry names, loaded. vmm/load.c reads the files, a VM uses them. */
#pragma once

#include <stdint.h>

#include "vmm/config/config.h"

/* A file read from the ESP, in host memory that lives as long as Lintel. */
struct vm_file {
    const uint8_t *bytes;
    uint64_t size;
};

/* Disks are the VM's to change. */
struct vm_files {
    struct vm_file kernel;
    struct vm_file initrd[CONFIG_PATHS];
    struct vm_file symbols; /* bytes NULL: none given */
    struct vm_file module[CONFIG_PATHS];
    struct vm_file disk[CONFIG_PATHS]; /* bytes NULL: zero:SIZE */
};
