/* A local APIC's modes: by page or by MSR, off and on again, and what each
 * refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch/msr.h"
#include "test/unit/support/lapic_rig.h"

static void test_mode_changes(void **state)
{
    static const uint32_t modes[] = {0, EN, EN | EXTD, EXTD};
    /* legal[from][to]; EXTD alone can not be entered, so not left. */
    static const bool legal[3][4] = {{true, true, false, false},
                                     {true, true, true, false},
                                     {true, false, true, false}};

    (void)state;
    for (unsigned from = 0; from < 3; from++) {
        for (unsigned to = 0; to < 4; to++) {
            lapic_init(cpu0, &rig.bus, &rig.vcpus[0], 0, true);
            if (from == 0) {
                assert_true(lapic_base_write(cpu0, LAPIC_BASE));
            } else {
                assert_true(lapic_base_write(cpu0, LAPIC_BASE | modes[from]));
            }
            assert_int_equal(lapic_base_write(cpu0, LAPIC_BASE | modes[to]),
                             legal[from][to]);
            assert_true(lapic_valid(cpu0));
            assert_int_equal(lapic_base_read(cpu0),
                             LAPIC_BASE | APIC_BASE_BSP |
                                 modes[legal[from][to] ? to : from]);
        }
    }
}

static void test_base_refusals(void **state)
{
    (void)state;
    assert_false(lapic_base_write(cpu0, 0xfee01000 | EN));
    assert_false(lapic_base_write(cpu0, 1ULL << 36 | LAPIC_BASE | EN));
    assert_false(lapic_base_write(cpu0, LAPIC_BASE | EN | 1));
    assert_false(lapic_base_write(cpu0, LAPIC_BASE | EN | 1U << 9));
    assert_true(lapic_base_write(&rig.lapics[1], LAPIC_BASE | EN | 1U << 8));
    assert_int_equal(lapic_base_read(&rig.lapics[1]), LAPIC_BASE | EN);
}

/* The page is not there: reads give ones, writes are lost, and the machine is
 * told of each access. */
static void assert_no_page(unsigned offset)
{
    unsigned before = rig.vcpus[0].told;
    unsigned accesses = 0;

    for (uint8_t size = 1; size <= 8; size *= 2) {
        struct access read = {.address = offset, .size = size};
        struct access write = {.address = offset, .size = size, .write = true};

        assert_int_equal(lapic_access(cpu0, &read), ACCESS_HANDLED);
        assert_int_equal(read.value, UINT64_MAX >> (64 - 8 * size));
        assert_int_equal(lapic_access(cpu0, &write), ACCESS_HANDLED);
        accesses += 2;
    }
    assert_int_equal(rig.vcpus[0].told, before + accesses);
}

static void test_globally_disabled(void **state)
{
    (void)state;
    rig_receive(0x50);
    rig_write_page(cpu0, 0x350, 0x10700);
    assert_true(lapic_base_write(cpu0, LAPIC_BASE));
    assert_no_page(0x30);
    assert_no_page(0xf0);
    assert_no_page(0xff8);
    assert_int_equal(apic_waiting(cpu0), -1);
    assert_false(lapic_receive(cpu0, APIC_NMI, 0, false));
    /* INTR goes straight to the processor. */
    pic_set_irq(&rig.pic, 0, true);
    assert_true(lapic_extint_ready(cpu0));
    assert_true(lapic_base_write(cpu0, LAPIC_BASE | EN));
    assert_int_equal(rig_read_page(cpu0, 0xf0), 0xff);
    assert_int_equal(rig_read_page(cpu0, 0x220), 0);
}

static void test_x2apic_keeps_state(void **state)
{
    (void)state;
    rig_receive(0x50);
    rig_write_page(cpu0, 0x80, 0x20);
    assert_int_equal(rig.vcpus[0].told, 0);
    rig_go_x2apic();
    assert_no_page(0x30);
    assert_no_page(0x80);
    assert_int_equal(apic_waiting(cpu0), 0x50);
    assert_int_equal(rig_get(cpu0, 0x808), 0x20);
    assert_int_equal(rig_get(&rig.lapics[19], 0x802), 19);
}

