/* The opcode table of the decoder: which instructions there are and where their
 * operands are. Only vmm/cpu/decode.c reads it. SDM 2D appendix A (opcode
 * maps), 2A to 2C (the instructions' own pages). */
#pragma once

#include <stdint.h>

/* Flags of a row: what follows the opcode, and how the operands' sizes are
 * found. */
#define OPCODE_MODRM    0x0001u
#define OPCODE_BYTE     0x0002u /* operand size 1; otherwise 2, 4 or 8 */
#define OPCODE_IMM8     0x0004u /* immediate of one byte, sign-extended */
#define OPCODE_IMM      0x0008u /* of operand size, at most 4, sign-extended */
#define OPCODE_MOFFS    0x0010u /* an offset follows; the register is RAX */
#define OPCODE_GROUP    0x0020u /* `operation` is a row of decode_groups */
#define OPCODE_LOCK     0x0040u /* LOCK is allowed */
#define OPCODE_STACK    0x0080u /* operand size 8 by default in 64-bit mode */
#define OPCODE_NO64     0x0100u /* #UD in 64-bit mode */
#define OPCODE_ONLY64   0x0200u /* another instruction in the other modes */
#define OPCODE_MEMORY8  0x0400u /* memory operand of 1 byte */
#define OPCODE_MEMORY16 0x0800u /* memory operand of 2 bytes */
#define OPCODE_MEMORY32 0x1000u /* of 4 bytes; of 2 with operand size 2 */
#define OPCODE_ONE      0x2000u /* the immediate is 1 and is not encoded */
#define OPCODE_PLAIN    0x4000u /* with 66, F2 or F3 another instruction */
#define OPCODE_PREFIX   0x8000u

struct opcode {
    uint8_t operation; /* enum insn_operation; for a prefix, its byte */
    uint8_t form;      /* enum insn_form */
    uint16_t flags;
};

/* The rows of decode_groups. ModRM.reg selects the instruction in a row. */
enum opcode_group {
    GROUP_1_BYTE,    /* opcodes 80 and 82 */
    GROUP_1_IMM,     /* opcode 81 */
    GROUP_1_IMM8,    /* opcode 83 */
    GROUP_1A,        /* opcode 8F */
    GROUP_2_BYTE,    /* opcode C0 */
    GROUP_2,         /* opcode C1 */
    GROUP_2_BYTE_1,  /* opcode D0 */
    GROUP_2_1,       /* opcode D1 */
    GROUP_2_BYTE_CL, /* opcode D2 */
    GROUP_2_CL,      /* opcode D3 */
    GROUP_3_BYTE,    /* opcode F6 */
    GROUP_3,         /* opcode F7 */
    GROUP_4,         /* opcode FE */
    GROUP_5,         /* opcode FF */
    GROUP_8,         /* opcode 0F BA */
    GROUP_9,         /* opcode 0F C7 */
    GROUP_11_BYTE,   /* opcode C6 */
    GROUP_11,        /* opcode C7 */
    GROUP_COUNT
};

extern const struct opcode decode_one_byte[256];
extern const struct opcode decode_two_byte[256]; /* opcodes 0F xx */
extern const struct opcode decode_groups[GROUP_COUNT][8];
