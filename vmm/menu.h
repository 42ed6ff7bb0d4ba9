/* The menu of loader.conf's `timeout`: which entry to boot. Called by
 * vmm/load.c while the firmware can still read keys. */
#pragma once

#include <stddef.h>

struct efi_boot;
struct load;

/* Shows the entries and counts down from loader.timeout seconds. A key of
 * theirs chooses at once, Enter boots `index`, Space stops the clock. Returns
 * the index of the entry to boot. */
size_t menu_choose(struct efi_boot *boot, const struct load *load,
                   size_t index);
