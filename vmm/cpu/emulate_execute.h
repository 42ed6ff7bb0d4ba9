/* What each decoded instruction does. Inside the emulator only: called by
 * vmm/cpu/emulate.c, built on vmm/cpu/emulate_memory.h and
 * vmm/cpu/emulate_alu.h.
 *
 * Each function first finds and checks all operands, then reads, then writes
 * memory, then registers, so that whatever stops it leaves no trace. */
#pragma once

#include "vmm/cpu/emulate_memory.h"

/* Everything but strings. Calls guest_skip() when it is done. */
enum emulate_result emulate_execute(struct emulation *run);

/* Strings, repeated or not; at most EMULATE_REPEATS elements a call, then
 * EMULATE_RESTART. `port` answers INS and OUTS and may be NULL for others. A
 * port may be slow (each byte to a serial line takes its time there), and other
 * machines wait meanwhile, so fewer go to one. */
#define EMULATE_REPEATS      256
#define EMULATE_PORT_REPEATS 16

enum emulate_result emulate_string_execute(
    struct emulation *run,
    enum access_result (*port)(void *port_context, struct access *access),
    void *port_context);

/* A register of `size` bytes, zero-extended; writes by the partial-register
 * rules (SDM 1 3.4.1.1): 4 bytes clear the upper half, 1 and 2 keep the rest.
 */
uint64_t emulate_register(struct emulation *run, unsigned number,
                          unsigned size);
void emulate_set_register(struct emulation *run, unsigned number, unsigned size,
                          uint64_t value);
