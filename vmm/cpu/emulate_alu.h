/* Arithmetic of the emulated instructions and its flags. Pure. Inside the
 * emulator only.  SDM 1 3.4.3 and appendix A (flags), 2A to 2D. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/regs.h"
#include "vmm/cpu/decode.h"

#define RFLAGS_STATUS                                                          \
    (RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_OF)

/* Operands are `size` bytes (1, 2, 4, 8), zero-extended; so are results.
 * `flags` is RFLAGS: read where the instruction reads it, changed where it
 * changes it. Flags that the SDM leaves undefined keep or lose their value. */

/* ADD OR ADC SBB AND SUB XOR CMP TEST; for the last two the result is not to be
 * stored. */
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
/* BT BTS BTR BTC; `bit` counts modulo the operand's bits */
uint64_t emulate_alu_bit(enum insn_operation operation, unsigned size,
                         uint64_t value, uint64_t bit, uint64_t *flags);
/* BSF BSR TZCNT LZCNT POPCNT; `otherwise` is the answer of BSF and BSR to 0 */
uint64_t emulate_alu_scan(enum insn_operation operation, unsigned size,
                          uint64_t value, uint64_t otherwise, uint64_t *flags);
/* MUL and IMUL: both halves of the product. */
void emulate_alu_multiply(bool is_signed, unsigned size, uint64_t a, uint64_t b,
                          uint64_t *low, uint64_t *high, uint64_t *flags);
/* DIV and IDIV: high:low / divisor; quotient into *low, remainder into *high.
 * False: #DE, nothing changed. */
bool emulate_alu_divide(bool is_signed, unsigned size, uint64_t divisor,
                        uint64_t *low, uint64_t *high);
/* SDM 2A appendix B.1.4.7: the low four bits of Jcc, SETcc, CMOVcc. */
bool emulate_alu_condition(unsigned condition, uint64_t flags);

uint64_t emulate_alu_sign_extend(uint64_t value, unsigned size);
