/* Memory operands of the instruction being emulated: segmentation, translation
 * and the access itself, in RAM or at a device. Inside the emulator only
 * (vmm/cpu/emulate*.c).  SDM 3A 3.4, 5.3 and 5.5 (segments), 4 (paging). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vmm/cpu/emulate.h"

/* One run of the emulator. */
struct emulation {
    struct emulate_context *context;
    struct guest *guest;
    uint64_t rip;
    enum decode_mode mode;
    enum walk_privilege privilege;
    struct insn insn;
    /* Where the bytes came from, for vmm/cpu/emulate_quick.c. */
    const uint8_t *code;
    struct walk_path path;
};

/* A memory operand whose rights have been checked. */
struct emulate_operand {
    gpa_t at[2];   /* [1] counts if it crosses a page */
    uint8_t size;  /* 1, 2, 4, 8 bytes */
    uint8_t first; /* how many of them lie at at[0] */
};

/* All functions below answer EMULATE_DONE for "go on"; any other answer ends
 * the instruction, and the fault, if it is one, has been queued. */

enum emulate_result emulate_memory_fault(struct emulation *run, uint8_t vector);

/* Segment rights and limit, canonical form, and translation of every page of
 * [offset, offset + size) in `segment`. `write` for read-modify-write too. */
enum emulate_result emulate_memory_locate(struct emulation *run,
                                          unsigned segment, uint64_t offset,
                                          uint8_t size, bool write,
                                          struct emulate_operand *operand);

enum emulate_result emulate_memory_read(struct emulation *run,
                                        const struct emulate_operand *operand,
                                        uint64_t *value);
enum emulate_result emulate_memory_write(struct emulation *run,
                                         const struct emulate_operand *operand,
                                         uint64_t value);

/* The write of a read-modify-write, whose read gave `old`. RAM that has changed
 * since: nothing is written and the answer is EMULATE_RESTART. */
enum emulate_result
emulate_memory_exchange(struct emulation *run,
                        const struct emulate_operand *operand, uint64_t old,
                        uint64_t value);

/* Instruction bytes into context->code: those on RIP's page; then, if they did
 * not suffice, those on the next. The code segment's limit ends them. */
enum emulate_result emulate_memory_fetch(struct emulation *run);
enum emulate_result emulate_memory_fetch_rest(struct emulation *run);

static inline uint64_t emulate_mask(unsigned size)
{
    return ~0ULL >> (64 - 8 * size);
}
