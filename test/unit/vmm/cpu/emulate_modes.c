/* The emulator outside 64-bit mode: segments, 16-bit addresses, stacks. */
#include <setjmp.h>
#include <string.h>

#include "test/unit/support/emulate_rig.h"

#include <cmocka.h>

/* Instruction bytes at physical 0x8000 + offset of the code segment. */
static void code_at(struct rig *rig, uint64_t physical, uint64_t rip,
                    const char *bytes, size_t length)
{
    memcpy(rig_ram(rig, physical), bytes, length);
    rig->guest.regs[GUEST_RIP] = rip;
}
#define CODE(rig, physical, rip, bytes)                                        \
    code_at(rig, physical, rip, bytes, sizeof(bytes) - 1)

static void set_segment(struct rig *rig, unsigned segment, uint64_t base,
                        uint64_t limit, uint64_t rights)
{
    rig->guest.regs[GUEST_ES_BASE + segment] = base;
    rig->guest.regs[GUEST_ES_LIMIT + segment] = limit;
    rig->guest.regs[GUEST_ES_RIGHTS + segment] = rights;
}

static void real_mode(void **state)
{
    struct rig *rig = *state;

    guest_fake_real(&rig->guest);
    set_segment(rig, 1, 0x20000, 0xffff, 0x9b);
    set_segment(rig, 3, 0x30000, 0xffff, 0x93);
    set_segment(rig, 2, 0x40000, 0xffff, 0x93);
    CODE(rig, 0x20100, 0x100, "\x89\x40\x10"); /* mov [bx+si+16], ax */
    rig->guest.gprs[GPR_RBX] = 0xaaaa00000000fff8;
    rig->guest.gprs[GPR_RSI] = 0x18; /* wraps at 64 KiB: 0x20 */
    rig->guest.gprs[GPR_RAX] = 0x1234;
    assert_int_equal(rig_run(rig), EMULATE_DONE);
    assert_memory_equal(rig_ram(rig, 0x30020), "\x34\x12", 2);
    assert_int_equal(rig->guest.regs[GUEST_RIP], 0x103);
    CODE(rig, 0x20100, 0x100, "\x66\x89\x46\xfe"); /* mov [bp-2], eax */
    rig->guest.gprs[GPR_RBP] = 0x102;
    assert_int_equal(rig_run(rig), EMULATE_DONE);
    assert_memory_equal(rig_ram(rig, 0x40100), "\x34\x12\x00\x00", 4);
    /* Beyond the limit: #SS by BP, #GP by others. */
    rig->guest.gprs[GPR_RBP] = 0;
    rig->guest.regs[GUEST_RIP] = 0x100;
    rig_expect_fault(rig, 12, 0);
    CODE(rig, 0x20100, 0x100, "\xa1\xff\xff"); /* mov ax, [0xffff] */
    rig_expect_fault(rig, 13, 0);
    /* Code segments are writable in real mode. */
    CODE(rig, 0x20100, 0x100, "\x2e\xc6\x06\x00\x02\x77");
    assert_int_equal(rig_run(rig), EMULATE_DONE);
    assert_int_equal(*rig_ram(rig, 0x20200), 0x77);
    /* Four gigabytes of limit ("unreal mode"), 32-bit addresses. */
    set_segment(rig, 3, 0, 0xffffffff, 0x93);
    CODE(rig, 0x20100, 0x100, "\x67\x66\x8b\x03"); /* mov eax, [ebx] */
    rig->guest.gprs[GPR_RBX] = RIG_DEVICE_GPA + 4;
    assert_int_equal(rig_run(rig), EMULATE_DONE);
    assert_int_equal(rig->log[0].address, RIG_DEVICE_GPA + 4);
    assert_int_equal(rig->guest.gprs[GPR_RAX], 0x44332211);
    /* The code segment ends inside the instruction. */
    set_segment(rig, 1, 0x20000, 0x101, 0x9b);
    rig_expect_fault(rig, 13, 0);
}

