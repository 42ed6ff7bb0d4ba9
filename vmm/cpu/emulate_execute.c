/* Executes decoded instructions; see the header. */
#include "vmm/cpu/emulate_execute.h"

#include "arch/regs.h"
#include "arch/vmx/guest.h"
#include "vmm/cpu/emulate_alu.h"

uint64_t emulate_register(struct emulation *run, unsigned number, unsigned size)
{
    return guest_gpr(run->guest, (enum gpr)number) & emulate_mask(size);
}

void emulate_set_register(struct emulation *run, unsigned number, unsigned size,
                          uint64_t value)
{
    enum gpr gpr = (enum gpr)number;

    if (size < 4) {
        uint64_t mask = emulate_mask(size);

        value = (guest_gpr(run->guest, gpr) & ~mask) | (value & mask);
    } else {
        value &= emulate_mask(size);
    }
    guest_set_gpr(run->guest, gpr, value);
}

/* Returns the register operand, which may also be AH, CH, DH or BH. */
static uint64_t get_operand(struct emulation *run)
{
    const struct insn *insn = &run->insn;

    if (insn->reg_high) {
        return guest_gpr(run->guest, (enum gpr)insn->reg) >> 8 & 0xff;
    }
    return emulate_register(run, insn->reg, insn->size);
}

static void set_operand(struct emulation *run, uint64_t value)
{
    const struct insn *insn = &run->insn;

    if (insn->reg_high) {
        uint64_t old = guest_gpr(run->guest, (enum gpr)insn->reg);

        guest_set_gpr(run->guest, (enum gpr)insn->reg,
                      (old & ~0xff00ULL) | (value & 0xff) << 8);
        return;
    }
    emulate_set_register(run, insn->reg, insn->size, value);
}

static uint64_t get_flags(struct emulation *run)
{
    return guest_get(run->guest, GUEST_RFLAGS);
}

static enum emulate_result done(struct emulation *run)
{
    guest_skip(run->guest, run->insn.length);
    return EMULATE_DONE;
}

static enum emulate_result done_with_flags(struct emulation *run,
                                           uint64_t flags)
{
    guest_set(run->guest, GUEST_RFLAGS, flags);
    return done(run);
}

/* Returns the memory operand's offset in its segment. */
static uint64_t effective_address(struct emulation *run)
{
    const struct insn *insn = &run->insn;
    uint64_t address = (uint64_t)insn->displacement;

    if (insn->base < GPR_COUNT) {
        address += guest_gpr(run->guest, (enum gpr)insn->base);
    } else if (insn->base == INSN_BASE_RIP) {
        address += run->rip + insn->length;
    }
    if (insn->index < GPR_COUNT) {
        address += guest_gpr(run->guest, (enum gpr)insn->index) * insn->scale;
    }
    if (insn->register_bit) {
        /* The bit offset is signed and may point outside the operand (SDM 2A,
         * BT). It moves the address by whole operands. */
        int64_t bit = (int64_t)emulate_alu_sign_extend(
            emulate_register(run, insn->reg, insn->size), insn->size);

        address += (uint64_t)(bit >> (insn->size == 2   ? 4
                                      : insn->size == 4 ? 5
                                                        : 6)) *
                   insn->size;
    }
    if (insn->operation == INSN_POP && insn->base == GPR_RSP) {
        address += insn->size; /* POP increments RSP first (SDM 2B, POP) */
    }
    return address & emulate_mask(insn->address_size);
}

static enum emulate_result locate(struct emulation *run, bool write,
                                  struct emulate_operand *operand)
{
    return emulate_memory_locate(run, run->insn.segment, effective_address(run),
                                 run->insn.memory_size, write, operand);
}

static enum emulate_result load(struct emulation *run, uint64_t *value)
{
    struct emulate_operand operand;
    enum emulate_result result = locate(run, false, &operand);

    return result == EMULATE_DONE ? emulate_memory_read(run, &operand, value)
                                  : result;
}

static enum emulate_result store(struct emulation *run, uint64_t value)
{
    struct emulate_operand operand;
    enum emulate_result result = locate(run, true, &operand);

    if (result == EMULATE_DONE) {
        result = emulate_memory_write(run, &operand, value);
    }
    return result == EMULATE_DONE ? done(run) : result;
}

