/* The emulator against the processor of this machine: random instructions of
 * every kind the decoder takes, with random registers, flags and memory, run
 * by both; registers, flags, memory and RIP must agree. Half of the runs find
 * the operand in RAM, half at a device.
 *
 * EMULATE_COUNT in the environment sets how many instructions are tried (each
 * three times), EMULATE_SEED where they begin. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/support/emulate_encoding.h"
#include "test/unit/support/emulate_guest.h"
#include "test/unit/support/emulate_native.h"
#include "vmm/cpu/emulate.h"
#include "vmm/cpu/emulate_alu.h"

#define RAM_SIZE   0x100000ULL
#define ROOT       0x1000ULL
#define CODE_GPA   0x80000ULL
#define DATA_GPA   0x90000ULL
#define DEVICE_GPA 0xfeb00000ULL

struct bench {
    struct guest guest;
    struct guest_memory memory;
    struct emulate_cache cache;
    uint64_t next;
    bool device; /* the data pages are not RAM */
    /* Of the run at hand. */
    unsigned accesses;
    unsigned odd_sizes; /* not of the operand's size */
    uint8_t size;
    unsigned long per_operation[INSN_OPERATIONS];
    unsigned long faults;
    unsigned long quick;
};

static uint8_t *ram(struct bench *bench, uint64_t address)
{
    return bench->memory.slots[0].host + address;
}

static enum access_result device(void *context, struct access *access)
{
    struct bench *bench = context;
    uint8_t *at = NULL;

    assert_true(bench->device);
    assert_true(access->address >= DEVICE_GPA &&
                access->address + access->size <=
                    DEVICE_GPA + NATIVE_DATA_SIZE);
    assert_true(access->size == 1 || access->size == 2 || access->size == 4 ||
                access->size == 8);
    at = ram(bench, DATA_GPA + access->address - DEVICE_GPA);
    if (access->write) {
        if (access->size < 8) {
            assert_int_equal(access->value >> (8 * access->size), 0);
        }
        memcpy(at, &access->value, access->size);
    } else {
        access->value = 0;
        memcpy(&access->value, at, access->size);
    }
    bench->accesses++;
    bench->odd_sizes += access->size != bench->size;
    return ACCESS_HANDLED;
}

static void map_data(struct bench *bench, bool device_pages)
{
    bench->device = device_pages;
    for (uint64_t i = 0; i < NATIVE_DATA_SIZE; i += 4096) {
        guest_fake_map(&bench->memory, ROOT, &bench->next, NATIVE_DATA + i,
                       (device_pages ? DEVICE_GPA : DATA_GPA) + i, 0x67);
    }
}

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));

    bench->memory.slot_count = 1;
    bench->memory.slots[0] = (struct guest_memory_slot){
        .base = 0, .size = RAM_SIZE, .host = aligned_alloc(4096, RAM_SIZE)};
    memset(ram(bench, 0), 0, RAM_SIZE);
    bench->next = 0x10000;
    guest_fake_long(&bench->guest);
    guest_fake_map(&bench->memory, ROOT, &bench->next, NATIVE_CODE, CODE_GPA,
                   0x27);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;

    free(bench->memory.slots[0].host);
    free(bench);
    return 0;
}

static void show(const uint8_t *bytes, const struct insn *insn,
                 const struct native_state *before,
                 const struct native_state *native, struct guest *guest,
                 uint64_t target)
{
    fprintf(stderr, "operation %d size %d target %llx:", insn->operation,
            insn->size, (unsigned long long)target);
    for (unsigned i = 0; i < insn->length; i++) {
        fprintf(stderr, " %02x", bytes[i]);
    }
    fprintf(stderr, "\n      %16s %16s %16s\n", "before", "processor",
            "emulator");
    for (unsigned i = 0; i < 16; i++) {
        fprintf(stderr, "%2u %c: %16llx %16llx %16llx\n", i,
                native->gprs[i] == guest->gprs[i] ? ' ' : '!',
                (unsigned long long)before->gprs[i],
                (unsigned long long)native->gprs[i],
                (unsigned long long)guest->gprs[i]);
    }
    fprintf(stderr, "flags %16llx %16llx %16llx\n",
            (unsigned long long)before->flags,
            (unsigned long long)native->flags,
            (unsigned long long)guest->regs[GUEST_RFLAGS]);
}

static enum emulate_result
run_emulator(struct bench *bench, const uint8_t *bytes, const struct insn *insn,
             const struct native_state *before, uint64_t target, bool hint)
{
    uint64_t page = target & ~4095ULL;
    struct emulate_context context = {
        .space = {.guest = &bench->guest,
                  .memory = &bench->memory,
                  .physical_bits = 46},
        .cache = &bench->cache,
        .device = device,
        .device_context = bench,
        .hint_valid = hint,
        .hint_write = (encoding_random() >> 40 & 1) != 0,
        .hint_linear = target,
        .hint_gpa =
            gpa((bench->device ? DEVICE_GPA : DATA_GPA) + page - NATIVE_DATA)};
    enum emulate_result result = EMULATE_RESTART;

    memcpy(ram(bench, CODE_GPA + (NATIVE_RIP & 4095)), bytes, INSN_MAX_LENGTH);
    memcpy(bench->guest.gprs, before->gprs, sizeof(before->gprs));
    bench->guest.regs[GUEST_RFLAGS] = before->flags;
    bench->guest.regs[GUEST_RIP] = NATIVE_RIP;
    bench->guest.regs[GUEST_GS_BASE] = NATIVE_GS_BASE;
    bench->guest.reads = 0;
    bench->accesses = 0;
    bench->odd_sizes = 0;
    bench->size = insn->memory_size;
    for (unsigned i = 0; i < 8 && result == EMULATE_RESTART; i++) {
        result = emulate_run(&context);
    }
    /* The short cut asks for RIP, CR3, and the mode of code below 4 GiB. */
    bench->quick += bench->guest.reads == 4;
    return result;
}

