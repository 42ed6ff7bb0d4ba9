/* libFuzzer on the decoder, and on the emulator with everything hostile: code,
 * page tables, control registers, segments and operands come from the input.
 * ASan and UBSan watch the memory; what is decoded must hold together, and an
 * instruction that did not end must have left no trace. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "test/fuzz/fuzz.h"
#include "test/unit/support/emulate_guest.h"
#include "vmm/cpu/emulate.h"

#define RAM_SIZE 0x10000ULL

/* 256 elements of at most two operands in pieces of a byte. */
#define MOST_ACCESSES (256 * 2 * 8)

struct input {
    const uint8_t *data;
    size_t size;
};

static struct {
    struct guest guest;
    struct guest_memory memory;
    struct emulate_cache cache;
    struct input *input;
    unsigned accesses;
} m;

static uint64_t take(struct input *input, size_t count)
{
    uint64_t value = 0;

    if (count > input->size) {
        count = input->size;
    }
    memcpy(&value, input->data, count);
    input->data += count;
    input->size -= count;
    return value;
}

static bool power_of_two(unsigned value, unsigned most)
{
    return value != 0 && (value & (value - 1)) == 0 && value <= most;
}

static void check_insn(const struct insn *insn, size_t size)
{
    REQUIRE(insn->length >= 1 && insn->length <= INSN_MAX_LENGTH);
    REQUIRE(insn->length <= size);
    REQUIRE(insn->operation > INSN_INVALID &&
            insn->operation < INSN_OPERATIONS);
    REQUIRE(insn->form <= INSN_STRING);
    REQUIRE(power_of_two(insn->size, 16));
    REQUIRE(power_of_two(insn->memory_size, 16));
    REQUIRE(insn->size < 16 || insn->operation == INSN_CMPXCHG8B);
    REQUIRE(power_of_two(insn->address_size, 8) && insn->address_size > 1);
    REQUIRE(insn->segment < 6);
    REQUIRE(insn->base <= INSN_BASE_RIP);
    REQUIRE(insn->index <= INSN_NO_REGISTER && insn->index != GPR_RSP);
    REQUIRE(power_of_two(insn->scale, 8));
    REQUIRE(insn->reg < GPR_COUNT);
    REQUIRE(!insn->reg_high || (insn->reg < 4 && insn->size == 1));
    REQUIRE(insn->repeat <= INSN_REP);
    REQUIRE(insn->repeat == INSN_ONCE || insn->form == INSN_STRING);
}

static void fuzz_decode(const uint8_t *bytes, size_t size,
                        enum decode_mode mode)
{
    struct insn insn;
    struct insn again;
    enum decode_result result = decode(bytes, size, mode, &insn);

    REQUIRE(result != DECODE_NEED_MORE || size < INSN_MAX_LENGTH);
    REQUIRE(result != DECODE_TOO_LONG || size >= INSN_MAX_LENGTH);
    if (result != DECODE_OK) {
        return;
    }
    check_insn(&insn, size);
    for (size_t length = 0; length < insn.length; length++) {
        REQUIRE(decode(bytes, length, mode, &again) == DECODE_NEED_MORE);
    }
    REQUIRE(decode(bytes, insn.length, mode, &again) == DECODE_OK);
    REQUIRE(memcmp(&insn, &again, sizeof(insn)) == 0);
}

static enum access_result device(void *context, struct access *access)
{
    (void)context;
    m.accesses++;
    REQUIRE(m.accesses <= MOST_ACCESSES);
    REQUIRE(power_of_two(access->size, 8));
    REQUIRE(!access->write || access->size == 8 ||
            access->value >> (8 * access->size) == 0);
    if (!access->write) {
        access->value = take(m.input, 8);
    }
    switch (take(m.input, 1) & 15) {
    case 14:
        return ACCESS_UNHANDLED;
    case 15:
        return ACCESS_BAD;
    default:
        return ACCESS_HANDLED;
    }
}

/* An address that is in RAM more often than by chance. */
static uint64_t take_address(struct input *input)
{
    uint64_t value = take(input, 8);

    return (value & 7) == 0 ? value : value % (RAM_SIZE + 0x2000);
}

