/* The decoder against libzydis over random encodings, and the cases by hand
 * that chance would rarely meet. DECODE_COUNT in the environment sets how many
 * encodings are tried (default five million), DECODE_SEED where they begin. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/vmx/guest.h"
#include "test/unit/support/decode_oracle.h"
#include "vmm/cpu/decode.h"

static uint64_t random_state;

static uint64_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state * 0x2545f4914f6cdd1dULL;
}

static unsigned random_below(unsigned bound)
{
    return (unsigned)((random_next() >> 32) % bound);
}

/* Prefixes, an opcode, noise. Half of the opcodes are drawn from the first
 * map, the rest from 0F and its MOVBE corner. */
static void random_encoding(uint8_t bytes[INSN_MAX_LENGTH],
                            enum decode_mode mode)
{
    static const uint8_t prefixes[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66,
                                       0x66, 0x67, 0x67, 0xf0, 0xf2, 0xf3};
    unsigned at = 0;
    unsigned count = random_below(4);

    for (unsigned i = 0; i < INSN_MAX_LENGTH; i++) {
        bytes[i] = (uint8_t)(random_next() >> 40);
    }
    if (random_below(64) == 0) {
        count = random_below(16);
    }
    while (at < count && at < INSN_MAX_LENGTH - 2) {
        bytes[at++] = prefixes[random_below(sizeof(prefixes))];
    }
    if (mode == DECODE_64 && random_below(2) == 0 && at < INSN_MAX_LENGTH) {
        bytes[at++] = (uint8_t)(0x40 | random_below(16));
    }
    if (random_below(8) >= 5 && at + 1 < INSN_MAX_LENGTH) {
        bytes[at++] = 0x0f;
        if (random_below(12) == 0 && at + 1 < INSN_MAX_LENGTH) {
            bytes[at++] = 0x38;
            bytes[at] = (uint8_t)(0xf0 | random_below(2));
        }
    }
}

static void show(const char *what, const uint8_t *bytes, enum decode_mode mode,
                 const struct insn *ours, const struct oracle *oracle)
{
    const struct insn *both[2] = {ours, &oracle->insn};

    fprintf(stderr, "%s: mode %d, zydis says %s:", what, (int)mode,
            oracle->valid ? oracle->name : "invalid");
    for (unsigned i = 0; i < INSN_MAX_LENGTH; i++) {
        fprintf(stderr, " %02x", bytes[i]);
    }
    for (unsigned i = 0; i < 2; i++) {
        const struct insn *insn = both[i];

        fprintf(stderr,
                "\n  %s: length %d op %d size %d memory %d address %d seg %d"
                " base %d index %d*%d disp %llx reg %d high %d rep %d lock %d"
                " imm %llx",
                i == 0 ? "ours" : "theirs", insn->length, insn->operation,
                insn->size, insn->memory_size, insn->address_size,
                insn->segment, insn->base, insn->index, insn->scale,
                (unsigned long long)insn->displacement, insn->reg,
                insn->reg_high, insn->repeat, insn->lock,
                (unsigned long long)insn->immediate);
    }
    fputc('\n', stderr);
}

static bool uses_register(const struct insn *insn)
{
    return insn->operation == INSN_MOV_SREG ||
           (insn->form != INSN_M && insn->form != INSN_M_IMM &&
            insn->form != INSN_M_CL && insn->form != INSN_STRING);
}

static bool same_immediate(const struct insn *ours, const struct oracle *oracle)
{
    uint64_t mask = ~0ULL >> (64 - 8 * (ours->size > 8 ? 8 : ours->size));

    switch (ours->operation) {
    case INSN_BT:
    case INSN_BTS:
    case INSN_BTR:
    case INSN_BTC:
    case INSN_SHLD:
    case INSN_SHRD:
        mask = 0xff;
        break;
    default:
        if (ours->operation >= INSN_ROL && ours->operation <= INSN_SAR) {
            mask = 0xff;
        }
        break;
    }
    return !oracle->has_immediate ||
           ((ours->immediate ^ oracle->insn.immediate) & mask) == 0;
}

