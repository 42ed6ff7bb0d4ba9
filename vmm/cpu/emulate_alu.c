/* Arithmetic and flags; see the header. */
#include "vmm/cpu/emulate_alu.h"

#include "arch/regs.h"

static uint64_t mask_of(unsigned size)
{
    return ~0ULL >> (64 - 8 * size);
}

static uint64_t sign_of(unsigned size)
{
    return 1ULL << (8 * size - 1);
}

static uint64_t flag_if(bool condition, uint64_t flag)
{
    return condition ? flag : 0;
}

static void replace(uint64_t *flags, uint64_t which, uint64_t value)
{
    *flags = (*flags & ~which) | value;
}

/* Returns SF, ZF and PF for a result. */
static uint64_t result_flags(unsigned size, uint64_t result)
{
    return flag_if((result & sign_of(size)) != 0, RFLAGS_SF) |
           flag_if(result == 0, RFLAGS_ZF) |
           flag_if(__builtin_parity((unsigned)result & 0xff) == 0, RFLAGS_PF);
}

uint64_t emulate_alu_sign_extend(uint64_t value, unsigned size)
{
    unsigned shift = 64 - 8 * size;

    return (uint64_t)((int64_t)(value << shift) >> shift);
}

static uint64_t add(unsigned size, uint64_t a, uint64_t b, uint64_t carry,
                    uint64_t *flags)
{
    uint64_t sign = sign_of(size);
    uint64_t result = (a + b + carry) & mask_of(size);
    uint64_t carries = (a & b) | ((a | b) & ~result);

    replace(flags, RFLAGS_STATUS,
            result_flags(size, result) |
                flag_if((carries & sign) != 0, RFLAGS_CF) |
                ((a ^ b ^ result) & RFLAGS_AF) |
                flag_if(((a ^ result) & (b ^ result) & sign) != 0, RFLAGS_OF));
    return result;
}

static uint64_t subtract(unsigned size, uint64_t a, uint64_t b, uint64_t borrow,
                         uint64_t *flags)
{
    uint64_t sign = sign_of(size);
    uint64_t result = (a - b - borrow) & mask_of(size);
    uint64_t borrows = (~a & b) | ((~a | b) & result);

    replace(flags, RFLAGS_STATUS,
            result_flags(size, result) |
                flag_if((borrows & sign) != 0, RFLAGS_CF) |
                ((a ^ b ^ result) & RFLAGS_AF) |
                flag_if(((a ^ b) & (a ^ result) & sign) != 0, RFLAGS_OF));
    return result;
}

uint64_t emulate_alu_binary(enum insn_operation operation, unsigned size,
                            uint64_t a, uint64_t b, uint64_t *flags)
{
    uint64_t result = 0;

    switch (operation) {
    case INSN_ADD:
        return add(size, a, b, 0, flags);
    case INSN_ADC:
        return add(size, a, b, *flags & RFLAGS_CF, flags);
    case INSN_SUB:
    case INSN_CMP:
        return subtract(size, a, b, 0, flags);
    case INSN_SBB:
        return subtract(size, a, b, *flags & RFLAGS_CF, flags);
    case INSN_OR:
        result = a | b;
        break;
    case INSN_XOR:
        result = a ^ b;
        break;
    default: /* AND, TEST */
        result = a & b;
        break;
    }
    replace(flags, RFLAGS_STATUS, result_flags(size, result));
    return result;
}

uint64_t emulate_alu_unary(enum insn_operation operation, unsigned size,
                           uint64_t value, uint64_t *flags)
{
    uint64_t carry = *flags & RFLAGS_CF;
    uint64_t result = 0;

    switch (operation) {
    case INSN_NOT:
        return ~value & mask_of(size);
    case INSN_NEG:
        return subtract(size, 0, value, 0, flags);
    case INSN_INC:
        result = add(size, value, 1, 0, flags);
        break;
    default: /* DEC */
        result = subtract(size, value, 1, 0, flags);
        break;
    }
    replace(flags, RFLAGS_CF, carry);
    return result;
}

