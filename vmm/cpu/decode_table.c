/* The opcode table; see the header for its flags. */
#include "vmm/cpu/decode_table.h"

#include "vmm/cpu/decode.h"

#define M_R    OPCODE_MODRM
#define M_R8   (OPCODE_MODRM | OPCODE_BYTE)
#define LOCK   OPCODE_LOCK
#define GROUP  (OPCODE_MODRM | OPCODE_GROUP)
#define PREFIX OPCODE_PREFIX

/* A row of a group that no instruction uses. */
#define NONE                                                                   \
    {                                                                          \
        INSN_INVALID, 0, 0                                                     \
    }

/* The four forms of ADD to CMP: m8 op= r8, m op= r, r8 op= m8, r op= m. `lock`
 * is LOCK for all operations but CMP. */
#define ALU(base, operation, lock)                                             \
    [(base)] = {operation, INSN_M_REG, M_R8 | (lock)},                         \
    [(base) + 1] = {operation, INSN_M_REG, M_R | (lock)},                      \
    [(base) + 2] = {operation, INSN_REG_M, M_R8},                              \
    [(base) + 3] = {operation, INSN_REG_M, M_R}

#define P(byte) [byte] = {byte, 0, PREFIX}

const struct opcode decode_one_byte[256] = {
    ALU(0x00, INSN_ADD, LOCK),
    ALU(0x08, INSN_OR, LOCK),
    ALU(0x10, INSN_ADC, LOCK),
    ALU(0x18, INSN_SBB, LOCK),
    ALU(0x20, INSN_AND, LOCK),
    ALU(0x28, INSN_SUB, LOCK),
    ALU(0x30, INSN_XOR, LOCK),
    ALU(0x38, INSN_CMP, 0),
    P(0x26),
    P(0x2e),
    P(0x36),
    P(0x3e),
    /* REX prefixes in 64-bit mode; otherwise INC and DEC of registers. */
    [0x40 ... 0x4f] = {0x40, 0, PREFIX},
    [0x63] = {INSN_MOVSX, INSN_REG_M, M_R | OPCODE_MEMORY32 | OPCODE_ONLY64},
    P(0x64),
    P(0x65),
    P(0x66),
    P(0x67),
    [0x69] = {INSN_IMUL, INSN_REG_M_IMM, M_R | OPCODE_IMM},
    [0x6b] = {INSN_IMUL, INSN_REG_M_IMM, M_R | OPCODE_IMM8},
    [0x6c] = {INSN_INS, INSN_STRING, OPCODE_BYTE},
    [0x6d] = {INSN_INS, INSN_STRING, 0},
    [0x6e] = {INSN_OUTS, INSN_STRING, OPCODE_BYTE},
    [0x6f] = {INSN_OUTS, INSN_STRING, 0},
    [0x80] = {GROUP_1_BYTE, 0, GROUP},
    [0x81] = {GROUP_1_IMM, 0, GROUP},
    [0x82] = {GROUP_1_BYTE, 0, GROUP | OPCODE_NO64},
    [0x83] = {GROUP_1_IMM8, 0, GROUP},
    [0x84] = {INSN_TEST, INSN_M_REG, M_R8},
    [0x85] = {INSN_TEST, INSN_M_REG, M_R},
    [0x86] = {INSN_XCHG, INSN_M_REG, M_R8 | LOCK},
    [0x87] = {INSN_XCHG, INSN_M_REG, M_R | LOCK},
    [0x88] = {INSN_MOV, INSN_M_REG, M_R8},
    [0x89] = {INSN_MOV, INSN_M_REG, M_R},
    [0x8a] = {INSN_MOV, INSN_REG_M, M_R8},
    [0x8b] = {INSN_MOV, INSN_REG_M, M_R},
    [0x8c] = {INSN_MOV_SREG, INSN_M, M_R | OPCODE_MEMORY16},
    [0x8f] = {GROUP_1A, 0, GROUP},
    [0xa0] = {INSN_MOV, INSN_REG_M, OPCODE_MOFFS | OPCODE_BYTE},
    [0xa1] = {INSN_MOV, INSN_REG_M, OPCODE_MOFFS},
    [0xa2] = {INSN_MOV, INSN_M_REG, OPCODE_MOFFS | OPCODE_BYTE},
    [0xa3] = {INSN_MOV, INSN_M_REG, OPCODE_MOFFS},
    [0xa4] = {INSN_MOVS, INSN_STRING, OPCODE_BYTE},
    [0xa5] = {INSN_MOVS, INSN_STRING, 0},
    [0xa6] = {INSN_CMPS, INSN_STRING, OPCODE_BYTE},
    [0xa7] = {INSN_CMPS, INSN_STRING, 0},
    [0xaa] = {INSN_STOS, INSN_STRING, OPCODE_BYTE},
    [0xab] = {INSN_STOS, INSN_STRING, 0},
    [0xac] = {INSN_LODS, INSN_STRING, OPCODE_BYTE},
    [0xad] = {INSN_LODS, INSN_STRING, 0},
    [0xae] = {INSN_SCAS, INSN_STRING, OPCODE_BYTE},
    [0xaf] = {INSN_SCAS, INSN_STRING, 0},
    [0xc0] = {GROUP_2_BYTE, 0, GROUP},
    [0xc1] = {GROUP_2, 0, GROUP},
    [0xc6] = {GROUP_11_BYTE, 0, GROUP},
    [0xc7] = {GROUP_11, 0, GROUP},
    [0xd0] = {GROUP_2_BYTE_1, 0, GROUP},
    [0xd1] = {GROUP_2_1, 0, GROUP},
    [0xd2] = {GROUP_2_BYTE_CL, 0, GROUP},
    [0xd3] = {GROUP_2_CL, 0, GROUP},
    P(0xf0),
    P(0xf2),
    P(0xf3),
    [0xf6] = {GROUP_3_BYTE, 0, GROUP},
    [0xf7] = {GROUP_3, 0, GROUP},
    [0xfe] = {GROUP_4, 0, GROUP},
    [0xff] = {GROUP_5, 0, GROUP},
};