static bool same(const struct insn *ours, const struct oracle *oracle)
{
    const struct insn *theirs = &oracle->insn;
    bool string = ours->form == INSN_STRING;
    uint8_t operation =
        ours->operation == INSN_SAL ? INSN_SHL : ours->operation;

    if (ours->length != theirs->length || operation != theirs->operation ||
        ours->memory_size != theirs->memory_size ||
        ours->address_size != theirs->address_size ||
        ours->repeat != theirs->repeat || ours->lock != theirs->lock) {
        return false;
    }
    if (string) {
        /* Stores of strings have no source to override. */
        return ours->operation == INSN_STOS || ours->operation == INSN_SCAS ||
               ours->operation == INSN_INS || ours->segment == theirs->segment;
    }
    if (ours->segment != theirs->segment || ours->base != theirs->base ||
        ours->index != theirs->index || ours->scale != theirs->scale ||
        ours->displacement != theirs->displacement) {
        return false;
    }
    if (uses_register(ours) &&
        (ours->reg != theirs->reg || ours->reg_high != theirs->reg_high ||
         (ours->operation != INSN_MOV_SREG && ours->size != theirs->size))) {
        return false;
    }
    return same_immediate(ours, oracle);
}

struct counts {
    unsigned long ok;
    unsigned long invalid;
    unsigned long other;
    unsigned long per_operation[INSN_OPERATIONS];
};

static void check_one(const uint8_t *bytes, enum decode_mode mode,
                      struct counts *counts)
{
    struct insn insn;
    struct insn part;
    struct oracle oracle;
    enum decode_result result = decode(bytes, INSN_MAX_LENGTH, mode, &insn);

    oracle_decode(bytes, INSN_MAX_LENGTH, mode, &oracle);
    if (result != DECODE_OK) {
        if (oracle.valid && oracle.covered) {
            show("we refuse", bytes, mode, &insn, &oracle);
            fail();
        }
        if (result == DECODE_INVALID && oracle.valid) {
            show("we say #UD", bytes, mode, &insn, &oracle);
            fail();
        }
        if (result == DECODE_NEED_MORE) {
            fail_msg("NEED_MORE with 15 bytes");
        }
        counts->invalid += !oracle.valid;
        counts->other += oracle.valid;
        return;
    }
    if (!oracle.valid || !oracle.covered || !same(&insn, &oracle)) {
        show("we differ", bytes, mode, &insn, &oracle);
        fail();
    }
    counts->ok++;
    counts->per_operation[insn.operation]++;
    for (size_t length = 0; length < insn.length; length++) {
        assert_int_equal(decode(bytes, length, mode, &part), DECODE_NEED_MORE);
    }
    assert_int_equal(decode(bytes, insn.length, mode, &part), DECODE_OK);
    assert_memory_equal(&part, &insn, sizeof(insn));
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text == NULL ? otherwise : strtoull(text, NULL, 0);
}

static void random_encodings_agree_with_zydis(void **state)
{
    static struct counts counts;
    uint8_t bytes[INSN_MAX_LENGTH];
    uint64_t count = setting("DECODE_COUNT", 5000000);

    (void)state;
    random_state = setting("DECODE_SEED", 0x1234567) | 1;
    for (uint64_t i = 0; i < count; i++) {
        enum decode_mode mode = (enum decode_mode)(i % 3);

        random_encoding(bytes, mode);
        check_one(bytes, mode, &counts);
    }
    printf("decoder: %lu encodings ours and equal, %lu invalid, %lu others\n",
           counts.ok, counts.invalid, counts.other);
    for (unsigned i = INSN_INVALID + 1; count >= 1000000 && i < INSN_OPERATIONS;
         i++) {
        if (counts.per_operation[i] < 50) {
            fail_msg("operation %u met only %lu times", i,
                     counts.per_operation[i]);
        }
    }
}

