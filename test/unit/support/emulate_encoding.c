/* Random instructions and their operands; see the header. */
#include "test/unit/support/emulate_encoding.h"

#include <Zydis/Zydis.h>
#include <string.h>

#include "arch/regs.h"
#include "arch/vmx/guest.h"
#include "vmm/cpu/emulate_alu.h"

static uint64_t random_state = 1;

void encoding_seed(uint64_t seed)
{
    random_state = seed | 1;
}

uint64_t encoding_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state * 0x2545f4914f6cdd1dULL;
}

static uint64_t below(uint64_t bound)
{
    return (encoding_random() >> 20) % bound;
}

uint64_t encoding_value(void)
{
    unsigned bits = 8u << below(4);

    switch (below(8)) {
    case 0:
        return below(4);
    case 1:
        return ~0ULL - below(3);
    case 2: /* round the largest and smallest signed values */
        return (1ULL << (bits - 1)) - 2 + below(4);
    case 3:
        return encoding_random() >> below(64);
    default:
        return encoding_random();
    }
}

static bool wanted(const struct insn *insn)
{
    /* The FS base is the C library's; there are no ports. */
    return insn->segment != 4 && insn->operation != INSN_INS &&
           insn->operation != INSN_OUTS;
}

void encoding_make(uint8_t bytes[INSN_MAX_LENGTH], struct insn *insn)
{
    static const uint8_t prefixes[] = {0x65, 0x66, 0x66, 0x67, 0xf0,
                                       0xf2, 0xf3, 0x2e, 0x36};

    do {
        unsigned at = 0;
        unsigned count = below(3) == 0 ? 1 + (unsigned)below(3) : 0;

        for (unsigned i = 0; i < INSN_MAX_LENGTH; i++) {
            bytes[i] = (uint8_t)(encoding_random() >> 30);
        }
        while (at < count) {
            bytes[at++] = prefixes[below(sizeof(prefixes))];
        }
        if (below(2) == 0) {
            bytes[at++] = (uint8_t)(0x40 | below(16));
        }
        if (below(2) == 0) {
            bytes[at++] = 0x0f;
            if (below(16) == 0) {
                bytes[at++] = 0x38;
                bytes[at] = (uint8_t)(0xf0 | below(2));
            }
        }
    } while (decode(bytes, INSN_MAX_LENGTH, DECODE_64, insn) != DECODE_OK ||
             !wanted(insn));
}

/* Writes another displacement into the bytes, if they have one of `minimum`
 * bytes at least. */
static bool patch(uint8_t bytes[INSN_MAX_LENGTH], struct insn *insn,
                  uint64_t displacement, unsigned minimum)
{
    ZydisDecoder decoder;
    ZydisDecodedInstruction instruction;

    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64,
                     ZYDIS_STACK_WIDTH_64);
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(
            &decoder, NULL, bytes, INSN_MAX_LENGTH, &instruction)) ||
        instruction.raw.disp.size / 8 < minimum) {
        return false;
    }
    memcpy(bytes + instruction.raw.disp.offset, &displacement,
           instruction.raw.disp.size / 8);
    return decode(bytes, INSN_MAX_LENGTH, DECODE_64, insn) == DECODE_OK;
}

/* A value that has the low bytes given and, for 32-bit addresses, noise above:
 * it must not count. */
static uint64_t with_noise(const struct insn *insn, uint64_t low)
{
    if (insn->address_size == 4) {
        return (uint32_t)low | encoding_random() << 32;
    }
    return low;
}

static bool is_stack(const struct insn *insn)
{
    return insn->operation == INSN_PUSH || insn->operation == INSN_POP;
}

static bool place_operand(uint8_t bytes[INSN_MAX_LENGTH], struct insn *insn,
                          struct native_state *state, uint64_t offset)
{
    bool base = insn->base < 16;
    bool index = insn->index < 16;

    if (insn->register_bit &&
        (insn->reg == insn->base || insn->reg == insn->index)) {
        return false;
    }
    if (insn->base == INSN_BASE_RIP) {
        return patch(bytes, insn, offset - (NATIVE_RIP + insn->length), 4);
    }
    if (!base && !index) {
        return patch(bytes, insn, offset, 4);
    }
    if (!base || insn->base == insn->index) {
        uint64_t value = below(0x1000);

        state->gprs[insn->index] = with_noise(insn, value);
        if (insn->address_size == 8) {
            state->gprs[insn->index] = value;
        }
        return patch(bytes, insn,
                     offset - value * insn->scale - (base ? value : 0), 4);
    }
    if (is_stack(insn) && (insn->base == GPR_RSP || insn->index == GPR_RSP)) {
        /* RSP has to stay in the scratch area. */
        if (insn->base != GPR_RSP || index) {
            return false;
        }
        patch(bytes, insn, below(512) - 256, 4);
        if (insn->operation == INSN_POP) {
            offset -= insn->size;
        }
    }
    state->gprs[insn->base] = with_noise(
        insn, offset - (uint64_t)insn->displacement -
                  (index ? state->gprs[insn->index] * insn->scale : 0));
    return !is_stack(insn) || insn->base != GPR_RSP || insn->address_size == 8;
}