static void build(struct input *input)
{
    uint64_t choice = take(input, 1);

    if ((choice & 3) == 0) {
        guest_fake_real(&m.guest);
    } else if ((choice & 3) == 1) {
        guest_fake_flat32(&m.guest);
    } else {
        guest_fake_long(&m.guest);
    }
    for (unsigned i = 0; i < 16; i++) {
        m.guest.gprs[i] = take_address(input);
    }
    m.guest.regs[GUEST_RIP] = take_address(input);
    m.guest.regs[GUEST_RFLAGS] ^= take(input, 3);
    if ((choice & 4) != 0) {
        m.guest.regs[GUEST_CR0] ^= take(input, 4);
        m.guest.regs[GUEST_CR4] ^= take(input, 4);
        m.guest.regs[GUEST_EFER] ^= take(input, 2);
        m.guest.regs[GUEST_CR3] = take_address(input);
    }
    if ((choice & 8) != 0) {
        for (unsigned i = 0; i < 6; i++) {
            m.guest.regs[GUEST_ES_BASE + i] = take_address(input);
            m.guest.regs[GUEST_ES_LIMIT + i] ^= take(input, 4);
            m.guest.regs[GUEST_ES_RIGHTS + i] ^= take(input, 3);
        }
    }
    m.guest.dead = (choice & 0x10) != 0;
}

/* Tables that map the first pages onto themselves, then what the input says. */
static void fill_ram(struct input *input, uint64_t choice)
{
    uint8_t *ram = m.memory.slots[0].host;
    uint64_t next = 0x2000;

    memset(ram, 0, RAM_SIZE);
    if ((choice & 0x20) == 0) {
        for (uint64_t page = 0; page < RAM_SIZE + 0x4000; page += 0x1000) {
            guest_fake_map(&m.memory, 0x1000, &next, page, page, 0x67);
        }
    }
    for (unsigned i = 0; i < 8 && input->size > 16; i++) {
        uint64_t at = take(input, 2) % (RAM_SIZE - 16);
        uint64_t value = take(input, 8);

        memcpy(ram + at, &value, sizeof(value));
    }
    for (uint64_t i = 0; i < INSN_MAX_LENGTH && input->size > 0; i++) {
        ram[(m.guest.regs[GUEST_RIP] + i) % RAM_SIZE] = (uint8_t)take(input, 1);
    }
}

static void run_once(struct input *input, bool string_io)
{
    struct guest before = m.guest;
    uint64_t hint = take(input, 1);
    struct emulate_context context = {
        .space = {&m.guest, &m.memory, (uint8_t)(36 + hint % 17)},
        .cache = &m.cache,
        .device = device,
        .hint_valid = (hint & 0x20) != 0,
        .hint_write = (hint & 0x40) != 0};
    enum emulate_result result = EMULATE_DONE;

    if (context.hint_valid) {
        context.hint_linear = take_address(input);
        context.hint_gpa = gpa(take_address(input));
    }
    m.accesses = 0;
    m.guest.faults = 0;
    m.guest.skips = 0;
    result = string_io
                 ? emulate_string_io(&context, (hint & 0x80) != 0,
                                     (uint8_t)(1 << (hint & 1)), device, NULL)
                 : emulate_run(&context);
    REQUIRE(context.code.fetched <= INSN_MAX_LENGTH);
    REQUIRE(context.code.length <= INSN_MAX_LENGTH);
    switch (result) {
    case EMULATE_DONE:
        REQUIRE(m.guest.skips == 1 && m.guest.faults == 0);
        REQUIRE(m.guest.skipped == context.code.length);
        break;
    case EMULATE_FAULT:
    case EMULATE_UNSUPPORTED:
    case EMULATE_TRIPLE:
        REQUIRE(m.guest.faults == 1 && m.guest.skips == 0);
        REQUIRE(m.guest.dead == (result == EMULATE_TRIPLE));
        break;
    case EMULATE_RESTART:
    case EMULATE_BAD:
        REQUIRE(m.guest.faults == 0);
        break;
    }
    if (result != EMULATE_DONE) {
        REQUIRE(m.guest.regs[GUEST_RIP] == before.regs[GUEST_RIP]);
    }
    /* Only strings stop half way. */
    if (result == EMULATE_UNSUPPORTED || result == EMULATE_RESTART ||
        (result == EMULATE_FAULT && m.accesses == 0)) {
        REQUIRE(m.guest.gprs[GPR_RBX] == before.gprs[GPR_RBX]);
        REQUIRE(m.guest.gprs[GPR_RSP] == before.gprs[GPR_RSP]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    uint64_t choice = take(&input, 1);

    if (m.memory.slot_count == 0) {
        m.memory.slot_count = 1;
        m.memory.slots[0] = (struct guest_memory_slot){
            .base = 0, .size = RAM_SIZE, .host = aligned_alloc(4096, RAM_SIZE)};
    }
    fuzz_decode(input.data, input.size, (enum decode_mode)(choice % 3));
    memset(&m.cache, 0, sizeof(m.cache));
    m.input = &input;
    build(&input);
    fill_ram(&input, choice);
    for (unsigned i = 0; i < 4; i++) {
        run_once(&input, (choice & 0x40) != 0);
    }
    return 0;
}
