/* The menu of loader.conf's `timeout`, which asks for the entry to boot.
 * vmm/load.c calls it while the firmware can still read keys. */
#pragma once

#include <stddef.h>

struct efi_boot;
struct load;

/* Shows the entries and counts down from loader.timeout seconds. The key of
 * an entry boots it at once, Enter boots `index`, Space stops the clock.
 * Returns the index of the entry to boot. */
size_t menu_choose(struct efi_boot *boot, const struct load *load,
                   size_t index);