static uint64_t choose_target(const struct insn *insn)
{
    uint64_t target = NATIVE_DATA + 0x1000 + below(0x2000 - 16);

    if (below(4) == 0) {
        target = NATIVE_DATA + 0x2000 - below(16);
    }
    if (insn->lock) {
        /* A locked access across cache lines is slowed down by the kernel. */
        target &= ~15ULL;
        target += below(16 / insn->memory_size) * insn->memory_size;
    }
    if (insn->size == 16) {
        target &= ~15ULL;
    }
    return target;
}

static void place_string(const struct insn *insn, struct native_state *state,
                         uint64_t base)
{
    state->gprs[GPR_RSI] =
        with_noise(insn, NATIVE_DATA + 0x1800 + below(0x1000) - base);
    state->gprs[GPR_RDI] =
        with_noise(insn, NATIVE_DATA + 0x1800 + below(0x1000));
    /* ECX = 0 touches no memory, so cannot exit; processors differ in what they
     * do to the upper halves then. */
    state->gprs[GPR_RCX] = with_noise(insn, below(below(2) == 0 ? 4 : 300) +
                                                (insn->address_size == 4));
    if (below(8) == 0) { /* equal strings */
        state->gprs[GPR_RDI] = state->gprs[GPR_RSI] + base;
    }
}

bool encoding_place(uint8_t bytes[INSN_MAX_LENGTH], struct insn *insn,
                    struct native_state *state, uint64_t *target)
{
    uint64_t base = insn->segment == 5 ? NATIVE_GS_BASE : 0;

    for (unsigned i = 0; i < 16; i++) {
        state->gprs[i] = encoding_value();
    }
    state->flags = 0x202 | (encoding_random() & (RFLAGS_STATUS | RFLAGS_DF));
    *target = choose_target(insn);
    if (insn->form == INSN_STRING) {
        place_string(insn, state, base);
        *target = state->gprs[GPR_RDI];
        return true;
    }
    if (is_stack(insn)) {
        state->gprs[GPR_RSP] = NATIVE_DATA + 0x400 + below(0x3800);
    }
    if (insn->register_bit && insn->size > 2) {
        uint64_t bit = below(2 * 0x800 * 8) - 0x800 * 8;

        state->gprs[insn->reg] =
            insn->size == 4 ? (uint32_t)bit | encoding_random() << 32 : bit;
    }
    if (insn->operation == INSN_DIV && below(2) == 0) {
        state->gprs[GPR_RDX] = below(3);
        state->gprs[GPR_RAX] &= insn->size == 1 ? 0x1ff : ~0ULL;
    }
    if (insn->operation == INSN_IDIV && below(2) == 0) {
        state->gprs[GPR_RDX] = below(2) - 1;
    }
    return place_operand(bytes, insn, state, *target - base);
}

static unsigned shift_count(const struct insn *insn,
                            const struct native_state *before)
{
    uint64_t count = insn->immediate;

    if (insn->form == INSN_M_CL || insn->form == INSN_M_REG_CL) {
        count = before->gprs[GPR_RCX];
    }
    return (unsigned)count & (insn->size == 8 ? 63 : 31);
}

bool encoding_result_undefined(const struct insn *insn,
                               const struct native_state *before)
{
    return (insn->operation == INSN_SHLD || insn->operation == INSN_SHRD) &&
           shift_count(insn, before) > 8u * insn->size;
}

uint64_t encoding_defined_flags(const struct insn *insn,
                                const struct native_state *before)
{
    unsigned count = 0;
    uint64_t defined = RFLAGS_STATUS;

    switch (insn->operation) {
    case INSN_OR:
    case INSN_AND:
    case INSN_XOR:
    case INSN_TEST:
        return RFLAGS_STATUS & ~RFLAGS_AF;
    case INSN_ROL ... INSN_RCR:
        count = shift_count(insn, before);
        return count <= 1 ? RFLAGS_STATUS : RFLAGS_STATUS & ~RFLAGS_OF;
    case INSN_SHL ... INSN_SHRD:
        count = shift_count(insn, before);
        if (count == 0) {
            return RFLAGS_STATUS;
        }
        defined &= ~RFLAGS_AF;
        if (count != 1) {
            defined &= ~RFLAGS_OF;
        }
        if (count >= 8u * insn->size && insn->operation != INSN_SAR) {
            defined &= ~RFLAGS_CF;
        }
        return defined;
    case INSN_BT ... INSN_BTC:
        return RFLAGS_CF | RFLAGS_ZF;
    case INSN_MUL:
    case INSN_IMUL1:
    case INSN_IMUL:
        return RFLAGS_CF | RFLAGS_OF;
    case INSN_DIV:
    case INSN_IDIV:
        return 0;
    case INSN_BSF:
    case INSN_BSR:
        return RFLAGS_ZF;
    case INSN_TZCNT:
    case INSN_LZCNT:
        return RFLAGS_ZF | RFLAGS_CF;
    default:
        return RFLAGS_STATUS;
    }
}
