/* The emulator in 64-bit mode, where the processor's answer is not a matter of
 * arithmetic (emulate_native_test.c does that): faults, page crossings, fetch,
 * devices that refuse, races, the short cut. */
#include <pthread.h>
#include <setjmp.h>
#include <string.h>

#include "arch/regs.h"
#include "test/unit/support/emulate_rig.h"

#include <cmocka.h>

static uint64_t *entry_of(struct rig *rig, uint64_t linear)
{
    uint64_t table = RIG_ROOT;

    for (unsigned shift = 39;; shift -= 9) {
        uint64_t *entry = guest_memory_range(
            &rig->memory, gpa(table + (linear >> shift & 511) * 8), 8);

        if (shift == 12) {
            return entry;
        }
        table = *entry & 0xffffffffff000;
    }
}

static void device_read_and_write(void **state)
{
    struct rig *rig = *state;

    rig->guest.gprs[GPR_RDI] = RIG_DEVICE + 0x70;
    rig->guest.gprs[GPR_RAX] = ~0ULL;
    RIG_CODE_AT(rig, 0x10, "\x8b\x07"); /* mov eax, [rdi] */
    for (unsigned i = 0; i < 3; i++) {  /* the long way, then the short one */
        rig->guest.regs[GUEST_RIP] = RIG_CODE + 0x10;
        assert_int_equal(rig_exit(rig, RIG_DEVICE + 0x70, false), EMULATE_DONE);
        assert_int_equal(rig->guest.gprs[GPR_RAX], 0x44332211);
        assert_int_equal(rig->guest.regs[GUEST_RIP], RIG_CODE + 0x12);
        assert_int_equal(rig->count, 1);
        assert_int_equal(rig->log[0].address, RIG_DEVICE_GPA + 0x70);
        assert_int_equal(rig->log[0].size, 4);
        assert_false(rig->log[0].write);
        assert_int_equal(rig->context.code.length, 2);
        assert_int_equal(rig->context.code.bytes[0], 0x8b);
    }
    RIG_CODE_AT(rig, 0x20, "\xc6\x47\x01\x80"); /* mov byte [rdi+1], 80h */
    for (unsigned i = 0; i < 2; i++) {
        rig->guest.regs[GUEST_RIP] = RIG_CODE + 0x20;
        assert_int_equal(rig_exit(rig, RIG_DEVICE + 0x71, true), EMULATE_DONE);
        assert_int_equal(rig->log[0].address, RIG_DEVICE_GPA + 0x71);
        assert_int_equal(rig->log[0].size, 1);
        assert_int_equal(rig->log[0].value, 0x80);
        assert_true(rig->log[0].write);
    }
}

static void refused_access_changes_nothing(void **state)
{
    struct rig *rig = *state;
    struct guest before;

    rig->guest.gprs[GPR_RDI] = RIG_DEVICE;
    rig->answer = ACCESS_UNHANDLED;
    for (unsigned i = 0; i < 2; i++) { /* without and with the short cut */
        rig->answer = ACCESS_HANDLED;
        RIG_CODE_AT(rig, 0, "\x8b\x07");
        assert_int_equal(rig_exit(rig, RIG_DEVICE, false), EMULATE_DONE);
        rig->answer = i == 0 ? ACCESS_UNHANDLED : ACCESS_BAD;
        rig->guest.regs[GUEST_RIP] = RIG_CODE;
        before = rig->guest;
        assert_int_equal(rig_exit(rig, RIG_DEVICE, false), EMULATE_BAD);
        assert_int_equal(rig->context.failed.address, RIG_DEVICE_GPA);
        assert_int_equal(rig->context.failed.size, 4);
        assert_memory_equal(rig->guest.gprs, before.gprs, sizeof(before.gprs));
        assert_int_equal(rig->guest.regs[GUEST_RIP], RIG_CODE);
        assert_int_equal(rig->guest.faults, 0);
    }
    RIG_CODE_AT(rig, 0, "\x01\x07"); /* add [rdi], eax */
    before = rig->guest;
    assert_int_equal(rig_exit(rig, RIG_DEVICE, true), EMULATE_BAD);
    assert_memory_equal(rig->guest.gprs, before.gprs, sizeof(before.gprs));
    assert_int_equal(rig->guest.regs[GUEST_RFLAGS], 2);
}