/* Which MSRs there are, in which direction (SDM 3A Table 11-6). */
static void test_msr_rights(void **state)
{
    (void)state;
    for (uint32_t msr = 0x7f0; msr < 0x910; msr++) {
        uint64_t value = 0;
        uint32_t n = msr - 0x800;
        bool both = n == 0x08 || n == 0x0f || n == 0x28 || n == 0x30 ||
                    (n >= 0x32 && n <= 0x38) || n == 0x3e;
        bool read = n == 0x02 || n == 0x03 || n == 0x0a || n == 0x0d ||
                    (n >= 0x10 && n <= 0x27) || n == 0x39;
        bool write = n == 0x0b || n == 0x3f;

        rig_setup(NULL);
        assert_false(lapic_msr_read(cpu0, msr, &value));
        assert_false(lapic_msr_write(cpu0, msr, 0));
        rig_go_x2apic();
        assert_int_equal(apic_rdmsr(cpu0, msr, &value), both || read);
        assert_int_equal(apic_wrmsr(cpu0, msr, 0), both || write);
        /* Bits above 31 exist in the ICR only. */
        assert_int_equal(apic_wrmsr(cpu0, msr, 1ULL << 32), n == 0x30);
        assert_true(lapic_valid(cpu0));
    }
}

static void test_msr_reserved_bits(void **state)
{
    static const struct {
        uint32_t msr;
        uint32_t bits;
    } writable[] = {
        {0x808, 0xff},       {0x80b, 0},          {0x80f, 0x13ff},
        {0x828, 0},          {0x830, 0x000cdfff}, {0x832, 0x000750ff},
        {0x833, 0x000157ff}, {0x834, 0x000157ff}, {0x835, 0x0001f7ff},
        {0x836, 0x0001f7ff}, {0x837, 0x000150ff}, {0x838, 0xffffffff},
        {0x83e, 0x0000000b}, {0x83f, 0xff},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(writable) / sizeof(*writable); i++) {
        for (unsigned bit = 0; bit < 32; bit++) {
            rig_setup(NULL);
            rig_go_x2apic();
            assert_int_equal(apic_wrmsr(cpu0, writable[i].msr, 1ULL << bit),
                             writable[i].bits >> bit & 1);
            assert_true(lapic_valid(cpu0));
        }
    }
}

static void test_self_ipi(void **state)
{
    (void)state;
    rig_go_x2apic();
    rig_set(cpu0, 0x830, 3ULL << 32 | 0x45);
    rig_set(cpu0, 0x83f, 0x46);
    assert_int_equal(rig_requested(0x46), 1);
    assert_int_equal(rig_get(cpu0, 0x830), 3ULL << 32 | 0x45);
    rig_set(cpu0, 0x83f, 0x0e);
    rig_set(cpu0, 0x828, 0);
    assert_int_equal(rig_get(cpu0, 0x828), 0x20);
    rig_accept(0x46);
    rig_set(cpu0, 0x80b, 0);
    assert_int_equal(apic_waiting(cpu0), -1);
}

/* INIT and the way through "off" leave nothing behind. */
static void test_nothing_survives(void **state)
{
    (void)state;
    rig_go_x2apic();
    rig_receive(0x70);
    rig_accept(0x70);
    lapic_receive(cpu0, APIC_FIXED, 0x80, true);
    lapic_receive(cpu0, APIC_INIT, 0, false);
    assert_true(lapic_take_init(cpu0));
    assert_true(lapic_valid(cpu0));
    assert_int_equal(apic_waiting(cpu0), -1);
    assert_int_equal(rig_get(cpu0, 0x80f), 0xff);
    rig_set(cpu0, 0x80f, 0x1ff);
    assert_int_equal(apic_waiting(cpu0), -1);
    assert_int_equal(rig_get(cpu0, 0x80a), 0);
    rig_set(cpu0, 0x83f, 0x31);
    rig_accept(0x31);
    assert_true(lapic_base_write(cpu0, LAPIC_BASE));
    assert_true(lapic_base_write(cpu0, LAPIC_BASE | EN));
    rig_write_page(cpu0, 0xf0, 0x1ff);
    assert_int_equal(apic_waiting(cpu0), -1);
    assert_int_equal(rig_read_page(cpu0, 0x110), 0);
}

