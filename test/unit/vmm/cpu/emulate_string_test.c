/* The emulator's string instructions: repetition and where it stops, elements
 * between devices and RAM, ports. */
#include <setjmp.h>

#include "test/unit/support/emulate_rig.h"

#include <cmocka.h>

static void repeat_is_bounded_and_resumes(void **state)
{
    struct rig *rig = *state;

    RIG_CODE_AT(rig, 0, "\xf3\xab"); /* rep stosd */
    rig->guest.gprs[GPR_RDI] = RIG_DEVICE;
    rig->guest.gprs[GPR_RCX] = 300;
    rig->guest.gprs[GPR_RAX] = 0x5a5a5a5a;
    assert_int_equal(rig_exit(rig, RIG_DEVICE, true), EMULATE_RESTART);
    assert_int_equal(rig->count, 256);
    assert_int_equal(rig->guest.gprs[GPR_RCX], 44);
    assert_int_equal(rig->guest.gprs[GPR_RDI], RIG_DEVICE + 1024);
    assert_int_equal(rig->guest.regs[GUEST_RIP], RIG_CODE);
    assert_int_equal(rig->guest.skips, 0);
    assert_int_equal(rig_exit(rig, RIG_DEVICE + 1024, true), EMULATE_DONE);
    assert_int_equal(rig->count, 44);
    assert_int_equal(rig->guest.gprs[GPR_RCX], 0);
    assert_int_equal(rig->guest.regs[GUEST_RIP], RIG_CODE + 2);
    /* A fault in the middle keeps what has been done. */
    RIG_CODE_AT(rig, 0, "\xf3\xab");
    rig->guest.gprs[GPR_RDI] = RIG_DATA + 0x1ff8;
    rig->guest.gprs[GPR_RCX] = 5;
    assert_int_equal(rig_run(rig), EMULATE_FAULT);
    assert_int_equal(rig->guest.linear, RIG_DATA + 0x2000);
    assert_int_equal(rig->guest.gprs[GPR_RCX], 3);
    assert_int_equal(rig->guest.gprs[GPR_RDI], RIG_DATA + 0x2000);
    assert_int_equal(rig->guest.regs[GUEST_RIP], RIG_CODE);
}

static void single_step_stops_after_each_element(void **state)
{
    struct rig *rig = *state;

    RIG_CODE_AT(rig, 0, "\xf3\xaa"); /* rep stosb */
    rig->guest.regs[GUEST_RFLAGS] |= 0x100;
    rig->guest.gprs[GPR_RDI] = RIG_DEVICE;
    rig->guest.gprs[GPR_RCX] = 2;
    assert_int_equal(rig_exit(rig, RIG_DEVICE, true), EMULATE_RESTART);
    assert_int_equal(rig->count, 1);
    assert_int_equal(rig->guest.skips, 1);
    assert_int_equal(rig->guest.skipped, 0);
    assert_int_equal(rig_exit(rig, RIG_DEVICE + 1, true), EMULATE_DONE);
    assert_int_equal(rig->guest.skipped, 2);
}

static void movs_between_device_and_ram(void **state)
{
    struct rig *rig = *state;

    RIG_CODE_AT(rig, 0, "\xf3\xa5"); /* rep movsd */
    rig->guest.gprs[GPR_RSI] = RIG_DEVICE + 8;
    rig->guest.gprs[GPR_RDI] = RIG_DATA;
    rig->guest.gprs[GPR_RCX] = 2;
    assert_int_equal(rig_exit(rig, RIG_DEVICE + 8, false), EMULATE_DONE);
    assert_int_equal(rig->count, 2);
    assert_int_equal(rig->log[1].address, RIG_DEVICE_GPA + 12);
    assert_memory_equal(rig_ram(rig, RIG_DATA_GPA),
                        "\x11\x22\x33\x44\x11\x22\x33\x44", 8);
}

