/* What each decoded instruction does. Only the emulator uses it: it is called
 * by vmm/cpu/emulate.c, and built on vmm/cpu/emulate_memory.h and
 * vmm/cpu/emulate_alu.h.
 *
 * Each function finds and checks all operands first. Then it reads, then writes
 * memory, then registers. So an instruction that cannot be finished changes
 * nothing. */
#pragma once

#include "vmm/cpu/emulate_memory.h"

/* Executes an instruction that is not a string instruction. Calls guest_skip()
 * when it is done. */
enum emulate_result emulate_execute(struct emulation *run);

/* Executes a string instruction, repeated or not. One call handles at most
 * EMULATE_REPEATS elements and then returns EMULATE_RESTART. `port` answers INS
 * and OUTS; for other instructions it is NULL. Port accesses can be slow (a
 * serial line), and other machines wait meanwhile, so the limit for them is
 * lower. */
#define EMULATE_REPEATS      256
#define EMULATE_PORT_REPEATS 16

enum emulate_result emulate_string_execute(
    struct emulation *run,
    enum access_result (*port)(void *port_context, struct access *access),
    void *port_context);

/* Read and write a register of `size` bytes. A read is zero-extended. A write
 * of 4 bytes clears the upper half; a write of 1 or 2 bytes keeps the other
 * bytes (SDM 1 3.4.1.1). */
uint64_t emulate_register(struct emulation *run, unsigned number,
                          unsigned size);
void emulate_set_register(struct emulation *run, unsigned number, unsigned size,
                          uint64_t value);
