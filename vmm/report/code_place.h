/* Where a guest stands, for reports and dumps: its instruction, with its bytes
 * and the symbol if the kernel has symbols.
 *
 * Who calls it: vmm/vm/vm_report.c, vmm/vm/vcpu_crash.c, vmm/vm/vm_run.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/cpu/decode.h"

struct vcpu;

#define PLACE_SYMBOL 96
/* Room for what place_describe() writes. */
#define PLACE_BYTES (PLACE_SYMBOL + 3 * INSN_MAX_LENGTH + 48)

struct place {
    bool known;
    bool notification; /* of the last notification before what is reported */
    unsigned vcpu;
    uint64_t rip;
    uint8_t bytes[INSN_MAX_LENGTH]; /* of the instruction, as far as readable */
    uint8_t length;
    char symbol[PLACE_SYMBOL]; /* "vp_notify+0x12", or "" */
};

/* Where the vCPU stands now, which does not run. Reads the guest's memory
 * without side effects. */
void place_take(struct vcpu *vcpu, struct place *place);

/* "c7 43 50 00 00 00 00"; "" if nothing of it could be read. */
void place_describe_bytes(const struct place *place, char *text, size_t size);

/* "vcpu0 at 0x1012f kick+0x12: c7 43 50 00 00 00 00" */
void place_describe(const struct place *place, char *text, size_t size);