static uint64_t byte_swap(uint64_t value, unsigned size)
{
    return __builtin_bswap64(value) >> (64 - 8 * size);
}

/* Executes MOV, MOVBE, SETcc and MOV from a segment register: they store. */
static enum emulate_result execute_store(struct emulation *run)
{
    const struct insn *insn = &run->insn;

    switch (insn->operation) {
    case INSN_SETCC:
        return store(run,
                     emulate_alu_condition(insn->condition, get_flags(run)));
    case INSN_MOV_SREG:
        return store(
            run, guest_get(run->guest,
                           (enum guest_reg)(GUEST_ES_SELECTOR + insn->reg)));
    case INSN_MOVBE:
        return store(run, byte_swap(get_operand(run), insn->size));
    default:
        return store(run, insn->form == INSN_M_IMM ? insn->immediate
                                                   : get_operand(run));
    }
}

/* Executes the instructions that load memory, perhaps change it, and write it
 * to the register operand. */
static enum emulate_result execute_load(struct emulation *run)
{
    const struct insn *insn = &run->insn;
    uint64_t value = 0;
    uint64_t high = 0;
    uint64_t flags = 0;
    enum emulate_result result = load(run, &value);

    if (result != EMULATE_DONE) {
        return result;
    }
    switch (insn->operation) {
    case INSN_MOVSX:
        value = emulate_alu_sign_extend(value, insn->memory_size);
        break;
    case INSN_MOVBE:
        value = byte_swap(value, insn->size);
        break;
    case INSN_CMOVCC:
        /* A false condition also clears the upper half of a 64-bit register, as
         * a write of its old value does. */
        if (!emulate_alu_condition(insn->condition, get_flags(run))) {
            value = get_operand(run);
        }
        break;
    case INSN_IMUL:
        flags = get_flags(run);
        emulate_alu_multiply(true, insn->size, value,
                             insn->form == INSN_REG_M_IMM
                                 ? insn->immediate & emulate_mask(insn->size)
                                 : get_operand(run),
                             &value, &high, &flags);
        guest_set(run->guest, GUEST_RFLAGS, flags);
        break;
    case INSN_BSF:
    case INSN_BSR:
        flags = get_flags(run);
        if (value == 0) { /* the register keeps all 64 bits */
            return done_with_flags(run, flags | RFLAGS_ZF);
        }
        /* fall through */
    case INSN_TZCNT:
    case INSN_LZCNT:
    case INSN_POPCNT:
        flags = get_flags(run);
        value = emulate_alu_scan((enum insn_operation)insn->operation,
                                 insn->size, value, 0, &flags);
        guest_set(run->guest, GUEST_RFLAGS, flags);
        break;
    default: /* MOV, MOVZX */
        break;
    }
    set_operand(run, value);
    return done(run);
}

/* Executes `register op= memory`, and comparisons, which write only flags. */
static enum emulate_result execute_compute(struct emulation *run)
{
    const struct insn *insn = &run->insn;
    enum insn_operation operation = (enum insn_operation)insn->operation;
    uint64_t memory = 0;
    uint64_t other = 0;
    uint64_t flags = 0;
    enum emulate_result result = load(run, &memory);

    if (result != EMULATE_DONE) {
        return result;
    }
    flags = get_flags(run);
    other = insn->form == INSN_M_IMM ? insn->immediate : get_operand(run);
    other &= emulate_mask(insn->size);
    if (operation == INSN_BT) {
        emulate_alu_bit(operation, insn->size, memory, other, &flags);
    } else if (insn->form == INSN_REG_M) {
        uint64_t value =
            emulate_alu_binary(operation, insn->size, other, memory, &flags);

        if (operation != INSN_CMP) {
            set_operand(run, value);
        }
    } else {
        emulate_alu_binary(operation, insn->size, memory, other, &flags);
    }
    return done_with_flags(run, flags);
}

/* Returns the second operand of an operation whose first is in memory. */
static uint64_t second_operand(struct emulation *run)
{
    const struct insn *insn = &run->insn;

    switch (insn->form) {
    case INSN_M_REG:
        return get_operand(run);
    case INSN_M_CL:
    case INSN_M_REG_CL:
        return emulate_register(run, GPR_RCX, 1);
    case INSN_M_REG_IMM:
        return insn->immediate;
    default:
        return insn->immediate & emulate_mask(insn->size);
    }
}