static void real_mode_stack(void **state)
{
    struct rig *rig = *state;

    guest_fake_real(&rig->guest);
    set_segment(rig, 2, 0x40000, 0xffff, 0x93);
    memcpy(rig_ram(rig, 0x300), "\xcd\xab", 2);
    CODE(rig, 0x100, 0x100, "\xff\x36\x00\x03"); /* push word [0x300] */
    rig->guest.gprs[GPR_RSP] = 0xffff0000;       /* SP wraps; ESP's top stays */
    assert_int_equal(rig_run(rig), EMULATE_DONE);
    assert_int_equal(rig->guest.gprs[GPR_RSP], 0xfffffffe);
    assert_memory_equal(rig_ram(rig, 0x4fffe), "\xcd\xab", 2);
    CODE(rig, 0x100, 0x100, "\x8f\x06\x10\x03"); /* pop word [0x310] */
    assert_int_equal(rig_run(rig), EMULATE_DONE);
    assert_int_equal(rig->guest.gprs[GPR_RSP], 0xffff0000);
    assert_memory_equal(rig_ram(rig, 0x310), "\xcd\xab", 2);
}

static void protected_mode_segments(void **state)
{
    struct rig *rig = *state;

    guest_fake_flat32(&rig->guest);
    CODE(rig, 0x5000, 0x5000, "\x89\x03"); /* mov [ebx], eax */
    rig->guest.gprs[GPR_RAX] = 0xcafef00d;
    rig->guest.gprs[GPR_RBX] = 0xffffffff00001ffc;
    set_segment(rig, 3, 0x1000, 0x1fff, 0x4093);
    assert_int_equal(rig_run(rig), EMULATE_DONE);
    assert_memory_equal(rig_ram(rig, 0x2ffc), "\x0d\xf0\xfe\xca", 4);
    rig->guest.regs[GUEST_RIP] = 0x5000;
    rig->guest.gprs[GPR_RBX]++; /* the last byte is over the limit */
    rig_expect_fault(rig, 13, 0);
    set_segment(rig, 3, 0x1000, 0x1fff, 0x4097); /* expands down: above it */
    rig_expect_fault(rig, 13, 0);
    rig->guest.gprs[GPR_RBX] = 0x2000;
    assert_int_equal(rig_run(rig), EMULATE_DONE);
    rig->guest.regs[GUEST_RIP] = 0x5000;
    rig->guest.gprs[GPR_RBX] = 0x10000;
    set_segment(rig, 3, 0x1000, 0x1fff, 0x0097); /* 16-bit: ends at 64 KiB */
    rig_expect_fault(rig, 13, 0);
    rig->guest.gprs[GPR_RBX] = 0x100;
    set_segment(rig, 3, 0, 0xffffffff, 0xc091); /* read only */
    rig_expect_fault(rig, 13, 0);
    set_segment(rig, 3, 0, 0xffffffff, 0x1c093); /* a null selector */
    rig_expect_fault(rig, 13, 0);
    set_segment(rig, 3, 0, 0xffffffff, 0xc09b); /* code, readable */
    rig_expect_fault(rig, 13, 0);
    CODE(rig, 0x5000, 0x5000, "\x8b\x03"); /* mov eax, [ebx] */
    assert_int_equal(rig_run(rig), EMULATE_DONE);
    rig->guest.regs[GUEST_RIP] = 0x5000;
    set_segment(rig, 3, 0, 0xffffffff, 0xc099); /* code, execute only */
    rig_expect_fault(rig, 13, 0);
    /* Linear addresses wrap at 4 GiB. */
    set_segment(rig, 3, 0xfffff000, 0xffffffff, 0xc093);
    rig->guest.gprs[GPR_RBX] = 0x3ffc;
    assert_int_equal(rig_run(rig), EMULATE_DONE);
    assert_int_equal(rig->guest.gprs[GPR_RAX], 0xcafef00d);
}