static void operand_faults(void **state)
{
    struct rig *rig = *state;

    RIG_CODE_AT(rig, 0, "\x89\x07"); /* mov [rdi], eax */
    rig->guest.gprs[GPR_RDI] = RIG_DATA + 0x2000;
    rig_expect_fault(rig, 14, 0x2);
    assert_int_equal(rig->guest.linear, RIG_DATA + 0x2000);
    rig->guest.gprs[GPR_RDI] = 0x0000800000000000;
    rig_expect_fault(rig, 13, 0);
    rig->guest.gprs[GPR_RDI] =
        0x00007ffffffffffe; /* its end is not canonical */
    rig_expect_fault(rig, 13, 0);
    RIG_CODE_AT(rig, 0, "\x89\x45\x00"); /* mov [rbp], eax */
    rig->guest.gprs[GPR_RBP] = 0xffff7fffffffffff;
    rig_expect_fault(rig, 12, 0);
    RIG_CODE_AT(rig, 0, "\x64\x89\x45\x00"); /* mov fs:[rbp], eax */
    rig->guest.regs[GUEST_FS_BASE] = ~0xfffULL;
    rig_expect_fault(rig, 13, 0);
    /* Read-modify-write needs write rights though it reads first. */
    *entry_of(rig, RIG_DATA) &= ~2ULL;
    rig->guest.gprs[GPR_RDI] = RIG_DATA;
    RIG_CODE_AT(rig, 0, "\x01\x07");
    rig_expect_fault(rig, 14, 0x3);
    RIG_CODE_AT(rig, 0, "\x39\x07"); /* cmp [rdi], eax */
    assert_int_equal(rig_run(rig), EMULATE_DONE);
}

static void user_code_faults_on_supervisor_pages(void **state)
{
    struct rig *rig = *state;
    uint64_t table = RIG_ROOT;

    for (unsigned shift = 39; shift >= 12; shift -= 9) {
        uint64_t *entry = guest_memory_range(
            &rig->memory, gpa(table + (RIG_CODE >> shift & 511) * 8), 8);

        *entry |= PTE_US;
        table = *entry & 0xffffffffff000;
    }
    rig->guest.regs[GUEST_SS_RIGHTS] |= 3 << 5;
    rig->guest.gprs[GPR_RDI] = RIG_DATA;
    RIG_CODE_AT(rig, 0, "\x89\x07");
    rig_expect_fault(rig, 14, 0x7);
    /* The exit's word is taken for the page that it names, not for others. */
    rig->guest.gprs[GPR_RDI] = RIG_DEVICE;
    assert_int_equal(rig_exit(rig, RIG_DEVICE, true), EMULATE_DONE);
    rig->guest.regs[GUEST_RIP] = RIG_CODE;
    rig->guest.gprs[GPR_RDI] = RIG_DEVICE + 0x1000;
    assert_int_equal(rig_exit(rig, RIG_DEVICE, true), EMULATE_FAULT);
    assert_int_equal(rig->guest.error_code, 0x7);
    /* Nor is the word on a read good for a write. */
    rig->guest.gprs[GPR_RDI] = RIG_DEVICE;
    assert_int_equal(rig_exit(rig, RIG_DEVICE, false), EMULATE_FAULT);
    assert_int_equal(rig->guest.error_code, 0x7);
    assert_int_equal(rig->count, 0);
}