static uint64_t modify(struct emulation *run, uint64_t old, uint64_t *flags)
{
    const struct insn *insn = &run->insn;
    enum insn_operation operation = (enum insn_operation)insn->operation;
    uint64_t other = second_operand(run);

    switch (operation) {
    case INSN_ROL ... INSN_SAR:
        return emulate_alu_shift(operation, insn->size, old, other, flags);
    case INSN_SHLD:
    case INSN_SHRD:
        return emulate_alu_shift_double(operation, insn->size, old,
                                        get_operand(run), other, flags);
    case INSN_BTS ... INSN_BTC:
        return emulate_alu_bit(operation, insn->size, old, other, flags);
    case INSN_INC ... INSN_NEG:
        return emulate_alu_unary(operation, insn->size, old, flags);
    case INSN_XCHG:
        return other;
    case INSN_XADD:
        return emulate_alu_binary(INSN_ADD, insn->size, old, other, flags);
    case INSN_CMPXCHG:
        emulate_alu_binary(INSN_CMP, insn->size,
                           emulate_register(run, GPR_RAX, insn->size), old,
                           flags);
        /* If the values differ, CMPXCHG writes the old value back (SDM 2A). */
        return (*flags & RFLAGS_ZF) != 0 ? other : old;
    default:
        return emulate_alu_binary(operation, insn->size, old, other, flags);
    }
}

/* Executes `memory op= operand`: reads, computes, and writes if the memory has
 * not changed. */
static enum emulate_result execute_modify(struct emulation *run)
{
    const struct insn *insn = &run->insn;
    struct emulate_operand operand;
    uint64_t old = 0;
    uint64_t flags = get_flags(run);
    uint64_t value = 0;
    enum emulate_result result = locate(run, true, &operand);

    if (result == EMULATE_DONE) {
        result = emulate_memory_read(run, &operand, &old);
    }
    if (result != EMULATE_DONE) {
        return result;
    }
    value = modify(run, old, &flags);
    result = emulate_memory_exchange(run, &operand, old, value);
    if (result != EMULATE_DONE) {
        return result;
    }
    if (insn->operation == INSN_XCHG || insn->operation == INSN_XADD) {
        set_operand(run, old);
    } else if (insn->operation == INSN_CMPXCHG && (flags & RFLAGS_ZF) == 0) {
        emulate_set_register(run, GPR_RAX, insn->size, old);
    }
    return done_with_flags(run, flags);
}

/* Executes CMPXCHG8B and CMPXCHG16B. Each half is one access, so neither
 * instruction is atomic as a whole. */
static enum emulate_result execute_cmpxchg8b(struct emulation *run)
{
    const struct insn *insn = &run->insn;
    uint8_t half = insn->size / 2;
    uint64_t address = effective_address(run);
    uint64_t flags = get_flags(run);
    struct emulate_operand at[2];
    uint64_t old[2] = {0, 0};
    bool equal = false;
    enum emulate_result result = EMULATE_DONE;

    if (half == 8 && address % 16 != 0) {
        return emulate_memory_fault(run, VECTOR_GP);
    }
    for (unsigned i = 0; i < 2 && result == EMULATE_DONE; i++) {
        result = emulate_memory_locate(run, insn->segment,
                                       (address + i * half) &
                                           emulate_mask(insn->address_size),
                                       half, true, &at[i]);
    }
    for (unsigned i = 0; i < 2 && result == EMULATE_DONE; i++) {
        result = emulate_memory_read(run, &at[i], &old[i]);
    }
    if (result != EMULATE_DONE) {
        return result;
    }
    equal = old[0] == emulate_register(run, GPR_RAX, half) &&
            old[1] == emulate_register(run, GPR_RDX, half);
    for (unsigned i = 0; i < 2 && result == EMULATE_DONE; i++) {
        unsigned source = i == 0 ? GPR_RBX : GPR_RCX;

        result = emulate_memory_write(
            run, &at[i], equal ? emulate_register(run, source, half) : old[i]);
    }
    if (result != EMULATE_DONE) {
        return result;
    }
    if (!equal) {
        emulate_set_register(run, GPR_RAX, half, old[0]);
        emulate_set_register(run, GPR_RDX, half, old[1]);
    }
    return done_with_flags(run, (flags & ~RFLAGS_ZF) |
                                    (equal ? RFLAGS_ZF : (uint64_t)0));
}

