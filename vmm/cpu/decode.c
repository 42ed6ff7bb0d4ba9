/* The decoder; see the header. It takes prefixes, opcode, ModRM, SIB,
 * displacement and immediate in the order of the bytes. */
#include "vmm/cpu/decode.h"

#include "arch/regs.h"
#include "arch/vmx/guest.h"
#include "kernel/base/string.h"
#include "vmm/cpu/decode_table.h"

#define REX   0x40u
#define REX_W 0x08u
#define REX_R 0x04u
#define REX_X 0x02u
#define REX_B 0x01u

#define SEGMENT_NONE 0xff

#define ESCAPE 0x0f

struct state {
    const uint8_t *bytes;
    size_t at;
    size_t limit; /* number of bytes available, at most 15 */
    enum decode_mode mode;
    uint8_t rex;
    uint8_t repeat; /* enum insn_repeat */
    uint8_t segment;
    bool size_override;
    bool address_override;
    bool lock;
};

static enum decode_result out_of_bytes(const struct state *state)
{
    return state->limit == INSN_MAX_LENGTH ? DECODE_TOO_LONG : DECODE_NEED_MORE;
}

static bool has(const struct state *state, size_t count)
{
    return state->limit - state->at >= count;
}

/* Takes the next `count` bytes (1, 2, 4 or 8), sign-extended. */
static int64_t take(struct state *state, size_t count)
{
    const uint8_t *from = state->bytes + state->at;
    int16_t word = 0;
    int32_t dword = 0;
    int64_t qword = 0;

    state->at += count;
    switch (count) {
    case 1:
        return (int8_t)*from;
    case 2:
        memcpy(&word, from, sizeof(word));
        return word;
    case 4:
        memcpy(&dword, from, sizeof(dword));
        return dword;
    default:
        memcpy(&qword, from, sizeof(qword));
        return qword;
    }
}

/* Notes a legacy prefix (SDM 2A 2.1.1). In 64-bit mode the prefixes for ES, CS,
 * SS and DS have no effect; an FS or GS prefix before them stays valid. */
static void note_prefix(struct state *state, uint8_t byte)
{
    switch (byte) {
    case 0x26:
    case 0x2e:
    case 0x36:
    case 0x3e:
        if (state->mode != DECODE_64) {
            state->segment = (byte >> 3) & 3;
        }
        break;
    case 0x64:
    case 0x65:
        state->segment = byte & 7;
        break;
    case 0x66:
        state->size_override = true;
        break;
    case 0x67:
        state->address_override = true;
        break;
    case 0xf0:
        state->lock = true;
        break;
    case 0xf2:
        state->repeat = INSN_REPNE;
        break;
    case 0xf3:
        state->repeat = INSN_REP;
        break;
    default:
        break;
    }
}

/* Takes the prefixes and the opcode byte. A REX prefix counts only directly
 * before the opcode (SDM 2A 2.2.1). NULL: the bytes end first. */
static const struct opcode *take_opcode(struct state *state, uint8_t *byte)
{
    for (;;) {
        const struct opcode *opcode = NULL;

        if (state->at == state->limit) {
            return NULL;
        }
        *byte = state->bytes[state->at++];
        opcode = &decode_one_byte[*byte];
        if ((opcode->flags & OPCODE_PREFIX) == 0) {
            return opcode;
        }
        if (opcode->operation != REX) {
            state->rex = 0;
            note_prefix(state, *byte);
        } else if (state->mode == DECODE_64) {
            state->rex = *byte;
        } else {
            /* Outside 64-bit mode, 40 to 4F are INC and DEC of a register. */
            static const struct opcode other = {INSN_UNSUPPORTED, 0, 0};

            return &other;
        }
    }
}

/* Takes a memory operand with 16-bit addressing (SDM 2A table 2-1). */
static enum decode_result take_memory16(struct state *state, uint8_t modrm,
                                        struct insn *insn)
{
    static const uint8_t bases[8] = {GPR_RBX, GPR_RBX, GPR_RBP, GPR_RBP,
                                     GPR_RSI, GPR_RDI, GPR_RBP, GPR_RBX};
    static const uint8_t indexes[8] = {
        GPR_RSI,          GPR_RDI,          GPR_RSI,          GPR_RDI,
        INSN_NO_REGISTER, INSN_NO_REGISTER, INSN_NO_REGISTER, INSN_NO_REGISTER};
    uint8_t rm = modrm & 7;
    uint8_t mod = modrm >> 6;
    size_t count = mod;

    insn->base = bases[rm];
    insn->index = indexes[rm];
    if (mod == 0 && rm == 6) {
        insn->base = INSN_NO_REGISTER;
        count = 2;
    }
    if (count != 0) {
        if (!has(state, count)) {
            return out_of_bytes(state);
        }
        insn->displacement = take(state, count);
    }
    insn->segment = insn->base == GPR_RBP ? SEGMENT_SS : SEGMENT_DS;
    return DECODE_OK;
}

/* Takes a memory operand with 32- or 64-bit addressing (SDM 2A tables 2-2 and
 * 2-3; RIP-relative: 2.2.1.6). */