static uint64_t rotate(enum insn_operation operation, unsigned size,
                       uint64_t value, unsigned count, uint64_t *flags)
{
    unsigned bits = 8 * size;
    uint64_t sign = sign_of(size);
    bool left = operation == INSN_ROL || operation == INSN_RCL;
    bool through = operation == INSN_RCL || operation == INSN_RCR;
    bool carry = (*flags & RFLAGS_CF) != 0;
    bool overflow = false;

    count %= through ? bits + 1 : bits;
    for (; count > 0; count--) {
        bool in = through ? carry : (value & (left ? sign : 1)) != 0;

        carry = (value & (left ? sign : 1)) != 0;
        value = left ? (value << 1 | flag_if(in, 1)) & mask_of(size)
                     : value >> 1 | flag_if(in, sign);
    }
    if (!through) {
        carry = (value & (left ? 1 : sign)) != 0;
    }
    overflow =
        ((value & sign) != 0) != (left ? carry : (value & (sign >> 1)) != 0);
    replace(flags, RFLAGS_CF | RFLAGS_OF,
            flag_if(carry, RFLAGS_CF) | flag_if(overflow, RFLAGS_OF));
    return value;
}

uint64_t emulate_alu_shift(enum insn_operation operation, unsigned size,
                           uint64_t value, uint64_t wanted, uint64_t *flags)
{
    unsigned count = (unsigned)wanted & (size == 8 ? 63 : 31);
    uint64_t sign = sign_of(size);
    uint64_t wide = value;
    uint64_t result = 0;
    bool carry = false;
    bool overflow = false;

    if (count == 0) {
        return value;
    }
    switch (operation) {
    case INSN_SHL:
    case INSN_SAL:
        result = value << count & mask_of(size);
        carry = count <= 8 * size && (value >> (8 * size - count) & 1) != 0;
        overflow = ((result & sign) != 0) != carry;
        break;
    case INSN_SHR:
        result = value >> count;
        carry = (value >> (count - 1) & 1) != 0;
        overflow = (value & sign) != 0;
        break;
    case INSN_SAR:
        wide = emulate_alu_sign_extend(value, size);
        result = (uint64_t)((int64_t)wide >> count) & mask_of(size);
        carry = (wide >> (count - 1) & 1) != 0;
        break;
    default:
        return rotate(operation, size, value, count, flags);
    }
    replace(flags, RFLAGS_STATUS & ~RFLAGS_AF,
            result_flags(size, result) | flag_if(carry, RFLAGS_CF) |
                flag_if(overflow, RFLAGS_OF));
    return result;
}

uint64_t emulate_alu_shift_double(enum insn_operation operation, unsigned size,
                                  uint64_t value, uint64_t filler,
                                  uint64_t wanted, uint64_t *flags)
{
    unsigned bits = 8 * size;
    unsigned count = (unsigned)wanted & (size == 8 ? 63 : 31);
    uint64_t result = 0;
    bool carry = false;

    if (count == 0 || count > bits) { /* a larger count is undefined */
        return value;
    }
    if (operation == INSN_SHLD) {
        result = (value << count | filler >> (bits - count)) & mask_of(size);
        carry = (value >> (bits - count) & 1) != 0;
    } else {
        result = (value >> count | filler << (bits - count)) & mask_of(size);
        carry = (value >> (count - 1) & 1) != 0;
    }
    replace(flags, RFLAGS_STATUS & ~RFLAGS_AF,
            result_flags(size, result) | flag_if(carry, RFLAGS_CF) |
                flag_if(((value ^ result) & sign_of(size)) != 0, RFLAGS_OF));
    return result;
}

uint64_t emulate_alu_bit(enum insn_operation operation, unsigned size,
                         uint64_t value, uint64_t bit, uint64_t *flags)
{
    uint64_t one = 1ULL << (bit & (8 * size - 1));

    replace(flags, RFLAGS_CF, flag_if((value & one) != 0, RFLAGS_CF));
    switch (operation) {
    case INSN_BTS:
        return value | one;
    case INSN_BTR:
        return value & ~one;
    case INSN_BTC:
        return value ^ one;
    default:
        return value;
    }
}

static uint64_t count_ones(uint64_t value)
{
    uint64_t count = 0;

    for (; value != 0; value &= value - 1) {
        count++;
    }
    return count;
}