const struct opcode decode_two_byte[256] = {
    [0x40 ... 0x4f] = {INSN_CMOVCC, INSN_REG_M, M_R},
    [0x90 ... 0x9f] = {INSN_SETCC, INSN_M, M_R8},
    [0xa3] = {INSN_BT, INSN_M_REG, M_R},
    [0xa4] = {INSN_SHLD, INSN_M_REG_IMM, M_R | OPCODE_IMM8},
    [0xa5] = {INSN_SHLD, INSN_M_REG_CL, M_R},
    [0xab] = {INSN_BTS, INSN_M_REG, M_R | LOCK},
    [0xac] = {INSN_SHRD, INSN_M_REG_IMM, M_R | OPCODE_IMM8},
    [0xad] = {INSN_SHRD, INSN_M_REG_CL, M_R},
    [0xaf] = {INSN_IMUL, INSN_REG_M, M_R},
    [0xb0] = {INSN_CMPXCHG, INSN_M_REG, M_R8 | LOCK},
    [0xb1] = {INSN_CMPXCHG, INSN_M_REG, M_R | LOCK},
    [0xb3] = {INSN_BTR, INSN_M_REG, M_R | LOCK},
    [0xb6] = {INSN_MOVZX, INSN_REG_M, M_R | OPCODE_MEMORY8},
    [0xb7] = {INSN_MOVZX, INSN_REG_M, M_R | OPCODE_MEMORY16},
    /* B8 is POPCNT only with F3; with F3, BC is TZCNT and BD LZCNT. settle()
     * of decode.c checks the prefix. */
    [0xb8] = {INSN_POPCNT, INSN_REG_M, M_R},
    [0xba] = {GROUP_8, 0, GROUP},
    [0xbb] = {INSN_BTC, INSN_M_REG, M_R | LOCK},
    [0xbc] = {INSN_BSF, INSN_REG_M, M_R},
    [0xbd] = {INSN_BSR, INSN_REG_M, M_R},
    [0xbe] = {INSN_MOVSX, INSN_REG_M, M_R | OPCODE_MEMORY8},
    [0xbf] = {INSN_MOVSX, INSN_REG_M, M_R | OPCODE_MEMORY16},
    [0xc0] = {INSN_XADD, INSN_M_REG, M_R8 | LOCK},
    [0xc1] = {INSN_XADD, INSN_M_REG, M_R | LOCK},
    /* MOVNTI. It stores as MOV does; its cache hint is ignored. */
    [0xc3] = {INSN_MOV, INSN_M_REG, M_R | OPCODE_PLAIN},
    [0xc7] = {GROUP_9, 0, GROUP},
};

