/* Runs one instruction on the processor of this machine: registers and flags
 * in, registers and flags out, memory operands in a scratch area at a fixed low
 * address. For emulate_native_test.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NATIVE_CODE      0x20000000ULL /* where the instruction stands: */
#define NATIVE_RIP       (NATIVE_CODE + 0x200)
#define NATIVE_DATA      0x30000000ULL
#define NATIVE_DATA_SIZE 0x4000ULL
#define NATIVE_GS_BASE   0x1230ULL

struct native_state {
    uint64_t gprs[16];
    uint64_t flags;
};

/* Maps the areas and sets the GS base. False: this machine does not allow it.
 */
bool native_prepare(void);

/* 0, or the signal that the instruction raised (`state` is then unchanged). */
int native_run(const uint8_t *bytes, size_t length, struct native_state *state);

uint64_t native_selector(unsigned segment);