uint64_t emulate_alu_scan(enum insn_operation operation, unsigned size,
                          uint64_t value, uint64_t otherwise, uint64_t *flags)
{
    unsigned bits = 8 * size;
    uint64_t result = bits;

    switch (operation) {
    case INSN_POPCNT:
        replace(flags, RFLAGS_STATUS, flag_if(value == 0, RFLAGS_ZF));
        return count_ones(value);
    case INSN_TZCNT:
    case INSN_LZCNT:
        if (value != 0) {
            result = operation == INSN_TZCNT
                         ? (unsigned)__builtin_ctzll(value)
                         : (unsigned)__builtin_clzll(value) - (64 - bits);
        }
        replace(flags, RFLAGS_CF | RFLAGS_ZF,
                flag_if(value == 0, RFLAGS_CF) |
                    flag_if(result == 0, RFLAGS_ZF));
        return result;
    default:
        replace(flags, RFLAGS_ZF, flag_if(value == 0, RFLAGS_ZF));
        if (value == 0) {
            return otherwise;
        }
        return operation == INSN_BSF ? (unsigned)__builtin_ctzll(value)
                                     : 63 - (unsigned)__builtin_clzll(value);
    }
}

void emulate_alu_multiply(bool is_signed, unsigned size, uint64_t a, uint64_t b,
                          uint64_t *low, uint64_t *high, uint64_t *flags)
{
    unsigned __int128 product = 0;
    bool fits = false;

    if (is_signed) {
        a = emulate_alu_sign_extend(a, size);
        b = emulate_alu_sign_extend(b, size);
        product = (unsigned __int128)((__int128)(int64_t)a * (int64_t)b);
    } else {
        product = (unsigned __int128)a * b;
    }
    *low = (uint64_t)product & mask_of(size);
    *high = (uint64_t)(product >> (8 * size)) & mask_of(size);
    fits = is_signed ? product == (unsigned __int128)(__int128)(int64_t)
                                      emulate_alu_sign_extend(*low, size)
                     : *high == 0;
    replace(flags, RFLAGS_CF | RFLAGS_OF, fits ? 0 : RFLAGS_CF | RFLAGS_OF);
}

/* Divides high:low by `divisor`. The caller has checked that high < divisor, so
 * the quotient has 64 bits. It is done by hand since libgcc's 128-bit division
 * is not linked. */
static void divide_wide(uint64_t divisor, uint64_t *low, uint64_t *high)
{
    uint64_t rest = *high;
    uint64_t quotient = *low;

    for (unsigned i = 0; i < 64; i++) {
        bool carry = rest >> 63 != 0;

        rest = rest << 1 | quotient >> 63;
        quotient <<= 1;
        if (carry || rest >= divisor) {
            rest -= divisor;
            quotient |= 1;
        }
    }
    *low = quotient;
    *high = rest;
}

/* The dividend is high:low, 2 * size bytes. */
bool emulate_alu_divide(bool is_signed, unsigned size, uint64_t divisor,
                        uint64_t *low, uint64_t *high)
{
    unsigned bits = 8 * size;
    unsigned __int128 dividend = (unsigned __int128)*high << bits | *low;
    bool minus_dividend = is_signed && (*high & sign_of(size)) != 0;
    bool minus_divisor = is_signed && (divisor & sign_of(size)) != 0;
    bool minus = minus_dividend != minus_divisor;
    uint64_t quotient = 0;
    uint64_t rest = 0;
    uint64_t most = mask_of(size);

    if (minus_dividend) {
        dividend = ((unsigned __int128)0 - dividend);
        if (size < 8) {
            dividend &= ((unsigned __int128)1 << (2 * bits)) - 1;
        }
    }
    if (minus_divisor) {
        divisor = (0 - divisor) & mask_of(size);
    }
    if (is_signed) {
        most = minus ? sign_of(size) : sign_of(size) - 1;
    }
    quotient = (uint64_t)dividend;
    rest = (uint64_t)(dividend >> 64);
    if (rest >= divisor) { /* also true for divisor 0 */
        return false;
    }
    divide_wide(divisor, &quotient, &rest);
    if (quotient > most) {
        return false;
    }
    *low = (minus ? 0 - quotient : quotient) & mask_of(size);
    *high = (minus_dividend ? 0 - rest : rest) & mask_of(size);
    return true;
}

bool emulate_alu_condition(unsigned condition, uint64_t flags)
{
    bool sign = (flags & RFLAGS_SF) != 0;
    bool overflow = (flags & RFLAGS_OF) != 0;
    bool zero = (flags & RFLAGS_ZF) != 0;
    bool carry = (flags & RFLAGS_CF) != 0;
    bool holds[8] = {overflow,
                     carry,
                     zero,
                     carry || zero,
                     sign,
                     (flags & RFLAGS_PF) != 0,
                     sign != overflow,
                     zero || sign != overflow};

    return holds[condition >> 1 & 7] != ((condition & 1) != 0);
}
