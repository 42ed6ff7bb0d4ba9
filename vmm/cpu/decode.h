/* Decodes one instruction with a memory operand. The decoder is pure: it uses
 * no guest state, and reads only the caller's copy of the bytes.
 *
 * It knows the integer instructions that read or write memory and that
 * compilers and kernels use on device registers. The table in
 * vmm/cpu/decode_table.c lists them. Forms without a memory operand, control
 * transfers and vector instructions give DECODE_UNSUPPORTED.
 *
 * Who calls it: vmm/cpu/emulate.c. SDM 2A chapter 2, 2D appendix A. */
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
    DECODE_NEED_MORE,  /* the `length` bytes end within the instruction */
    DECODE_INVALID,    /* the processor would raise #UD */
    DECODE_TOO_LONG,   /* more than 15 bytes: #GP(0) */
    DECODE_UNSUPPORTED /* perhaps a valid instruction, but not in our table */
};

enum insn_operation {
    INSN_UNSUPPORTED, /* 0, the value of rows that the table leaves empty */
    INSN_INVALID,
    /* Two operands and flags. The first eight are in the order of their
     * encoding. */
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
    /* Instructions with one operand. */
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
    /* Loads into a register; MOV and MOVBE also store. */
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
    /* Instructions that exchange values. */
    INSN_XCHG,
    INSN_XADD,
    INSN_CMPXCHG,
    INSN_CMPXCHG8B, /* CMPXCHG16B too; `size` tells which */
    /* String instructions. */
    INSN_MOVS,
    INSN_CMPS,
    INSN_STOS,
    INSN_LODS,
    INSN_SCAS,
    INSN_INS,
    INSN_OUTS,
    INSN_OPERATIONS
};

/* Which operands an instruction has, and which of them it writes. */
enum insn_form {
    INSN_M,         /* memory only */
    INSN_M_REG,     /* memory op= register */
    INSN_REG_M,     /* register op= memory */
    INSN_M_IMM,     /* memory op= immediate */
    INSN_REG_M_IMM, /* register = memory op immediate */
    INSN_M_CL,      /* memory shifted by CL */
    INSN_M_REG_IMM, /* SHLD and SHRD by an immediate count */
    INSN_M_REG_CL,
    INSN_STRING
};

enum insn_repeat {
    INSN_ONCE,
    INSN_REPNE, /* prefix F2 */
    INSN_REP    /* prefix F3; REPE for CMPS and SCAS */
};

/* Values of `base` and `index` besides those of enum gpr (arch/vmx/guest.h). */
#define INSN_NO_REGISTER 16
#define INSN_BASE_RIP    17

struct insn {
    uint8_t length;       /* of the instruction with its prefixes, in bytes */
    uint8_t operation;    /* enum insn_operation */
    uint8_t form;         /* enum insn_form */
    uint8_t size;         /* of operation and register operand, in bytes */
    uint8_t memory_size;  /* of the memory operand, in bytes */
    uint8_t address_size; /* 2, 4 or 8 bytes */
    uint8_t segment;      /* ES CS SS DS FS GS: 0 to 5; strings: of rSI */
    uint8_t base;         /* INSN_NO_REGISTER for strings */
    uint8_t index;
    uint8_t scale;        /* 1, 2, 4 or 8; 1 without an index */
    uint8_t reg;          /* the register operand; for MOV_SREG a segment */
    bool reg_high;        /* AH to BH: bits 15:8 of `reg`, 0 to 3 */
    uint8_t condition;    /* of SETcc and CMOVcc: low four bits of the opcode */
    uint8_t repeat;       /* enum insn_repeat; of string instructions only */
    bool lock;            /* LOCK prefix, or XCHG, which implies it */
    bool register_bit;    /* BT, BTS, BTR or BTC with the bit offset in `reg`;
                           * the bit may lie outside the operand */
    int64_t displacement; /* sign-extended; for moffs the whole offset */
    uint64_t immediate;   /* sign-extended to 64 bits */
};

/* Decodes the instruction at the start of `bytes`. `insn` is valid only if the
 * result is DECODE_OK. A byte may be read more than once, so `bytes` must be a
 * private copy. `length` may be more than INSN_MAX_LENGTH. */
enum decode_result decode(const uint8_t *bytes, size_t length,
                          enum decode_mode mode, struct insn *insn);
