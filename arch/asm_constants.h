/* Brings C's constants and offsets to the .asm files, so that both always
 * agree. A file that includes this header is compiled to assembly only, and
 * the build keeps its lines that begin with @: ROOM/NAME.c becomes
 * build/ROOM/NAME.inc. For arch/asm_constants.c, arch/vmx/guest_offsets.c
 * and test/guests/names.c. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define ASM_CONSTANT(name, value)                                              \
    __asm__ volatile("\n@ %%define " #name " %P0" : : "i"((uint64_t)(value)))
