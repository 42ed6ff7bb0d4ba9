/* The request to a boot protocol, made from a VM's entry and files.
 *
 * Who calls it: vmm/vm/vm.c, which loads the kernel, and vmm/plan/check.c,
 * which only has it judged. */
#pragma once

#include "vmm/boot/boot_protocol.h"
#include "vmm/config/config.h"
#include "vmm/plan/discover.h"

struct errors;
struct entry_files;

struct boot_plan {
    struct boot_request request;
    /* The memory that the request points to. */
    struct boot_file initrd[CONFIG_PATHS];
    struct boot_file module[CONFIG_PATHS];
    char command_line[DISCOVER_COMMAND_LINE];
    struct boot_screen screen;
};

/* Makes the request for a machine of that map with `devices` virtio devices,
 * and takes its screen from the map. It leaves rsdp, gib_pages and
 * only_judge at 0. *plan must not move afterwards, and the entry, its files
 * and the map must stay. False: there is no room for the entry's screen, and
 * an error was added. */
bool boot_plan_make(struct boot_plan *plan, const struct config_entry *config,
                    const struct entry_files *files, struct memory_map *map,
                    unsigned devices, struct errors *errors);

/* Adds the error that a kernel was refused, at the line that `start->blame`
 * stands for. `why` may lie in *start. */
void boot_plan_refused(const struct config_entry *config,
                       const struct boot_start *start, const char *why,
                       struct errors *errors);
