/* libzydis as the oracle of the decoder's test; see the header. */
#include "test/unit/support/decode_oracle.h"

#include <Zydis/Zydis.h>
#include <stdio.h>
#include <string.h>

struct pair {
    ZydisMnemonic mnemonic;
    enum insn_operation operation;
};

#define SAME(name)                                                             \
    {                                                                          \
        ZYDIS_MNEMONIC_##name, INSN_##name                                     \
    }
#define CONDITION(prefix, operation)                                           \
    {ZYDIS_MNEMONIC_##prefix##B, operation},                                   \
        {ZYDIS_MNEMONIC_##prefix##BE, operation},                              \
        {ZYDIS_MNEMONIC_##prefix##L, operation},                               \
        {ZYDIS_MNEMONIC_##prefix##LE, operation},                              \
        {ZYDIS_MNEMONIC_##prefix##NB, operation},                              \
        {ZYDIS_MNEMONIC_##prefix##NBE, operation},                             \
        {ZYDIS_MNEMONIC_##prefix##NL, operation},                              \
        {ZYDIS_MNEMONIC_##prefix##NLE, operation},                             \
        {ZYDIS_MNEMONIC_##prefix##NO, operation},                              \
        {ZYDIS_MNEMONIC_##prefix##NP, operation},                              \
        {ZYDIS_MNEMONIC_##prefix##NS, operation},                              \
        {ZYDIS_MNEMONIC_##prefix##NZ, operation},                              \
        {ZYDIS_MNEMONIC_##prefix##O, operation},                               \
        {ZYDIS_MNEMONIC_##prefix##P, operation},                               \
        {ZYDIS_MNEMONIC_##prefix##S, operation},                               \
    {                                                                          \
        ZYDIS_MNEMONIC_##prefix##Z, operation                                  \
    }

static const struct pair pairs[] = {
    SAME(ADD),
    SAME(OR),
    SAME(ADC),
    SAME(SBB),
    SAME(AND),
    SAME(SUB),
    SAME(XOR),
    SAME(CMP),
    SAME(TEST),
    SAME(ROL),
    SAME(ROR),
    SAME(RCL),
    SAME(RCR),
    SAME(SHL),
    SAME(SHR),
    SAME(SAR),
    SAME(SHLD),
    SAME(SHRD),
    SAME(BT),
    SAME(BTS),
    SAME(BTR),
    SAME(BTC),
    SAME(INC),
    SAME(DEC),
    SAME(NOT),
    SAME(NEG),
    SAME(MUL),
    SAME(IMUL),
    SAME(DIV),
    SAME(IDIV),
    SAME(PUSH),
    SAME(POP),
    SAME(MOV),
    SAME(MOVZX),
    SAME(MOVSX),
    SAME(MOVBE),
    SAME(BSF),
    SAME(BSR),
    SAME(TZCNT),
    SAME(LZCNT),
    SAME(POPCNT),
    SAME(XCHG),
    SAME(XADD),
    SAME(CMPXCHG),
    SAME(CMPXCHG8B),
    {ZYDIS_MNEMONIC_CMPXCHG16B, INSN_CMPXCHG8B},
    {ZYDIS_MNEMONIC_MOVSXD, INSN_MOVSX},
    {ZYDIS_MNEMONIC_MOVNTI, INSN_MOV},
    {ZYDIS_MNEMONIC_MOVSB, INSN_MOVS},
    {ZYDIS_MNEMONIC_MOVSW, INSN_MOVS},
    {ZYDIS_MNEMONIC_MOVSQ, INSN_MOVS},
    {ZYDIS_MNEMONIC_MOVSD, INSN_MOVS},
    {ZYDIS_MNEMONIC_CMPSB, INSN_CMPS},
    {ZYDIS_MNEMONIC_CMPSW, INSN_CMPS},
    {ZYDIS_MNEMONIC_CMPSQ, INSN_CMPS},
    {ZYDIS_MNEMONIC_CMPSD, INSN_CMPS},
    {ZYDIS_MNEMONIC_STOSB, INSN_STOS},
    {ZYDIS_MNEMONIC_STOSW, INSN_STOS},
    {ZYDIS_MNEMONIC_STOSD, INSN_STOS},
    {ZYDIS_MNEMONIC_STOSQ, INSN_STOS},
    {ZYDIS_MNEMONIC_LODSB, INSN_LODS},
    {ZYDIS_MNEMONIC_LODSW, INSN_LODS},
    {ZYDIS_MNEMONIC_LODSD, INSN_LODS},
    {ZYDIS_MNEMONIC_LODSQ, INSN_LODS},
    {ZYDIS_MNEMONIC_SCASB, INSN_SCAS},
    {ZYDIS_MNEMONIC_SCASW, INSN_SCAS},
    {ZYDIS_MNEMONIC_SCASD, INSN_SCAS},
    {ZYDIS_MNEMONIC_SCASQ, INSN_SCAS},
    {ZYDIS_MNEMONIC_INSB, INSN_INS},
    {ZYDIS_MNEMONIC_INSW, INSN_INS},
    {ZYDIS_MNEMONIC_INSD, INSN_INS},
    {ZYDIS_MNEMONIC_OUTSB, INSN_OUTS},
    {ZYDIS_MNEMONIC_OUTSW, INSN_OUTS},
    {ZYDIS_MNEMONIC_OUTSD, INSN_OUTS},
    CONDITION(SET, INSN_SETCC),
    CONDITION(CMOV, INSN_CMOVCC),
};

static uint8_t operations[ZYDIS_MNEMONIC_MAX_VALUE + 1];
static ZydisDecoder decoders[3];

static void prepare(void)
{
    ZydisDecoderInit(&decoders[DECODE_16], ZYDIS_MACHINE_MODE_LEGACY_16,
                     ZYDIS_STACK_WIDTH_16);
    ZydisDecoderInit(&decoders[DECODE_32], ZYDIS_MACHINE_MODE_LEGACY_32,
                     ZYDIS_STACK_WIDTH_32);
    ZydisDecoderInit(&decoders[DECODE_64], ZYDIS_MACHINE_MODE_LONG_64,
                     ZYDIS_STACK_WIDTH_64);
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        operations[pairs[i].mnemonic] = (uint8_t)pairs[i].operation;
    }
}

static uint8_t register_number(ZydisRegister reg)
{
    ZyanI8 number = 0;

    if (reg == ZYDIS_REGISTER_NONE) {
        return INSN_NO_REGISTER;
    }
    if (reg == ZYDIS_REGISTER_RIP || reg == ZYDIS_REGISTER_EIP) {
        return INSN_BASE_RIP;
    }
    number = ZydisRegisterGetId(reg);
    if (reg >= ZYDIS_REGISTER_AL && reg <= ZYDIS_REGISTER_R15B) {
        /* AL CL DL BL AH CH DH BH SPL BPL SIL DIL R8B.. */
        number = (ZyanI8)(reg - ZYDIS_REGISTER_AL);
        number = (ZyanI8)(number >= 8 ? number - 4 : number);
    }
    return (uint8_t)number;
}

static bool is_string(uint8_t operation)
{
    return operation >= INSN_MOVS && operation <= INSN_OUTS;
}

static const ZydisDecodedOperand *
memory_operand(const ZydisDecodedInstruction *instruction,
               const ZydisDecodedOperand *operands, uint8_t operation)
{
    const ZydisDecodedOperand *found = NULL;

    for (size_t i = 0; i < instruction->operand_count; i++) {
        const ZydisDecodedOperand *operand = &operands[i];

        if (operand->type != ZYDIS_OPERAND_TYPE_MEMORY) {
            continue;
        }
        if (operand->visibility == ZYDIS_OPERAND_VISIBILITY_EXPLICIT) {
            return operand;
        }
        /* Of strings, the one whose segment can be overridden. */
        if (is_string(operation) &&
            (found == NULL ||
             ZydisRegisterGetId(operand->mem.base) == 6 /* rSI */)) {
            found = operand;
        }
    }
    return found;
}

static void fill_memory(const ZydisDecodedInstruction *instruction,
                        const ZydisDecodedOperand *operand, struct insn *insn)
{
    const ZydisDecodedOperandMem *memory = &operand->mem;

    insn->memory_size = (uint8_t)(operand->size / 8);
    insn->address_size = (uint8_t)(instruction->address_width / 8);
    insn->segment = (uint8_t)(memory->segment - ZYDIS_REGISTER_ES);
    insn->base = register_number(memory->base);
    insn->index = register_number(memory->index);
    insn->scale = memory->scale == 0 ? 1 : memory->scale;
    if (memory->disp.has_displacement) {
        insn->displacement = memory->disp.value;
    }
    /* A SIB base of 101 with mod 00 means disp32 and no base, whatever REX.B
     * says (SDM 2A table 2-5; the processor agrees); libzydis 4.0 gives R13. */
    if (instruction->raw.sib.offset != 0 && instruction->raw.sib.base == 5 &&
        instruction->raw.modrm.mod == 0) {
        insn->base = INSN_NO_REGISTER;
        insn->displacement = instruction->raw.disp.value;
    }
}

static void fill_others(const ZydisDecodedInstruction *instruction,
                        const ZydisDecodedOperand *operands,
                        struct oracle *oracle)
{
    struct insn *insn = &oracle->insn;

    insn->reg = INSN_NO_REGISTER;
    for (size_t i = 0; i < instruction->operand_count; i++) {
        const ZydisDecodedOperand *operand = &operands[i];

        if (operand->type == ZYDIS_OPERAND_TYPE_IMMEDIATE &&
            operand->encoding != ZYDIS_OPERAND_ENCODING_NONE) {
            insn->immediate = operand->imm.value.u;
            oracle->has_immediate = true;
        }
        if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER &&
            operand->visibility != ZYDIS_OPERAND_VISIBILITY_HIDDEN &&
            insn->reg == INSN_NO_REGISTER) {
            insn->reg = register_number(operand->reg.value);
            insn->size = (uint8_t)(operand->size / 8);
            if (operand->reg.value >= ZYDIS_REGISTER_AH &&
                operand->reg.value <= ZYDIS_REGISTER_BH) {
                insn->reg &= 3;
                insn->reg_high = true;
            }
            if (operand->reg.value >= ZYDIS_REGISTER_ES &&
                operand->reg.value <= ZYDIS_REGISTER_GS) {
                insn->reg = (uint8_t)(operand->reg.value - ZYDIS_REGISTER_ES);
                insn->operation = INSN_MOV_SREG;
            }
        }
    }
}

void oracle_decode(const uint8_t *bytes, size_t length, enum decode_mode mode,
                   struct oracle *oracle)
{
    ZydisDecodedInstruction instruction;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    const ZydisDecodedOperand *memory = NULL;
    struct insn *insn = &oracle->insn;

    if (operations[ZYDIS_MNEMONIC_ADD] == 0) {
        prepare();
    }
    memset(oracle, 0, sizeof(*oracle));
    oracle->valid = ZYAN_SUCCESS(ZydisDecoderDecodeFull(
        &decoders[mode], bytes, length, &instruction, operands));
    if (!oracle->valid) {
        return;
    }
    snprintf(oracle->name, sizeof(oracle->name), "%s",
             ZydisMnemonicGetString(instruction.mnemonic));
    insn->operation = operations[instruction.mnemonic];
    if (insn->operation == 0 ||
        instruction.encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY ||
        /* MOVSD and CMPSD are also SSE instructions. */
        (is_string(insn->operation) &&
         instruction.opcode_map != ZYDIS_OPCODE_MAP_DEFAULT)) {
        return;
    }
    memory = memory_operand(&instruction, operands, insn->operation);
    if (memory == NULL) {
        return;
    }
    /* MOV from memory to a segment register is not ours. */
    oracle->covered = instruction.opcode != 0x8e ||
                      instruction.opcode_map != ZYDIS_OPCODE_MAP_DEFAULT;
    insn->length = instruction.length;
    insn->size = (uint8_t)(memory->size / 8);
    fill_memory(&instruction, memory, insn);
    fill_others(&instruction, operands, oracle);
    /* MOVSXD with 16-bit operands reads 2 bytes, as the SDM says and the
     * processor does; libzydis 4.0 says 4. */
    if (instruction.mnemonic == ZYDIS_MNEMONIC_MOVSXD && insn->size == 2) {
        insn->memory_size = 2;
    }
    if (insn->operation == INSN_IMUL &&
        instruction.operand_count_visible == 1) {
        insn->operation = INSN_IMUL1;
    }
    insn->lock = (instruction.attributes & ZYDIS_ATTRIB_HAS_LOCK) != 0 ||
                 insn->operation == INSN_XCHG;
    if (is_string(insn->operation)) {
        if ((instruction.attributes &
             (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE)) != 0) {
            insn->repeat = INSN_REP;
        } else if ((instruction.attributes & ZYDIS_ATTRIB_HAS_REPNE) != 0) {
            insn->repeat = INSN_REPNE;
        }
    }
}
