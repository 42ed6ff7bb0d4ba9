/* A kernel image that was loaded elsewhere than it was linked to. A boot
 * protocol fills it in its struct boot_start, and vmm/vm/vm_symbols.h keeps
 * it for names. */
#pragma once

#include <stdint.h>

struct boot_relocation {
    uint64_t base; /* lowest address of the image as it was loaded */
    uint64_t end;
    uint64_t by; /* the distance from its linked address, modulo 2^64 */
};