static void crossing_write_is_whole_or_not_at_all(void **state)
{
    struct rig *rig = *state;
    uint8_t *end = rig_ram(rig, RIG_DATA_GPA + 0x1ffc);

    RIG_CODE_AT(rig, 0, "\x48\x89\x07"); /* mov [rdi], rax */
    rig->guest.gprs[GPR_RAX] = 0x1122334455667788;
    rig->guest.gprs[GPR_RDI] = RIG_DATA + 0x1ffc;
    rig_expect_fault(rig, 14, 0x2);
    assert_int_equal(rig->guest.linear, RIG_DATA + 0x2000);
    assert_int_equal(*end, 0);
    rig->guest.gprs[GPR_RDI] = RIG_DATA + 0xffb;
    assert_int_equal(rig_run(rig), EMULATE_DONE);
    assert_memory_equal(rig_ram(rig, RIG_DATA_GPA + 0xffb),
                        "\x88\x77\x66\x55\x44\x33\x22\x11", 8);
}

static void crossing_device_access_is_split(void **state)
{
    struct rig *rig = *state;
    static const struct access expected[] = {
        {RIG_DEVICE_GPA + 0xffd, 0x88, 1, true, NULL},
        {RIG_DEVICE_GPA + 0xffe, 0x6677, 2, true, NULL},
        {RIG_DEVICE_GPA + 0x1000, 0x22334455, 4, true, NULL},
        {RIG_DEVICE_GPA + 0x1004, 0x11, 1, true, NULL},
    };

    RIG_CODE_AT(rig, 0, "\x48\x89\x07");
    rig->guest.gprs[GPR_RAX] = 0x1122334455667788;
    rig->guest.gprs[GPR_RDI] = RIG_DEVICE + 0xffd;
    assert_int_equal(rig_exit(rig, RIG_DEVICE + 0xffd, true), EMULATE_DONE);
    assert_int_equal(rig->count, 4);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(rig->log[i].address, expected[i].address);
        assert_int_equal(rig->log[i].value, expected[i].value);
        assert_int_equal(rig->log[i].size, expected[i].size);
    }
    /* Unaligned within a page stays one access. */
    rig->guest.regs[GUEST_RIP] = RIG_CODE;
    rig->guest.gprs[GPR_RDI] = RIG_DEVICE + 0x103;
    assert_int_equal(rig_exit(rig, RIG_DEVICE + 0x103, true), EMULATE_DONE);
    assert_int_equal(rig->count, 1);
    assert_int_equal(rig->log[0].size, 8);
}

static void fetch_crosses_pages_only_if_it_must(void **state)
{
    struct rig *rig = *state;

    rig->guest.gprs[GPR_RDI] = RIG_DEVICE;
    /* The last two bytes of the last page that is mapped. */
    RIG_CODE_AT(rig, 0x1ffe, "\x8b\x07");
    assert_int_equal(rig_exit(rig, RIG_DEVICE, false), EMULATE_DONE);
    assert_int_equal(rig->context.code.fetched, 2);
    /* Three bytes: the third is on the next page. */
    RIG_CODE_AT(rig, 0x1ffe, "\x8b\x47\x04");
    rig_expect_fault(rig, 14, 0x10);
    assert_int_equal(rig->guest.linear, RIG_CODE + 0x2000);
    RIG_CODE_AT(rig, 0xfff, "\x8b\x47\x04");
    assert_int_equal(rig_exit(rig, RIG_DEVICE, false), EMULATE_DONE);
    assert_int_equal(rig->log[0].address, RIG_DEVICE_GPA + 4);
    /* Not executable. */
    *entry_of(rig, RIG_CODE) |= 1ULL << 63;
    RIG_CODE_AT(rig, 0, "\x8b\x07");
    rig_expect_fault(rig, 14, 0x11);
    rig->guest.regs[GUEST_RIP] = RIG_CODE + 0x5000;
    rig_expect_fault(rig, 14, 0x10);
}

