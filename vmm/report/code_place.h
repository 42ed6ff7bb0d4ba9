/* The place in its code where a guest stands, for reports and dumps: the
 * instruction's address and bytes, and its symbol if the kernel has symbols.
 *
 * Who calls it: vmm/vm/vm_report.c, vmm/vm/vcpu_crash.c, vmm/vm/vm_run.c,
 * vmm/vm/mmio.c, vmm/report/report_json.c. vmm/vm/vcpu_code_place.c fills
 * it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/cpu/decode.h"

#define CODE_PLACE_SYMBOL 96

/* Room for the text of each function below. */
#define CODE_PLACE_BYTES   (3 * INSN_MAX_LENGTH)
#define CODE_PLACE_ADDRESS (CODE_PLACE_SYMBOL + 24)
#define CODE_PLACE_TEXT    (CODE_PLACE_ADDRESS + CODE_PLACE_BYTES + 24)

struct code_place {
    /* False: the place is not known, and the fields below are not set. */
    bool known;
    /* True: this is the driver's last notification before the report. False: it
     * is the access that is reported. */
    bool notification;
    unsigned vcpu;
    uint64_t rip;
    uint8_t bytes[INSN_MAX_LENGTH]; /* the instruction's, as far as readable */
    uint8_t length;
    char symbol[CODE_PLACE_SYMBOL]; /* "vp_notify+0x12", or "" */
};

/* Each function writes to `text`, which has `size` bytes.
 *
 * Bytes: "c7 43 50 00 00 00 00", or "" if there are none. */
void code_place_format_bytes(char *text, size_t size, const uint8_t *bytes,
                             size_t count);

/* Address and symbol: "0x1012f kick+0x12". Without a symbol, the address
 * alone. */
void code_place_format_address(char *text, size_t size,
                               const struct code_place *place);

/* The bytes of the place's instruction, or "not readable". */
void code_place_format_code(char *text, size_t size,
                            const struct code_place *place);

/* All of it: "vcpu0 at 0x1012f kick+0x12: c7 43 50 00 00 00 00". */
void code_place_format(char *text, size_t size, const struct code_place *place);
