/* What a boot protocol is asked for a VM, made of its entry and files.
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
    /* What the request points to: */
    struct boot_file initrd[CONFIG_PATHS];
    struct boot_file module[CONFIG_PATHS];
    char command_line[DISCOVER_COMMAND_LINE];
    struct boot_screen screen;
};

/* All but rsdp, gib_pages and only_judge, which are 0; for a machine of that
 * map with `devices` virtio devices; the screen is taken from the map here.
 * *plan stays where it is; entry, files and map too. False: there is no room
 * for the entry's screen, and an error was added. */
bool boot_plan_make(struct boot_plan *plan, const struct config_entry *config,
                    const struct entry_files *files, struct memory_map *map,
                    unsigned devices, struct errors *errors);

/* Adds the error that a kernel was refused, at the line that `start->blame`
 * means. `why` may lie in *start. */
void boot_plan_refused(const struct config_entry *config,
                       const struct boot_start *start, const char *why,
                       struct errors *errors);
