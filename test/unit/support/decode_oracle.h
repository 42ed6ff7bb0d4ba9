/* What libzydis says about an instruction, in the terms of vmm/cpu/decode.h.
 * The two decoders share no code and no table. Called by decode_test.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/cpu/decode.h"

struct oracle {
    bool valid;
    bool covered; /* one of our operations, with a memory operand */
    bool has_immediate;
    struct insn insn; /* if covered; `form` and `condition` are not set */
    char name[32];
};

void oracle_decode(const uint8_t *bytes, size_t length, enum decode_mode mode,
                   struct oracle *oracle);