/* Every opcode of both maps with every ModRM byte and the usual prefixes. */
static void all_opcodes_agree_with_zydis(void **state)
{
    static const uint8_t prefixes[][2] = {{0, 0},    {0x66, 0}, {0x67, 0},
                                          {0xf0, 0}, {0xf2, 0}, {0xf3, 0},
                                          {0x48, 0}, {0x44, 0}, {0x66, 0x48}};
    static struct counts counts;

    (void)state;
    for (unsigned i = 0; i < 9 * 3 * 2 * 256 * 256; i++) {
        uint8_t bytes[INSN_MAX_LENGTH] = {0};
        const uint8_t *prefix = prefixes[(i >> 17) % 9];
        unsigned at = 0;

        memset(bytes, 0x11, sizeof(bytes));
        for (unsigned j = 0; j < 2 && prefix[j] != 0; j++) {
            bytes[at++] = prefix[j];
        }
        if ((i & 0x10000) != 0) {
            bytes[at++] = 0x0f;
        }
        bytes[at++] = (uint8_t)(i >> 8);
        bytes[at++] = (uint8_t)i;
        check_one(bytes, (enum decode_mode)((i >> 17) / 9), &counts);
    }
    assert_true(counts.ok > 100000);
}

static void sixteen_bytes_are_too_long(void **state)
{
    uint8_t bytes[16];
    struct insn insn;

    (void)state;
    memset(bytes, 0x66, sizeof(bytes));
    assert_int_equal(decode(bytes, 14, DECODE_64, &insn), DECODE_NEED_MORE);
    assert_int_equal(decode(bytes, 15, DECODE_64, &insn), DECODE_TOO_LONG);
    assert_int_equal(decode(bytes, 16, DECODE_64, &insn), DECODE_TOO_LONG);
    bytes[13] = 0x8b;
    bytes[14] = 0x07;
    assert_int_equal(decode(bytes, 15, DECODE_64, &insn), DECODE_OK);
    bytes[14] = 0x47; /* the displacement would be the sixteenth */
    bytes[15] = 0x00;
    assert_int_equal(decode(bytes, 16, DECODE_64, &insn), DECODE_TOO_LONG);
}

static void forms_without_memory_are_unsupported(void **state)
{
    static const uint8_t others[][4] = {
        {0x89, 0xc0},       /* mov eax, eax */
        {0xff, 0x10},       /* call [rax] */
        {0x0f, 0x6f, 0x00}, /* movq mm0, [rax] */
        {0xc5, 0xf9, 0x6f}, /* vmovdqa */
        {0x8e, 0x00},       /* mov es, [rax] */
        {0x90},
    };
    struct insn insn;

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_int_equal(decode(others[i], 4, DECODE_64, &insn),
                         DECODE_UNSUPPORTED);
    }
}

static void lock_needs_a_memory_destination(void **state)
{
    static const uint8_t locked_mov[] = {0xf0, 0x89, 0x00};
    static const uint8_t locked_add[] = {0xf0, 0x01, 0x00};
    static const uint8_t locked_load[] = {0xf0, 0x03, 0x00};
    static const uint8_t locked_register[] = {0xf0, 0x01, 0xc0};
    struct insn insn;

    (void)state;
    assert_int_equal(decode(locked_mov, 3, DECODE_64, &insn), DECODE_INVALID);
    assert_int_equal(decode(locked_load, 3, DECODE_64, &insn), DECODE_INVALID);
    assert_int_equal(decode(locked_register, 3, DECODE_64, &insn),
                     DECODE_INVALID);
    assert_int_equal(decode(locked_add, 3, DECODE_64, &insn), DECODE_OK);
    assert_true(insn.lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sixteen_bytes_are_too_long),
        cmocka_unit_test(forms_without_memory_are_unsupported),
        cmocka_unit_test(lock_needs_a_memory_destination),
        cmocka_unit_test(all_opcodes_agree_with_zydis),
        cmocka_unit_test(random_encodings_agree_with_zydis),
    };

    return cmocka_run_group_tests_name("decode", tests, NULL, NULL);
}
