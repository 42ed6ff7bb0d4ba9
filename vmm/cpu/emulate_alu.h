/* Arithmetic of the emulated instructions, with its flags. The functions are
 * pure; only the emulator uses them. SDM 1 3.4.3 and appendix A (flags), 2A to
 * 2D. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/regs.h"
#include "vmm/cpu/decode.h"

#define RFLAGS_STATUS                                                          \
    (RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_OF)

/* Operands and results have `size` bytes (1, 2, 4, 8) and are zero-extended.
 * `flags` is RFLAGS, which a function reads and changes as the instruction
 * does. Flags that the SDM leaves undefined may change or not. */

/* ADD OR ADC SBB AND SUB XOR CMP TEST. The caller does not store the result of
 * CMP and TEST. */
uint64_t emulate_alu_binary(enum insn_operation operation, unsigned size,
                            uint64_t a, uint64_t b, uint64_t *flags);
/* INC DEC NOT NEG */
uint64_t emulate_alu_unary(enum insn_operation operation, unsigned size,
                           uint64_t value, uint64_t *flags);
/* ROL ROR RCL RCR SHL SHR SAL SAR */
uint64_t emulate_alu_shift(enum insn_operation operation, unsigned size,
                           uint64_t value, uint64_t count, uint64_t *flags);
/* SHLD SHRD */
uint64_t emulate_alu_shift_double(enum insn_operation operation, unsigned size,
                                  uint64_t value, uint64_t filler,
                                  uint64_t count, uint64_t *flags);
/* BT BTS BTR BTC; `bit` is taken modulo the operand's number of bits */
uint64_t emulate_alu_bit(enum insn_operation operation, unsigned size,
                         uint64_t value, uint64_t bit, uint64_t *flags);
/* BSF BSR TZCNT LZCNT POPCNT; for value 0, BSF and BSR return `otherwise` */
uint64_t emulate_alu_scan(enum insn_operation operation, unsigned size,
                          uint64_t value, uint64_t otherwise, uint64_t *flags);
/* MUL and IMUL; returns both halves of the product. */
void emulate_alu_multiply(bool is_signed, unsigned size, uint64_t a, uint64_t b,
                          uint64_t *low, uint64_t *high, uint64_t *flags);
/* DIV and IDIV: divides high:low by `divisor`. The quotient goes to *low, the
 * remainder to *high. False: #DE, and nothing has changed. */
bool emulate_alu_divide(bool is_signed, unsigned size, uint64_t divisor,
                        uint64_t *low, uint64_t *high);
/* Does a condition hold? `condition` is the low four bits of the opcode of Jcc,
 * SETcc or CMOVcc (SDM 2D appendix B.1.4.7). */
bool emulate_alu_condition(unsigned condition, uint64_t flags);

uint64_t emulate_alu_sign_extend(uint64_t value, unsigned size);
