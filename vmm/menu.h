/* The menu of loader.conf's `timeout`, which asks for the entry to boot.
 * vmm/load.c calls it while the firmware can still read keys. */
#pragma once

#include <stddef.h>

struct efi_boot;
struct load;

/* Shows the entries, and boots `index` after loader.timeout seconds, or waits
 * for ever if that is 0. Any key stops the clock: Up and Down choose another
 * entry, Enter boots it, a digit boots that entry, `e` edits the options of the
 * entry (in *load) for this run. Returns the index of the entry to boot. */
size_t menu_choose(struct efi_boot *boot, struct load *load, size_t index);
