/* A kernel image that was loaded elsewhere than it was linked to. A boot
 * protocol says so in its struct boot_start, and vmm/vm/vm_symbols.h keeps it.
 */
#pragma once

#include <stdint.h>

struct boot_relocation {
    uint64_t base; /* of the image as loaded */
    uint64_t end;
    uint64_t by; /* how far above its linked address, modulo 2^64 */
};
