/* How C's constants and offsets come to the .asm files: a file that is compiled
 * to assembly only, of which the build keeps the lines that begin with @
 * (ROOM/NAME.c becomes build/ROOM/NAME.inc). So the two cannot drift apart. For
 * arch/asm_constants.c, arch/vmx/guest_offsets.c and test/guests/names.c. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define ASM_CONSTANT(name, value)                                              \
    __asm__ volatile("\n@ %%define " #name " %P0" : : "i"((uint64_t)(value)))