static enum decode_result take_memory(struct state *state, uint8_t modrm,
                                      struct insn *insn)
{
    uint8_t rm = modrm & 7;
    uint8_t mod = modrm >> 6;
    size_t count = mod == 2 ? 4 : mod;

    insn->base = (uint8_t)(rm | (state->rex & REX_B) << 3);
    insn->index = INSN_NO_REGISTER;
    if (rm == GPR_RSP) {
        uint8_t sib = 0;

        if (!has(state, 1)) {
            return out_of_bytes(state);
        }
        sib = state->bytes[state->at++];
        rm = sib & 7;
        insn->base = (uint8_t)(rm | (state->rex & REX_B) << 3);
        insn->index = (uint8_t)((sib >> 3 & 7) | (state->rex & REX_X) << 2);
        if (insn->index == GPR_RSP) {
            insn->index = INSN_NO_REGISTER;
        } else {
            insn->scale = (uint8_t)(1 << (sib >> 6));
        }
        if (mod == 0 && rm == GPR_RBP) {
            insn->base = INSN_NO_REGISTER;
            count = 4;
        }
    } else if (mod == 0 && rm == GPR_RBP) {
        insn->base =
            state->mode == DECODE_64 ? INSN_BASE_RIP : INSN_NO_REGISTER;
        count = 4;
    }
    if (count != 0) {
        if (!has(state, count)) {
            return out_of_bytes(state);
        }
        insn->displacement = take(state, count);
    }
    insn->segment = insn->base == GPR_RSP || insn->base == GPR_RBP ? SEGMENT_SS
                                                                   : SEGMENT_DS;
    return DECODE_OK;
}

static uint8_t address_size(const struct state *state)
{
    static const uint8_t sizes[3][2] = {
        [DECODE_16] = {2, 4}, [DECODE_32] = {4, 2}, [DECODE_64] = {8, 4}};

    return sizes[state->mode][state->address_override];
}

static uint8_t operand_size(const struct state *state, uint16_t flags)
{
    if ((flags & OPCODE_BYTE) != 0) {
        return 1;
    }
    if ((state->rex & REX_W) != 0) {
        return 8;
    }
    if (state->mode == DECODE_64 && (flags & OPCODE_STACK) != 0) {
        return state->size_override ? 2 : 8;
    }
    return state->size_override == (state->mode == DECODE_16) ? 4 : 2;
}

static uint8_t memory_size(uint16_t flags, uint8_t size)
{
    if ((flags & OPCODE_MEMORY8) != 0) {
        return 1;
    }
    if ((flags & OPCODE_MEMORY16) != 0) {
        return 2;
    }
    if ((flags & OPCODE_MEMORY32) != 0) {
        return size == 2 ? 2 : 4;
    }
    return size;
}

/* Finishes the instructions whose meaning depends on a prefix or on their
 * size. */
static enum decode_result settle(const struct state *state, uint16_t flags,
                                 struct insn *insn)
{
    if ((flags & OPCODE_PLAIN) != 0) {
        /* MOVNTI has no 16-bit form. */
        insn->size = insn->size == 2 ? 4 : insn->size;
        insn->memory_size = insn->size;
        return state->size_override || state->repeat != INSN_ONCE
                   ? DECODE_INVALID
                   : DECODE_OK;
    }
    switch (insn->operation) {
    case INSN_POPCNT:
        return state->repeat == INSN_REP ? DECODE_OK : DECODE_INVALID;
    case INSN_BSF:
        insn->operation = state->repeat == INSN_REP ? INSN_TZCNT : INSN_BSF;
        break;
    case INSN_BSR:
        insn->operation = state->repeat == INSN_REP ? INSN_LZCNT : INSN_BSR;
        break;
    case INSN_CMPXCHG8B:
        insn->size = (state->rex & REX_W) != 0 ? 16 : 8;
        insn->memory_size = insn->size;
        break;
    case INSN_MOV_SREG:
        return insn->reg < 6 ? DECODE_OK : DECODE_INVALID;
    case INSN_XCHG:
        insn->lock = true;
        break;
    case INSN_INS:
    case INSN_OUTS:
        if (insn->size == 8) {
            insn->size = 4;
            insn->memory_size = 4;
        }
        break;
    default:
        break;
    }
    return DECODE_OK;
}

/* Sets the register operand that the ModRM byte names. */
static void set_register(const struct state *state, uint8_t modrm,
                         struct insn *insn)
{
    uint8_t reg = modrm >> 3 & 7;

    if (insn->operation == INSN_MOV_SREG) {
        insn->reg = reg; /* REX.R does not apply to segment registers */
        return;
    }
    if (insn->size == 1 && state->rex == 0 && reg >= 4) {
        insn->reg = reg & 3;
        insn->reg_high = true;
        return;
    }
    insn->reg = (uint8_t)(reg | (state->rex & REX_R) << 1);
}