static enum emulate_result string_io(struct rig *rig, bool in, uint8_t size)
{
    rig->count = 0;
    rig->context =
        (struct emulate_context){.space = {&rig->guest, &rig->memory, 46},
                                 .device = rig_device,
                                 .device_context = rig};
    return emulate_string_io(&rig->context, in, size, rig_device, rig);
}

static void string_io_moves_between_port_and_memory(void **state)
{
    struct rig *rig = *state;

    rig->guest.gprs[GPR_RDX] = 0x1f0;
    rig->guest.gprs[GPR_RCX] = 3;
    rig->guest.gprs[GPR_RDI] = RIG_DATA + 0xfff; /* across pages */
    RIG_CODE_AT(rig, 0, "\x66\xf3\x6d");         /* rep insw */
    assert_int_equal(string_io(rig, true, 2), EMULATE_DONE);
    assert_int_equal(rig->count, 3);
    assert_int_equal(rig->log[0].address, 0x1f0);
    assert_int_equal(rig->log[0].size, 2);
    assert_memory_equal(rig_ram(rig, RIG_DATA_GPA + 0xfff),
                        "\x11\x22\x11\x22\x11\x22", 6);
    assert_int_equal(rig->guest.regs[GUEST_RIP], RIG_CODE + 3);
    assert_int_equal(rig->guest.gprs[GPR_RDI], RIG_DATA + 0x1005);
    rig->guest.gprs[GPR_RSI] = RIG_DATA + 0x1000;
    RIG_CODE_AT(rig, 0, "\x6e"); /* outsb */
    assert_int_equal(string_io(rig, false, 1), EMULATE_DONE);
    assert_true(rig->log[0].write);
    assert_int_equal(rig->log[0].value, 0x22);
    /* A fault comes before the port is touched. */
    rig->guest.gprs[GPR_RDI] = RIG_DATA + 0x2000;
    RIG_CODE_AT(rig, 0, "\x6c");
    assert_int_equal(string_io(rig, true, 1), EMULATE_FAULT);
    assert_int_equal(rig->guest.error_code, 2);
    assert_int_equal(rig->count, 0);
    /* Bytes that are not what the processor saw. */
    RIG_CODE_AT(rig, 0, "\x6d");
    assert_int_equal(string_io(rig, true, 1), EMULATE_RESTART);
    RIG_CODE_AT(rig, 0, "\x6e");
    assert_int_equal(string_io(rig, true, 1), EMULATE_RESTART);
    RIG_CODE_AT(rig, 0, "\x8b\x07");
    assert_int_equal(string_io(rig, true, 1), EMULATE_RESTART);
    assert_int_equal(rig->count, 0);
}

/* A serial line takes its time for each, with everybody waiting. */
static void a_port_gets_few_at_a_time(void **state)
{
    struct rig *rig = *state;

    rig->guest.gprs[GPR_RDX] = 0x3f8;
    rig->guest.gprs[GPR_RCX] = 40;
    rig->guest.gprs[GPR_RSI] = RIG_DATA;
    RIG_CODE_AT(rig, 0, "\xf3\x6e"); /* rep outsb */
    assert_int_equal(string_io(rig, false, 1), EMULATE_RESTART);
    assert_int_equal(rig->count, 16);
    assert_int_equal(rig->guest.gprs[GPR_RCX], 24);
    assert_int_equal(rig->guest.regs[GUEST_RIP], RIG_CODE);
    assert_int_equal(string_io(rig, false, 1), EMULATE_RESTART);
    assert_int_equal(string_io(rig, false, 1), EMULATE_DONE);
    assert_int_equal(rig->count, 8);
    assert_int_equal(rig->guest.gprs[GPR_RSI], RIG_DATA + 40);
    assert_int_equal(rig->guest.regs[GUEST_RIP], RIG_CODE + 2);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(repeat_is_bounded_and_resumes),
        TEST(single_step_stops_after_each_element),
        TEST(movs_between_device_and_ram),
        TEST(string_io_moves_between_port_and_memory),
        TEST(a_port_gets_few_at_a_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
