/* The initrd: what the initrd lines name, one after the other as Linux wants it
 * (its Documentation/driver-api/early-userspace/buffer-format.rst): each piece
 * at a multiple of 4.
 *
 * Who calls it: the boot protocols that have an initrd. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vmm/boot/boot_protocol.h"

/* False: more than 4 GiB. */
bool boot_initrd_size(const struct boot_request *request, uint64_t *size);

/* Writes it to `base`, where there is room for it; for size 0 nothing. */
void boot_initrd_put(const struct guest_memory *memory,
                     const struct boot_request *request, uint64_t base);
