/* Random 64-bit instructions that the decoder takes, with their operand put
 * where it can be executed. For emulate_native_test.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "test/unit/support/emulate_native.h"
#include "vmm/cpu/decode.h"

uint64_t encoding_random(void);
uint64_t encoding_value(void); /* more often at the borders than by chance */
void encoding_seed(uint64_t seed);

/* A random instruction with a memory operand; `bytes` is always 15 long. */
void encoding_make(uint8_t bytes[INSN_MAX_LENGTH], struct insn *insn);

/* Fills registers and flags, and changes the displacement in `bytes` (and in
 * `insn`) if need be, so that the operand is at *target in the scratch area and
 * everything the instruction touches is. False: this one cannot be placed. */
bool encoding_place(uint8_t bytes[INSN_MAX_LENGTH], struct insn *insn,
                    struct native_state *state, uint64_t *target);

/* The status flags that the SDM defines after this instruction. */
uint64_t encoding_defined_flags(const struct insn *insn,
                                const struct native_state *before);

bool encoding_result_undefined(const struct insn *insn,
                               const struct native_state *before);