/* A device sees one access a direction, of the operand's size, unless the
 * operand crosses a page. */
static bool accesses_right(const struct bench *bench, const struct insn *insn,
                           uint64_t target)
{
    bool crosses = (target & 4095) + insn->memory_size > 4096;

    if (!bench->device || insn->form == INSN_STRING || crosses ||
        insn->register_bit || insn->operation == INSN_PUSH ||
        insn->operation == INSN_POP || insn->operation == INSN_CMPXCHG8B) {
        return true;
    }
    return bench->odd_sizes == 0 && bench->accesses >= 1 &&
           bench->accesses <= 2;
}

static void run_both(struct bench *bench, const uint8_t *bytes,
                     const struct insn *insn, const struct native_state *before,
                     uint64_t target)
{
    struct native_state native = *before;
    int raised = native_run(bytes, insn->length, &native);
    bool hint = (encoding_random() >> 40 & 1) != 0;
    enum emulate_result result =
        run_emulator(bench, bytes, insn, before, target, hint);
    uint64_t defined = encoding_defined_flags(insn, before) | ~RFLAGS_STATUS;
    bool right = true;

    if (raised == SIGFPE) {
        right = result == EMULATE_FAULT && bench->guest.vector == 0 &&
                bench->guest.regs[GUEST_RIP] == NATIVE_RIP;
        bench->faults++;
        defined = 0;
    } else {
        right = raised == 0 && result == EMULATE_DONE &&
                bench->guest.regs[GUEST_RIP] == NATIVE_RIP + insn->length &&
                accesses_right(bench, insn, target);
    }
    if (!right ||
        memcmp(native.gprs, bench->guest.gprs, sizeof(native.gprs)) != 0 ||
        ((native.flags ^ bench->guest.regs[GUEST_RFLAGS]) & defined) != 0 ||
        memcmp((const void *)NATIVE_DATA, ram(bench, DATA_GPA),
               NATIVE_DATA_SIZE) != 0) {
        show(bytes, insn, before, &native, &bench->guest, target);
        fail_msg("signal %d, result %d, vector %d, RIP %llx, %u accesses, "
                 "memory %s",
                 raised, (int)result, bench->guest.vector,
                 (unsigned long long)bench->guest.regs[GUEST_RIP],
                 bench->accesses,
                 memcmp((const void *)NATIVE_DATA, ram(bench, DATA_GPA),
                        NATIVE_DATA_SIZE) == 0
                     ? "equal"
                     : "differs");
    }
    bench->per_operation[insn->operation]++;
}

/* The same random bytes on both sides, near the operand. */
static void fill(struct bench *bench, const struct insn *insn,
                 const struct native_state *state, uint64_t target)
{
    uint64_t values[4] = {encoding_value(), encoding_value(), encoding_value(),
                          encoding_value()};
    uint64_t at = target - 8 - NATIVE_DATA;

    if (insn->operation == INSN_CMPXCHG && (encoding_random() >> 33 & 1) != 0) {
        values[1] = state->gprs[GPR_RAX];
    }
    if (insn->operation == INSN_CMPXCHG8B &&
        (encoding_random() >> 33 & 3) != 0) {
        uint64_t half = insn->size / 2;

        memcpy((uint8_t *)values + 8, &state->gprs[GPR_RAX], half);
        memcpy((uint8_t *)values + 8 + half, &state->gprs[GPR_RDX], half);
    }
    if (insn->form == INSN_STRING || at + sizeof(values) > NATIVE_DATA_SIZE) {
        return;
    }
    memcpy((uint8_t *)NATIVE_DATA + at, values, sizeof(values));
    memcpy(ram(bench, DATA_GPA + at), values, sizeof(values));
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text == NULL ? otherwise : strtoull(text, NULL, 0);
}

static void agrees_with_the_processor(void **state)
{
    struct bench *bench = *state;
    uint64_t count = setting("EMULATE_COUNT", 300000);
    unsigned long runs = 0;

    if (!native_prepare()) {
        skip();
    }
    for (unsigned i = 0; i < 6; i++) {
        bench->guest.regs[GUEST_ES_SELECTOR + i] = native_selector(i);
    }
    encoding_seed(setting("EMULATE_SEED", 20240607));
    for (uint64_t i = 0; i < count; i++) {
        uint8_t bytes[INSN_MAX_LENGTH];
        struct insn insn;
        struct native_state before;
        uint64_t target = 0;

        if (i % 16 == 0) {
            map_data(bench, (i & 16) != 0);
        }
        encoding_make(bytes, &insn);
        for (unsigned j = 0; j < 3; j++) {
            if (!encoding_place(bytes, &insn, &before, &target) ||
                encoding_result_undefined(&insn, &before)) {
                continue;
            }
            fill(bench, &insn, &before, target);
            run_both(bench, bytes, &insn, &before, target);
        }
    }
    for (unsigned i = INSN_INVALID + 1; i < INSN_OPERATIONS; i++) {
        runs += bench->per_operation[i];
        if (i != INSN_INS && i != INSN_OUTS && count >= 100000 &&
            bench->per_operation[i] < 50) {
            fail_msg("operation %u ran only %lu times", i,
                     bench->per_operation[i]);
        }
    }
    printf(
        "emulator: %lu runs equal, %lu by the short cut, %lu divide errors\n",
        runs, bench->quick, bench->faults);
    assert_true(count < 100000 || bench->quick > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(agrees_with_the_processor, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests_name("emulate_native", tests, NULL, NULL);
}
