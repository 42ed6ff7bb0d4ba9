/* The opcode table of the decoder: which instructions there are and where
 * their operands stand. Read by vmm/cpu/decode.c only.
 * SDM 2D appendix A (opcode maps), 2A to 2C (the instructions' own pages). */
#pragma once

#include <stdint.h>

/* What follows the opcode and how the operands' size is found. */
#define OPCODE_MODRM    0x0001u
#define OPCODE_BYTE     0x0002u /* operand size 1; else 2, 4 or 8 */
#define OPCODE_IMM8     0x0004u /* one byte, sign-extended */
#define OPCODE_IMM      0x0008u /* operand size, at most 4, sign-extended */
#define OPCODE_MOFFS    0x0010u /* the offset follows, RAX is the register */
#define OPCODE_GROUP    0x0020u /* `operation` names a row of opcode_groups */
#define OPCODE_LOCK     0x0040u /* LOCK is allowed */
#define OPCODE_STACK    0x0080u /* operand size 64 by default in 64-bit mode */
#define OPCODE_NO64     0x0100u /* #UD in 64-bit mode */
#define OPCODE_ONLY64   0x0200u /* another instruction outside 64-bit mode */
#define OPCODE_MEMORY8  0x0400u /* memory operand of 1 byte */
#define OPCODE_MEMORY16 0x0800u /* of 2 bytes */
#define OPCODE_MEMORY32 0x1000u /* of 4 bytes, or 2 with operand size 2 */
#define OPCODE_ONE      0x2000u /* the immediate is 1, not in the bytes */
#define OPCODE_PLAIN    0x4000u /* 66, F2, F3 make it another instruction */
#define OPCODE_PREFIX   0x8000u

struct opcode {
    uint8_t operation; /* enum insn_operation; of a prefix, itself */
    uint8_t form;      /* enum insn_form */
    uint16_t flags;
};

enum opcode_group {
    GROUP_1_BYTE,   /* 80, 82 */
    GROUP_1_IMM,    /* 81 */
    GROUP_1_IMM8,   /* 83 */
    GROUP_1A,       /* 8F */
    GROUP_2_BYTE,   /* C0 */
    GROUP_2,        /* C1 */
    GROUP_2_BYTE_1, /* D0 */
    GROUP_2_1,      /* D1 */
    GROUP_2_BYTE_CL,
    GROUP_2_CL,
    GROUP_3_BYTE,  /* F6 */
    GROUP_3,       /* F7 */
    GROUP_4,       /* FE */
    GROUP_5,       /* FF */
    GROUP_8,       /* 0F BA */
    GROUP_9,       /* 0F C7 */
    GROUP_11_BYTE, /* C6 */
    GROUP_11,      /* C7 */
    GROUP_COUNT
};

extern const struct opcode decode_one_byte[256];
extern const struct opcode decode_two_byte[256]; /* 0F xx */
extern const struct opcode decode_groups[GROUP_COUNT][8];