#define ALU_GROUP(more)                                                        \
    {                                                                          \
        {INSN_ADD, INSN_M_IMM, (more) | LOCK},                                 \
            {INSN_OR, INSN_M_IMM, (more) | LOCK},                              \
            {INSN_ADC, INSN_M_IMM, (more) | LOCK},                             \
            {INSN_SBB, INSN_M_IMM, (more) | LOCK},                             \
            {INSN_AND, INSN_M_IMM, (more) | LOCK},                             \
            {INSN_SUB, INSN_M_IMM, (more) | LOCK},                             \
            {INSN_XOR, INSN_M_IMM, (more) | LOCK},                             \
            {INSN_CMP, INSN_M_IMM, (more)},                                    \
    }

#define SHIFT_GROUP(form, more)                                                \
    {                                                                          \
        {INSN_ROL, form, (more)}, {INSN_ROR, form, (more)},                    \
            {INSN_RCL, form, (more)}, {INSN_RCR, form, (more)},                \
            {INSN_SHL, form, (more)}, {INSN_SHR, form, (more)},                \
            {INSN_SAL, form, (more)}, {INSN_SAR, form, (more)},                \
    }

#define UNARY_GROUP(more, immediate)                                           \
    {                                                                          \
        {INSN_TEST, INSN_M_IMM, (more) | (immediate)},                         \
            {INSN_TEST, INSN_M_IMM, (more) | (immediate)},                     \
            {INSN_NOT, INSN_M, (more) | LOCK},                                 \
            {INSN_NEG, INSN_M, (more) | LOCK}, {INSN_MUL, INSN_M, (more)},     \
            {INSN_IMUL1, INSN_M, (more)}, {INSN_DIV, INSN_M, (more)},          \
            {INSN_IDIV, INSN_M, (more)},                                       \
    }

const struct opcode decode_groups[GROUP_COUNT][8] = {
    [GROUP_1_BYTE] = ALU_GROUP(OPCODE_BYTE | OPCODE_IMM8),
    [GROUP_1_IMM] = ALU_GROUP(OPCODE_IMM),
    [GROUP_1_IMM8] = ALU_GROUP(OPCODE_IMM8),
    /* 8F /1 to /7 are AMD's XOP. */
    [GROUP_1A] = {{INSN_POP, INSN_M, OPCODE_STACK}},
    [GROUP_2_BYTE] = SHIFT_GROUP(INSN_M_IMM, OPCODE_BYTE | OPCODE_IMM8),
    [GROUP_2] = SHIFT_GROUP(INSN_M_IMM, OPCODE_IMM8),
    [GROUP_2_BYTE_1] = SHIFT_GROUP(INSN_M_IMM, OPCODE_BYTE | OPCODE_ONE),
    [GROUP_2_1] = SHIFT_GROUP(INSN_M_IMM, OPCODE_ONE),
    [GROUP_2_BYTE_CL] = SHIFT_GROUP(INSN_M_CL, OPCODE_BYTE),
    [GROUP_2_CL] = SHIFT_GROUP(INSN_M_CL, 0),
    [GROUP_3_BYTE] = UNARY_GROUP(OPCODE_BYTE, OPCODE_IMM8),
    [GROUP_3] = UNARY_GROUP(0, OPCODE_IMM),
    [GROUP_4] = {{INSN_INC, INSN_M, OPCODE_BYTE | LOCK},
                 {INSN_DEC, INSN_M, OPCODE_BYTE | LOCK},
                 [2 ... 7] = NONE},
    [GROUP_5] = {{INSN_INC, INSN_M, LOCK},
                 {INSN_DEC, INSN_M, LOCK},
                 [6] = {INSN_PUSH, INSN_M, OPCODE_STACK},
                 [7] = NONE},
    [GROUP_8] = {[0 ... 3] = NONE,
                 [4] = {INSN_BT, INSN_M_IMM, OPCODE_IMM8},
                 [5] = {INSN_BTS, INSN_M_IMM, OPCODE_IMM8 | LOCK},
                 [6] = {INSN_BTR, INSN_M_IMM, OPCODE_IMM8 | LOCK},
                 [7] = {INSN_BTC, INSN_M_IMM, OPCODE_IMM8 | LOCK}},
    [GROUP_9] = {[1] = {INSN_CMPXCHG8B, INSN_M, LOCK}},
    /* C6 /7 is XABORT, C7 /7 is XBEGIN; neither is emulated. */
    [GROUP_11_BYTE] = {{INSN_MOV, INSN_M_IMM, OPCODE_BYTE | OPCODE_IMM8},
                       [1 ... 6] = NONE},
    [GROUP_11] = {{INSN_MOV, INSN_M_IMM, OPCODE_IMM}, [1 ... 6] = NONE},
};