/* Executes MUL, one-operand IMUL, DIV and IDIV, which use rDX:rAX. */
static enum emulate_result execute_pair(struct emulation *run)
{
    const struct insn *insn = &run->insn;
    bool is_signed =
        insn->operation == INSN_IMUL1 || insn->operation == INSN_IDIV;
    uint64_t low = emulate_register(run, GPR_RAX, insn->size);
    uint64_t high = 0;
    uint64_t memory = 0;
    uint64_t flags = 0;
    enum emulate_result result = load(run, &memory);

    if (result != EMULATE_DONE) {
        return result;
    }
    flags = get_flags(run);
    if (insn->operation == INSN_MUL || insn->operation == INSN_IMUL1) {
        emulate_alu_multiply(is_signed, insn->size, low, memory, &low, &high,
                             &flags);
    } else {
        high = insn->size == 1 ? emulate_register(run, GPR_RAX, 2) >> 8
                               : emulate_register(run, GPR_RDX, insn->size);
        if (!emulate_alu_divide(is_signed, insn->size, memory, &low, &high)) {
            return emulate_memory_fault(run, VECTOR_DE);
        }
    }
    if (insn->size == 1) {
        emulate_set_register(run, GPR_RAX, 2, high << 8 | low);
    } else {
        emulate_set_register(run, GPR_RAX, insn->size, low);
        emulate_set_register(run, GPR_RDX, insn->size, high);
    }
    return done_with_flags(run, flags);
}

static unsigned stack_size(struct emulation *run)
{
    if (run->mode == DECODE_64) {
        return 8;
    }
    return (guest_get(run->guest, GUEST_SS_RIGHTS) & RIGHTS_D) != 0 ? 4 : 2;
}

static enum emulate_result execute_push_pop(struct emulation *run)
{
    const struct insn *insn = &run->insn;
    bool push = insn->operation == INSN_PUSH;
    unsigned width = stack_size(run);
    uint64_t top = guest_gpr(run->guest, GPR_RSP);
    uint64_t after = push ? top - insn->size : top + insn->size;
    struct emulate_operand operand;
    struct emulate_operand stack;
    uint64_t value = 0;
    enum emulate_result result = EMULATE_DONE;

    result = emulate_memory_locate(run, SEGMENT_SS,
                                   (push ? after : top) & emulate_mask(width),
                                   insn->size, push, &stack);
    if (result == EMULATE_DONE) {
        result = locate(run, !push, &operand);
    }
    if (result == EMULATE_DONE) {
        result = emulate_memory_read(run, push ? &operand : &stack, &value);
    }
    if (result == EMULATE_DONE) {
        result = emulate_memory_write(run, push ? &stack : &operand, value);
    }
    if (result != EMULATE_DONE) {
        return result;
    }
    emulate_set_register(run, GPR_RSP, width, after);
    return done(run);
}

enum emulate_result emulate_execute(struct emulation *run)
{
    const struct insn *insn = &run->insn;

    switch ((enum insn_operation)insn->operation) {
    case INSN_MOV:
    case INSN_MOVBE:
        return insn->form == INSN_REG_M ? execute_load(run)
                                        : execute_store(run);
    case INSN_SETCC:
    case INSN_MOV_SREG:
        return execute_store(run);
    case INSN_MOVZX:
    case INSN_MOVSX:
    case INSN_CMOVCC ... INSN_POPCNT:
        return execute_load(run);
    case INSN_CMP:
    case INSN_TEST:
    case INSN_BT:
        return execute_compute(run);
    case INSN_ADD ... INSN_XOR:
        return insn->form == INSN_REG_M ? execute_compute(run)
                                        : execute_modify(run);
    case INSN_ROL ... INSN_SHRD:
    case INSN_BTS ... INSN_NEG:
    case INSN_XCHG ... INSN_CMPXCHG:
        return execute_modify(run);
    case INSN_CMPXCHG8B:
        return execute_cmpxchg8b(run);
    case INSN_MUL ... INSN_IDIV:
        return execute_pair(run);
    case INSN_PUSH:
    case INSN_POP:
        return execute_push_pop(run);
    default:
        return emulate_memory_fault(run, VECTOR_UD);
    }
}