static void protected_mode_strings_and_stack(void **state)
{
    struct rig *rig = *state;

    guest_fake_flat32(&rig->guest);
    set_segment(rig, 0, 0x1000, 0xffff, 0x4093); /* ES */
    set_segment(rig, 4, 0x2000, 0xffff, 0x4093); /* FS */
    memcpy(rig_ram(rig, 0x2010), "lintel", 6);
    CODE(rig, 0x5000, 0x5000, "\x64\xf3\xa4"); /* rep movsb from fs:[esi] */
    rig->guest.gprs[GPR_RSI] = 0x10;
    rig->guest.gprs[GPR_RDI] = 0x20;
    rig->guest.gprs[GPR_RCX] = 6;
    assert_int_equal(rig_run(rig), EMULATE_DONE);
    assert_memory_equal(rig_ram(rig, 0x1020), "lintel", 6);
    CODE(rig, 0x5000, 0x5000, "\xff\x35\x10\x20\x00\x00"); /* push [0x2010] */
    rig->guest.gprs[GPR_RSP] = 0x7004;
    assert_int_equal(rig_run(rig), EMULATE_DONE);
    assert_int_equal(rig->guest.gprs[GPR_RSP], 0x7000);
    assert_memory_equal(rig_ram(rig, 0x7000), "lint", 4);
    /* The stack faults first, and as a stack. */
    rig->guest.regs[GUEST_RIP] = 0x5000;
    set_segment(rig, 2, 0, 0x6ffe, 0x4093);
    rig_expect_fault(rig, 12, 0);
}

static void compatibility_mode(void **state)
{
    struct rig *rig = *state;

    /* 32-bit code under 4-level paging. */
    guest_fake_map(&rig->memory, RIG_ROOT, &rig->next, 0x5000, RIG_CODE_GPA,
                   0x63);
    rig->guest.regs[GUEST_CS_RIGHTS] = 0xc09b;
    memcpy(rig_ram(rig, RIG_CODE_GPA), "\x40", 1); /* inc eax: no memory */
    rig->guest.regs[GUEST_RIP] = 0x5000;
    assert_int_equal(rig_run(rig), EMULATE_UNSUPPORTED);
    memcpy(rig_ram(rig, RIG_CODE_GPA), "\xa3\x10\x50\x00\x00", 5);
    rig->guest.gprs[GPR_RAX] = 0x11223344;
    assert_int_equal(rig_run(rig), EMULATE_DONE);
    assert_memory_equal(rig_ram(rig, RIG_CODE_GPA + 0x10), "\x44\x33\x22\x11",
                        4);
}

/* The same bytes at the same place in two modes: the short cut, which knows the
 * 64-bit meaning, must not be taken in 32-bit code. */
static void short_cut_knows_the_mode(void **state)
{
    struct rig *rig = *state;

    guest_fake_map(&rig->memory, RIG_ROOT, &rig->next, 0x5000, RIG_CODE_GPA,
                   0x63);
    guest_fake_map(&rig->memory, RIG_ROOT, &rig->next, 0x6000, RIG_DEVICE_GPA,
                   0x63);
    /* mov eax, [rip + 0xff0]; mov eax, [0xff0] */
    memcpy(rig_ram(rig, RIG_CODE_GPA), "\x8b\x05\x00\x60\x00\x00", 6);
    guest_fake_map(&rig->memory, RIG_ROOT, &rig->next, 0xb000, RIG_DEVICE_GPA,
                   0x63);
    for (unsigned i = 0; i < 4; i++) {
        bool wide = i < 2;

        rig->guest.regs[GUEST_CS_RIGHTS] = wide ? 0xa09b : 0xc09b;
        rig->guest.regs[GUEST_RIP] = 0x5000;
        rig->context.hint_valid = false;
        assert_int_equal(rig_exit(rig, RIG_DEVICE, false), EMULATE_DONE);
        assert_int_equal(rig->count, 1);
        assert_int_equal(rig->log[0].address, RIG_DEVICE_GPA + (wide ? 6 : 0));
    }
}

int emulate_modes_run(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(real_mode),
        TEST(real_mode_stack),
        TEST(protected_mode_segments),
        TEST(protected_mode_strings_and_stack),
        TEST(compatibility_mode),
        TEST(short_cut_knows_the_mode),
    };

    return cmocka_run_group_tests_name("emulate_modes", tests, NULL, NULL);
}
