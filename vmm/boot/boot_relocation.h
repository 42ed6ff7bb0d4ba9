/* An image that lies elsewhere than where it was linked to: where it is, and
 * how far up from there that is (modulo 2^64). A boot protocol says so in its
 * struct boot_start; vmm/vm/vm_symbols.h keeps it. */
#pragma once

#include <stdint.h>

struct boot_move {
    uint64_t base;
    uint64_t end;
    uint64_t by; /* 0: it was not moved */
};