static enum decode_result take_operands(struct state *state, uint16_t flags,
                                        uint8_t modrm, struct insn *insn)
{
    insn->size = operand_size(state, flags);
    insn->memory_size = memory_size(flags, insn->size);
    insn->address_size = address_size(state);
    insn->scale = 1;
    if ((flags & OPCODE_MODRM) != 0) {
        enum decode_result result = insn->address_size == 2
                                        ? take_memory16(state, modrm, insn)
                                        : take_memory(state, modrm, insn);

        if (result != DECODE_OK) {
            return result;
        }
        set_register(state, modrm, insn);
    } else {
        insn->base = INSN_NO_REGISTER;
        insn->index = INSN_NO_REGISTER;
        insn->segment = SEGMENT_DS;
    }
    if (state->segment != SEGMENT_NONE) {
        insn->segment = state->segment;
    }
    if ((flags & (OPCODE_IMM8 | OPCODE_IMM | OPCODE_MOFFS | OPCODE_ONE)) == 0) {
        return DECODE_OK;
    }
    if ((flags & OPCODE_ONE) != 0) {
        insn->immediate = 1;
    } else if ((flags & OPCODE_MOFFS) != 0) {
        if (!has(state, insn->address_size)) {
            return out_of_bytes(state);
        }
        insn->displacement = take(state, insn->address_size);
    } else {
        size_t count = 1;

        if ((flags & OPCODE_IMM) != 0) {
            count = insn->size == 2 ? 2 : 4;
        }
        if (!has(state, count)) {
            return out_of_bytes(state);
        }
        insn->immediate = (uint64_t)take(state, count);
    }
    return DECODE_OK;
}

/* Takes the rest of an instruction whose opcode bytes are known: ModRM, group,
 * operands. */
static enum decode_result take_rest(struct state *state,
                                    const struct opcode *opcode, uint8_t byte,
                                    struct insn *insn)
{
    uint16_t flags = opcode->flags;
    uint8_t modrm = 0;
    enum decode_result result = DECODE_OK;

    if ((flags & OPCODE_MODRM) != 0) {
        if (!has(state, 1)) {
            return out_of_bytes(state);
        }
        modrm = state->bytes[state->at++];
    }
    if ((flags & OPCODE_GROUP) != 0) {
        opcode = &decode_groups[opcode->operation][modrm >> 3 & 7];
        flags |= opcode->flags;
    }
    if (opcode->operation <= INSN_INVALID) {
        return opcode->operation == INSN_INVALID ? DECODE_INVALID
                                                 : DECODE_UNSUPPORTED;
    }
    if ((state->lock && (flags & OPCODE_LOCK) == 0) ||
        ((flags & OPCODE_NO64) != 0 && state->mode == DECODE_64)) {
        return DECODE_INVALID;
    }
    if (((flags & OPCODE_MODRM) != 0 && modrm >= 0xc0) ||
        ((flags & OPCODE_ONLY64) != 0 && state->mode != DECODE_64)) {
        /* It has no memory operand, or it is ARPL. */
        return state->lock ? DECODE_INVALID : DECODE_UNSUPPORTED;
    }
    insn->operation = opcode->operation;
    insn->form = opcode->form;
    insn->condition = byte & 0xf;
    insn->lock = state->lock;
    result = take_operands(state, flags, modrm, insn);
    if (result != DECODE_OK) {
        return result;
    }
    if (insn->form == INSN_STRING) {
        insn->repeat = state->repeat;
    }
    insn->register_bit = insn->form == INSN_M_REG &&
                         insn->operation >= INSN_BT &&
                         insn->operation <= INSN_BTC;
    insn->length = (uint8_t)state->at;
    return settle(state, flags, insn);
}

/* 0F 38 F0 and F1 are MOVBE without a prefix or with 66, and CRC32 with F2. */
static enum decode_result take_0f38(struct state *state, struct insn *insn)
{
    static const struct opcode load = {INSN_MOVBE, INSN_REG_M, OPCODE_MODRM};
    static const struct opcode store = {INSN_MOVBE, INSN_M_REG, OPCODE_MODRM};
    uint8_t byte = 0;

    if (!has(state, 1)) {
        return out_of_bytes(state);
    }
    byte = state->bytes[state->at++];
    if ((byte & 0xfe) != 0xf0 || state->repeat != INSN_ONCE) {
        return DECODE_UNSUPPORTED;
    }
    return take_rest(state, byte == 0xf0 ? &load : &store, byte, insn);
}

enum decode_result decode(const uint8_t *bytes, size_t length,
                          enum decode_mode mode, struct insn *insn)
{
    struct state state = {.bytes = bytes,
                          .limit = length < INSN_MAX_LENGTH ? length
                                                            : INSN_MAX_LENGTH,
                          .mode = mode,
                          .segment = SEGMENT_NONE};
    uint8_t byte = 0;
    const struct opcode *opcode = take_opcode(&state, &byte);

    memset(insn, 0, sizeof(*insn));
    if (opcode == NULL) {
        return out_of_bytes(&state);
    }
    if (byte != ESCAPE) {
        return take_rest(&state, opcode, byte, insn);
    }
    if (!has(&state, 1)) {
        return out_of_bytes(&state);
    }
    byte = state.bytes[state.at++];
    if (byte == 0x38) {
        return take_0f38(&state, insn);
    }
    return take_rest(&state, &decode_two_byte[byte], byte, insn);
}
