/* The initrd: the files of the initrd lines, one after the other as Linux wants
 * them (Documentation/driver-api/early-userspace/buffer-format.rst), each at a
 * multiple of 4.
 *
 * Who calls it: the boot protocols that have an initrd. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vmm/boot/boot_protocol.h"

/* Sets *size to the size of the initrd. False: it has more than 4 GiB. */
bool boot_initrd_size(const struct boot_request *request, uint64_t *size);

/* Writes the initrd to `base`, where the caller has taken room for it. With
 * size 0 it writes nothing. */
void boot_initrd_put(const struct guest_memory *memory,
                     const struct boot_request *request, uint64_t base);