/* What is requested while it is off by software is lost, what was there
 * before is kept, an IPI of its own included. */
static void test_off_in_x2apic(void **state)
{
    (void)state;
    rig_go_x2apic();
    rig_receive(0x50);
    rig_set(cpu0, 0x80f, 0xff);
    rig_set(cpu0, 0x83f, 0x90);
    assert_int_equal(apic_waiting(cpu0), -1);
    assert_int_equal(rig_get(cpu0, 0x824), 0);
    assert_int_equal(rig_get(cpu0, 0x822), 1U << 16);
    rig_set(cpu0, 0x80f, 0x1ff);
    rig_accept(0x50);
    rig_set(cpu0, 0x83f, 0x90);
    rig_accept(0x90);
}

/* By the page, an IPI to itself goes by shorthand. */
static void test_self_ipi_by_page(void **state)
{
    (void)state;
    rig_write_page(cpu0, 0x310, 7U << 24);
    rig_write_page(cpu0, 0x300, 0x40046);
    assert_int_equal(rig_read_page(cpu0, 0x300), 0x40046);
    assert_int_equal(rig_read_page(cpu0, 0x310), 7U << 24);
    rig_accept(0x46);
    rig_write_page(cpu0, 0xb0, 0);
    rig_send(cpu0, 3, 0x45);
    assert_int_equal(rig_requested(0x45), 1U << 3);
    rig_receive(0x81);
    rig_accept(0x81);
    rig_write_page(cpu0, 0xf0, 0xff);
    rig_write_page(cpu0, 0xb0, 0x55);
    assert_int_equal(rig_read_page(cpu0, 0xb0), 0);
    assert_int_equal(rig_read_page(cpu0, 0x140), 0);
    rig_write_page(cpu0, 0x80, 0x66);
    assert_int_equal(rig_read_page(cpu0, 0xa0), 0x66);
    rig_write_page(cpu0, 0x80, 0);
    rig_write_page(cpu0, 0x300, 0x40047);
    assert_int_equal(apic_waiting(cpu0), -1);
    assert_int_equal(rig_requested(0x47), 0);
    assert_int_equal(rig_read_page(cpu0, 0x300), 0x40047);
    rig_write_page(cpu0, 0xf0, 0x1ff);
    assert_int_equal(apic_waiting(cpu0), -1);
    rig_write_page(cpu0, 0x20, 0xff000000); /* the id stays what it is */
    assert_int_equal(rig_read_page(cpu0, 0x20), 0);
    if (rig.by_processor) {
        assert_int_equal(rig.vcpus[0].hidden, 0);
        rig_go_x2apic();
        assert_int_not_equal(rig.vcpus[0].hidden, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_mode_changes, rig_setup),
        cmocka_unit_test_setup(test_base_refusals, rig_setup),
        cmocka_unit_test_setup(test_globally_disabled, rig_setup),
        cmocka_unit_test_setup(test_x2apic_keeps_state, rig_setup),
        cmocka_unit_test_setup(test_msr_rights, rig_setup),
        cmocka_unit_test_setup(test_msr_reserved_bits, rig_setup),
        cmocka_unit_test_setup(test_self_ipi, rig_setup),
        cmocka_unit_test_setup(test_self_ipi_by_page, rig_setup),
        cmocka_unit_test_setup(test_nothing_survives, rig_setup),
        cmocka_unit_test_setup(test_off_in_x2apic, rig_setup),
    };

    int failed = cmocka_run_group_tests_name("software", tests, NULL, NULL);

    rig.by_processor = true;
    failed += cmocka_run_group_tests_name("processor", tests, NULL, NULL);
    rig.posting = true;
    return failed + cmocka_run_group_tests_name("posted", tests, NULL, NULL);
}