static void unknown_instruction_is_ud(void **state)
{
    struct rig *rig = *state;

    RIG_CODE_AT(rig, 0, "\x0f\x6f\x07\x90"); /* movq mm0, [rdi] */
    assert_int_equal(rig_run(rig), EMULATE_UNSUPPORTED);
    assert_int_equal(rig->guest.vector, 6);
    assert_int_equal(rig->context.code.fetched, 15);
    assert_memory_equal(rig->context.code.bytes, "\x0f\x6f\x07\x90", 4);
    RIG_CODE_AT(rig, 0, "\xf0\x8b\x07"); /* lock mov */
    assert_int_equal(rig_run(rig), EMULATE_UNSUPPORTED);
    RIG_CODE_AT(rig, 0, "\x6c"); /* insb is not for memory exits */
    assert_int_equal(rig_run(rig), EMULATE_UNSUPPORTED);
    assert_int_equal(rig->count, 0);
    memset(rig_ram(rig, RIG_CODE_GPA), 0x66, 16);
    rig_expect_fault(rig, 13, 0);
    rig->guest.dead = true;
    assert_int_equal(rig_run(rig), EMULATE_TRIPLE);
}

static void tables_outside_ram_are_bad(void **state)
{
    struct rig *rig = *state;

    RIG_CODE_AT(rig, 0, "\x8b\x07");
    rig->guest.regs[GUEST_CR3] = 0xfee00000;
    assert_int_equal(rig_run(rig), EMULATE_BAD);
    assert_int_equal(rig->context.failed.address, 0xfee00ff8);
    assert_int_equal(rig->guest.faults, 0);
}

/* The short cut may not use what is no longer so. */
static void short_cut_sees_changes(void **state)
{
    struct rig *rig = *state;
    uint64_t other = 0xa0000;

    rig->guest.gprs[GPR_RDI] = RIG_DEVICE + 0x70;
    RIG_CODE_AT(rig, 0x40, "\x8b\x07\x90");
    assert_int_equal(rig_exit(rig, RIG_DEVICE + 0x70, false), EMULATE_DONE);
    rig->guest.regs[GUEST_RIP] = RIG_CODE + 0x40;
    rig->guest.reads = 0;
    assert_int_equal(rig_exit(rig, RIG_DEVICE + 0x70, false), EMULATE_DONE);
    assert_int_equal(rig->guest.reads, 2); /* it is taken: RIP and CR3 */
    /* Other bytes. */
    RIG_CODE_AT(rig, 0x40, "\x8b\x4f\x04"); /* mov ecx, [rdi+4] */
    assert_int_equal(rig_exit(rig, RIG_DEVICE + 0x74, false), EMULATE_DONE);
    assert_int_equal(rig->log[0].address, RIG_DEVICE_GPA + 0x74);
    assert_int_equal(rig->guest.gprs[GPR_RCX], 0x44332211);
    /* Another page behind the same address. */
    memcpy(rig_ram(rig, other + 0x40), "\x8a\x57\x02", 3); /* mov dl, [rdi+2] */
    *entry_of(rig, RIG_CODE) = other | 0x23;
    rig->guest.regs[GUEST_RIP] = RIG_CODE + 0x40;
    assert_int_equal(rig_exit(rig, RIG_DEVICE + 0x72, false), EMULATE_DONE);
    assert_int_equal(rig->log[0].size, 1);
    assert_int_equal(rig->guest.gprs[GPR_RDX], 0x11);
    /* Another operand than the exit's: not mapped. */
    rig->guest.regs[GUEST_RIP] = RIG_CODE + 0x40;
    rig->guest.gprs[GPR_RDI] = RIG_DATA + 0x5000;
    assert_int_equal(rig_exit(rig, RIG_DEVICE + 0x72, false), EMULATE_FAULT);
    assert_int_equal(rig->guest.vector, 14);
    /* The operand is in RAM by now. */
    rig->guest.gprs[GPR_RDI] = RIG_DATA;
    *rig_ram(rig, RIG_DATA_GPA + 2) = 0x99;
    assert_int_equal(rig_exit(rig, RIG_DEVICE + 0x72, false), EMULATE_DONE);
    assert_int_equal(rig->guest.gprs[GPR_RDX], 0x99);
    assert_int_equal(rig->count, 0);
    /* Another address space, where the page is not there. */
    rig->guest.regs[GUEST_RIP] = RIG_CODE + 0x40;
    rig->guest.regs[GUEST_CR3] = 0x3000;
    assert_int_equal(rig_exit(rig, RIG_DEVICE + 0x72, false), EMULATE_FAULT);
    assert_int_equal(rig->guest.error_code, 0x10);
}

