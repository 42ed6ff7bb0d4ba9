/* Memory operands of the instruction that is being emulated: segmentation,
 * translation, and the access in RAM or at a device. Only vmm/cpu/emulate*.c
 * use it. SDM 3A 3.4, 5.3 and 5.5 (segments), chapter 4 (paging). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vmm/cpu/emulate.h"

/* The state of one emulated instruction. */
struct emulation {
    struct emulate_context *context;
    struct guest *guest;
    uint64_t rip;
    enum decode_mode mode;
    enum walk_privilege privilege;
    struct insn insn;
    /* Where the instruction's bytes lie in guest RAM and how they were
     * translated; vmm/cpu/emulate_quick.c keeps both. */
    const uint8_t *code;
    struct walk_path path;
};

/* A memory operand that has been translated and whose rights have been
 * checked. */
struct emulate_operand {
    gpa_t at[2];   /* at[1]: its part on a second page, if it has one */
    uint8_t size;  /* 1, 2, 4 or 8 bytes */
    uint8_t first; /* how many of these bytes lie at at[0] */
};

/* Each function below returns EMULATE_DONE if the instruction can go on. Any
 * other result ends the instruction; if it is a fault, the exception has been
 * queued. */

enum emulate_result emulate_memory_fault(struct emulation *run, uint8_t vector);

/* Checks the segment's rights and limit and the canonical form, and translates
 * every page of [offset, offset + size) in `segment`. `write` is true for a
 * read-modify-write too. */
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

/* Writes `value`, the result of a read-modify-write whose read gave `old`. If
 * the RAM has changed since the read, writes nothing and returns
 * EMULATE_RESTART. A device or an unaligned operand is written without this
 * check. */
enum emulate_result
emulate_memory_exchange(struct emulation *run,
                        const struct emulate_operand *operand, uint64_t old,
                        uint64_t value);

/* Fetch instruction bytes into context->code. The first function takes those on
 * RIP's page; the second takes those on the next page, for an instruction that
 * goes on there. Neither fetches beyond the code segment's limit. */
enum emulate_result emulate_memory_fetch(struct emulation *run);
enum emulate_result emulate_memory_fetch_rest(struct emulation *run);

static inline uint64_t emulate_mask(unsigned size)
{
    return ~0ULL >> (64 - 8 * size);
}
