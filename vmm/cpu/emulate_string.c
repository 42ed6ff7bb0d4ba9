/* MOVS, CMPS, STOS, LODS, SCAS, INS and OUTS, with and without repetition; see
 * vmm/cpu/emulate_execute.h. SDM 2B REP, 1 7.3.9. */
#include "arch/regs.h"
#include "arch/vmx/guest.h"
#include "vmm/cpu/emulate_alu.h"
#include "vmm/cpu/emulate_execute.h"

struct string {
    struct emulation *run;
    enum access_result (*port)(void *port_context, struct access *access);
    void *port_context;
    uint64_t flags;
    bool source; /* the instruction reads DS:rSI */
    bool target; /* it writes ES:rDI; CMPS and SCAS read there */
    bool stores; /* it writes ES:rDI */
};

static enum emulate_result port_access(struct string *string, bool write,
                                       uint64_t *value)
{
    struct emulation *run = string->run;
    uint8_t size = run->insn.size;
    struct access access = {.address = emulate_register(run, GPR_RDX, 2),
                            .value = *value,
                            .size = size,
                            .write = write};

    if (string->port(string->port_context, &access) != ACCESS_HANDLED) {
        run->context->failed = access;
        return EMULATE_BAD;
    }
    *value = access.value & emulate_mask(size);
    return EMULATE_DONE;
}

static enum emulate_result locate(struct string *string, unsigned segment,
                                  unsigned pointer, bool write,
                                  struct emulate_operand *operand)
{
    struct emulation *run = string->run;

    return emulate_memory_locate(
        run, segment, emulate_register(run, pointer, run->insn.address_size),
        run->insn.size, write, operand);
}

/* Reads the element's value from the source, the port or the accumulator. */
static enum emulate_result read_source(struct string *string,
                                       const struct emulate_operand *source,
                                       uint64_t *value)
{
    if (string->source) {
        return emulate_memory_read(string->run, source, value);
    }
    if (string->run->insn.operation == INSN_INS) {
        return port_access(string, false, value);
    }
    *value = emulate_register(string->run, GPR_RAX, string->run->insn.size);
    return EMULATE_DONE;
}

static enum emulate_result
use(struct string *string, const struct emulate_operand *target, uint64_t value)
{
    struct emulation *run = string->run;
    uint8_t size = run->insn.size;
    uint64_t other = 0;
    enum emulate_result result = EMULATE_DONE;

    switch (run->insn.operation) {
    case INSN_LODS:
        emulate_set_register(run, GPR_RAX, size, value);
        return EMULATE_DONE;
    case INSN_OUTS:
        return port_access(string, true, &value);
    case INSN_CMPS:
    case INSN_SCAS:
        result = emulate_memory_read(run, target, &other);
        if (result == EMULATE_DONE) {
            emulate_alu_binary(INSN_CMP, size, value, other, &string->flags);
            guest_set(run->guest, GUEST_RFLAGS, string->flags);
        }
        return result;
    default:
        return emulate_memory_write(run, target, value);
    }
}

static void advance(struct string *string, unsigned pointer)
{
    struct emulation *run = string->run;
    uint8_t width = run->insn.address_size;
    uint64_t value = emulate_register(run, pointer, width);
    uint8_t size = run->insn.size;

    value = (string->flags & RFLAGS_DF) != 0 ? value - size : value + size;
    emulate_set_register(run, pointer, width, value);
}

/* Handles one element: completely, or not at all. */
static enum emulate_result element(struct string *string)
{
    struct emulate_operand source;
    struct emulate_operand target;
    uint64_t value = 0;
    enum emulate_result result = EMULATE_DONE;

    if (string->source) {
        result =
            locate(string, string->run->insn.segment, GPR_RSI, false, &source);
    }
    if (result == EMULATE_DONE && string->target) {
        result = locate(string, SEGMENT_ES, GPR_RDI, string->stores, &target);
    }
    if (result == EMULATE_DONE) {
        result = read_source(string, &source, &value);
    }
    if (result == EMULATE_DONE) {
        result = use(string, &target, value);
    }
    if (result != EMULATE_DONE) {
        return result;
    }
    if (string->source) {
        advance(string, GPR_RSI);
    }
    if (string->target) {
        advance(string, GPR_RDI);
    }
    return EMULATE_DONE;
}

/* Does ZF end the repetition? It can for CMPS and SCAS, under REPE and
 * REPNE. */
static bool ended_by_flag(const struct string *string)
{
    const struct insn *insn = &string->run->insn;
    bool zero = (string->flags & RFLAGS_ZF) != 0;

    if (insn->operation != INSN_CMPS && insn->operation != INSN_SCAS) {
        return false;
    }
    return zero == (insn->repeat == INSN_REPNE);
}

enum emulate_result emulate_string_execute(
    struct emulation *run,
    enum access_result (*port)(void *port_context, struct access *access),
    void *port_context)
{
    const struct insn *insn = &run->insn;
    bool outs = insn->operation == INSN_OUTS;
    bool lods = insn->operation == INSN_LODS;
    bool compare = insn->operation == INSN_CMPS || insn->operation == INSN_SCAS;
    struct string string = {.run = run,
                            .port = port,
                            .port_context = port_context,
                            .flags = guest_get(run->guest, GUEST_RFLAGS),
                            .source = outs || lods ||
                                      insn->operation == INSN_MOVS ||
                                      insn->operation == INSN_CMPS,
                            .target = !outs && !lods,
                            .stores = !compare};
    uint8_t width = insn->address_size;
    unsigned most = port != NULL ? EMULATE_PORT_REPEATS : EMULATE_REPEATS;

    for (unsigned i = 0; i < most; i++) {
        bool ended = insn->repeat == INSN_ONCE;
        uint64_t left = emulate_register(run, GPR_RCX, width);
        enum emulate_result result = EMULATE_DONE;

        if (ended || left != 0) {
            result = element(&string);
        }
        if (result != EMULATE_DONE) {
            return result;
        }
        if (!ended && left != 0) {
            emulate_set_register(run, GPR_RCX, width, --left);
        }
        if (ended || left == 0 || ended_by_flag(&string)) {
            guest_skip(run->guest, insn->length);
            return EMULATE_DONE;
        }
        if ((string.flags & RFLAGS_TF) != 0) {
            guest_skip(run->guest, 0); /* TF traps after each element */
            break;
        }
    }
    return EMULATE_RESTART;
}