static void fetch_for_reports_has_no_effect(void **state)
{
    struct rig *rig = *state;
    struct emulate_code code;

    RIG_CODE_AT(rig, 0x1ffd, "\x8b\x47\x04");
    *entry_of(rig, RIG_CODE + 0x1000) &= ~0x20ULL; /* A */
    rig->context.space = (struct walk_space){&rig->guest, &rig->memory, 46};
    emulate_fetch(&rig->context, &code);
    assert_int_equal(code.fetched, 3);
    assert_int_equal(code.length, 3);
    assert_memory_equal(code.bytes, "\x8b\x47\x04", 3);
    assert_int_equal(*entry_of(rig, RIG_CODE + 0x1000) & 0x20, 0);
    rig->guest.regs[GUEST_RIP] = RIG_CODE + 0x5000;
    emulate_fetch(&rig->context, &code);
    assert_int_equal(code.fetched, 0);
    assert_int_equal(code.length, 0);
    assert_int_equal(rig->guest.faults, 0);
}

#define INCREMENTS 50000

struct racer {
    struct rig *rig;
    struct guest guest;
    unsigned restarts;
};

static void *increment(void *argument)
{
    struct racer *racer = argument;

    for (unsigned i = 0; i < INCREMENTS;) {
        struct emulate_context context = {
            .space = {&racer->guest, &racer->rig->memory, 46}};

        racer->guest.regs[GUEST_RIP] = RIG_CODE;
        if (emulate_run(&context) == EMULATE_DONE) {
            i++;
        } else {
            racer->restarts++;
        }
    }
    return NULL;
}

/* Two processors count in one word of RAM: no increment is lost. */
static void locked_operations_on_ram_are_atomic(void **state)
{
    struct rig *rig = *state;
    struct racer racers[2];
    pthread_t threads[2];
    uint32_t sum = 0;

    RIG_CODE_AT(rig, 0, "\xf0\xff\x07"); /* lock inc dword [rdi] */
    rig->guest.gprs[GPR_RDI] = RIG_DATA;
    for (unsigned i = 0; i < 2; i++) {
        racers[i] = (struct racer){.rig = rig, .guest = rig->guest};
        assert_int_equal(
            pthread_create(&threads[i], NULL, increment, &racers[i]), 0);
    }
    for (unsigned i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    memcpy(&sum, rig_ram(rig, RIG_DATA_GPA), sizeof(sum));
    assert_int_equal(sum, 2 * INCREMENTS);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(device_read_and_write),
        TEST(refused_access_changes_nothing),
        TEST(operand_faults),
        TEST(user_code_faults_on_supervisor_pages),
        TEST(crossing_write_is_whole_or_not_at_all),
        TEST(crossing_device_access_is_split),
        TEST(fetch_crosses_pages_only_if_it_must),
        TEST(unknown_instruction_is_ud),
        TEST(tables_outside_ram_are_bad),
        TEST(short_cut_sees_changes),
        TEST(fetch_for_reports_has_no_effect),
        TEST(locked_operations_on_ram_are_atomic),
    };

    return cmocka_run_group_tests_name("emulate", tests, NULL, NULL) +
           emulate_modes_run();
}
