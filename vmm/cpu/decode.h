/* From instruction bytes to one decoded instruction with a memory operand.
 * Pure: no guest, no memory but the caller's copy of the bytes.
 *
 * Covered are the integer instructions that read or write memory and that
 * compilers and kernels use on device registers; the table in
 * vmm/cpu/decode_table.c is the list. Forms without a memory operand, control
 * transfers and vector instructions are DECODE_UNSUPPORTED.
 *
 * Who calls it: vmm/cpu/emulate.c.  SDM 2A chapter 2, 2D appendix A. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INSN_MAX_LENGTH 15

enum decode_mode {
    DECODE_16, /* real, virtual-8086 and 16-bit code segments */
    DECODE_32,
    DECODE_64
};

enum decode_result {
    DECODE_OK,
    DECODE_NEED_MORE,  /* the instruction goes on behind `length` bytes */
    DECODE_INVALID,    /* the processor would raise #UD */
    DECODE_TOO_LONG,   /* more than 15 bytes: #GP(0) */
    DECODE_UNSUPPORTED /* exists, or might; not one of ours */
};

enum insn_operation {
    INSN_UNSUPPORTED, /* 0: what the opcode table says nothing about */
    INSN_INVALID,
    /* Two operands, flags. The first eight in the order of their encoding. */
    INSN_ADD,
    INSN_OR,
    INSN_ADC,
    INSN_SBB,
    INSN_AND,
    INSN_SUB,
    INSN_XOR,
    INSN_CMP,
    INSN_TEST,
    /* Shifts, in the order of their encoding. */
    INSN_ROL,
    INSN_ROR,
    INSN_RCL,
    INSN_RCR,
    INSN_SHL,
    INSN_SHR,
    INSN_SAL, /* /6, a second encoding of SHL */
    INSN_SAR,
    INSN_SHLD,
    INSN_SHRD,
    /* Bit tests, in the order of their encoding. */
    INSN_BT,
    INSN_BTS,
    INSN_BTR,
    INSN_BTC,
    /* One operand. */
    INSN_INC,
    INSN_DEC,
    INSN_NOT,
    INSN_NEG,
    INSN_MUL,
    INSN_IMUL1, /* RDX:RAX = RAX * m */
    INSN_DIV,
    INSN_IDIV,
    INSN_PUSH,
    INSN_POP,
    INSN_SETCC,
    /* Register from memory. */
    INSN_MOV,
    INSN_MOVZX,
    INSN_MOVSX,
    INSN_MOVBE,
    INSN_CMOVCC,
    INSN_IMUL, /* reg = reg * m, or reg = m * immediate */
    INSN_BSF,
    INSN_BSR,
    INSN_TZCNT,
    INSN_LZCNT,
    INSN_POPCNT,
    INSN_MOV_SREG, /* stores the selector of segment `reg` */
    /* Exchanges. */
    INSN_XCHG,
    INSN_XADD,
    INSN_CMPXCHG,
    INSN_CMPXCHG8B, /* and 16B, by `size` */
    /* Strings. */
    INSN_MOVS,
    INSN_CMPS,
    INSN_STOS,
    INSN_LODS,
    INSN_SCAS,
    INSN_INS,
    INSN_OUTS,
    INSN_OPERATIONS
};

/* Which operands there are beside the memory operand, and which is written. */
enum insn_form {
    INSN_M,         /* memory only */
    INSN_M_REG,     /* memory op= register */
    INSN_REG_M,     /* register op= memory */
    INSN_M_IMM,     /* memory op= immediate */
    INSN_REG_M_IMM, /* register = memory op immediate */
    INSN_M_CL,      /* memory shifted by CL */
    INSN_M_REG_IMM, /* SHLD, SHRD */
    INSN_M_REG_CL,
    INSN_STRING
};

enum insn_repeat {
    INSN_ONCE,
    INSN_REPNE, /* F2 */
    INSN_REP    /* F3; REPE for CMPS and SCAS */
};

/* In `base` and `index`, beside the numbers of enum gpr (arch/vmx/guest.h). */
#define INSN_NO_REGISTER 16
#define INSN_BASE_RIP    17

struct insn {
    uint8_t length;       /* bytes, prefixes included */
    uint8_t operation;    /* enum insn_operation */
    uint8_t form;         /* enum insn_form */
    uint8_t size;         /* of the operation and the register, bytes */
    uint8_t memory_size;  /* of the memory operand; differs for MOVZX... */
    uint8_t address_size; /* 2, 4, 8 */
    uint8_t segment;      /* ES CS SS DS FS GS = 0 to 5; DS:rSI of strings */
    uint8_t base;         /* strings: NO_REGISTER */
    uint8_t index;
    uint8_t scale;        /* 1, 2, 4, 8; 1 without an index */
    uint8_t reg;          /* the register operand; a segment for MOV_SREG */
    bool reg_high;        /* AH CH DH BH: bits 15:8 of `reg` 0 to 3 */
    uint8_t condition;    /* SETcc, CMOVcc: low four bits of the opcode */
    uint8_t repeat;       /* enum insn_repeat; strings only */
    bool lock;            /* LOCK, or implied by XCHG */
    bool register_bit;    /* BT group: bit offset in `reg`, may leave `size` */
    int64_t displacement; /* sign-extended; of moffs: the whole offset */
    uint64_t immediate;   /* sign-extended to 64 bits */
};

/* Decodes the instruction that `bytes` begins with. `insn` is whole only when
 * the answer is DECODE_OK. Reads each byte from `bytes` at will: the caller
 * gives a private copy. `length` may be more than INSN_MAX_LENGTH. */
enum decode_result decode(const uint8_t *bytes, size_t length,
                          enum decode_mode mode, struct insn *insn);
