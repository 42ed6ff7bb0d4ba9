/* A local APIC: its state at power-up, priorities, errors, the end of an
 * interrupt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/support/lapic_rig.h"

static void test_power_up(void **state)
{
    (void)state;
    lapic_init(cpu0, &rig.bus, &rig.vcpus[0], 0, true);
    assert_true(lapic_valid(cpu0));
    assert_int_equal(lapic_base_read(cpu0), 0xfee00900);
    assert_int_equal(lapic_base_read(&rig.lapics[1]), 0xfee00800);
    assert_int_equal(rig_read_page(&rig.lapics[3], 0x20), 3U << 24);
    assert_int_equal(rig_read_page(cpu0, 0x30), 0x01050014);
    assert_int_equal(rig_read_page(cpu0, 0xf0), 0xff);
    assert_int_equal(rig_read_page(cpu0, 0xe0), 0xffffffff);
    assert_int_equal(rig_read_page(cpu0, 0xd0), 0);
    assert_int_equal(rig_read_page(cpu0, 0x80), 0);
    for (unsigned lvt = 0x320; lvt <= 0x370; lvt += 0x10) {
        assert_int_equal(rig_read_page(cpu0, lvt), LAPIC_LVT_MASKED);
    }
    assert_int_equal(rig_read_page(cpu0, 0x390), 0);
}

static void test_firmware_state(void **state)
{
    (void)state;
    assert_int_equal(rig_read_page(cpu0, 0xf0), 0x1ff);
    assert_int_equal(rig_read_page(cpu0, 0x350), 0x700);
    assert_int_equal(rig_read_page(cpu0, 0x360), 0x400);
    apic_bus_nmi(&rig.bus);
    assert_true(lapic_take_nmi(cpu0));
    pic_set_irq(&rig.pic, 0, true);
    assert_true(lapic_extint_ready(cpu0));
    assert_int_equal(rig.vcpus[0].wakes, 2);
    rig_write_page(cpu0, 0x350, 0x10700);
    assert_false(lapic_extint_ready(cpu0));
    rig_write_page(cpu0, 0x350, 0x700);
    assert_int_equal(lapic_take_extint(cpu0), 8);
    assert_false(lapic_extint_ready(cpu0));
}

static void test_lint0_fixed(void **state)
{
    (void)state;
    rig_write_page(cpu0, 0x350, 0x31);
    pic_set_irq(&rig.pic, 0, true);
    assert_false(lapic_extint_ready(cpu0));
    assert_int_equal(apic_waiting(cpu0), 0x31);
}

static void test_priorities(void **state)
{
    (void)state;
    rig_receive(0x31);
    rig_receive(0x52);
    rig_receive(0x55);
    rig_accept(0x55);
    assert_int_equal(rig_read_page(cpu0, 0xa0), 0x50);
    /* The same class waits, a higher one does not. */
    assert_int_equal(apic_waiting(cpu0), -1);
    rig_receive(0x60);
    rig_accept(0x60);
    rig_write_page(cpu0, 0xb0, 0);
    assert_int_equal(apic_waiting(cpu0), -1);
    rig_write_page(cpu0, 0xb0, 0);
    rig_accept(0x52);
    rig_write_page(cpu0, 0xb0, 0);
    rig_accept(0x31);
    rig_write_page(cpu0, 0xb0, 0);
    rig_write_page(cpu0, 0xb0, 0); /* nothing in service: ignored */
    assert_int_equal(rig_read_page(cpu0, 0xa0), 0);
}

static void test_task_priority(void **state)
{
    (void)state;
    rig_receive(0x45);
    rig_write_page(cpu0, 0x80, 0x4f);
    assert_int_equal(apic_waiting(cpu0), -1);
    assert_int_equal(rig_read_page(cpu0, 0xa0), 0x4f);
    assert_int_equal(lapic_tpr_get(cpu0), 4);
    apic_write_cr8(cpu0, 3);
    assert_int_equal(rig_read_page(cpu0, 0x80), 0x30);
    rig_accept(0x45);
    /* PPR is the higher of the two; the TPR as a whole if its class is as
     * high. */
    rig_write_page(cpu0, 0x80, 0x47);
    assert_int_equal(rig_read_page(cpu0, 0xa0), 0x47);
    rig_write_page(cpu0, 0x80, 0x3f);
    assert_int_equal(rig_read_page(cpu0, 0xa0), 0x40);
    apic_write_cr8(cpu0, 15);
    rig_receive(0xff);
    assert_int_equal(apic_waiting(cpu0), -1);
}

static void test_bitmaps(void **state)
{
    (void)state;
    rig_receive(0x21);
    lapic_receive(cpu0, APIC_FIXED, 0x9f, true);
    assert_int_equal(rig_read_page(cpu0, 0x210), 1U << 1);
    assert_int_equal(rig_read_page(cpu0, 0x240), 1U << 31);
    assert_int_equal(rig_read_page(cpu0, 0x1c0), 1U << 31);
    assert_int_equal(rig_read_page(cpu0, 0x190), 0);
    rig_accept(0x9f);
    assert_int_equal(rig_read_page(cpu0, 0x240), 0);
    assert_int_equal(rig_read_page(cpu0, 0x140), 1U << 31);
}

static void test_wakes_once(void **state)
{
    (void)state;
    rig_receive(0x50);
    rig_receive(0x50);
    assert_int_equal(rig.vcpus[0].wakes, rig.posting ? 0 : 1);
    if (rig.by_processor) { /* what holds a vector back is the processor's */
        return;
    }
    rig_receive(0x40);
    assert_int_equal(rig.vcpus[0].wakes, 1);
    rig_receive(0x51);
    assert_int_equal(rig.vcpus[0].wakes, 2);
    apic_write_cr8(cpu0, 9);
    rig_receive(0x90);
    assert_int_equal(rig.vcpus[0].wakes, 2);
}

static void test_software_disabled(void **state)
{
    (void)state;
    rig_receive(0x50);
    rig_write_page(cpu0, 0x320, 0x40);
    rig_write_page(cpu0, 0xf0, 0xff);
    /* LVTs are masked and stay so; what was requested is kept. */
    assert_int_equal(rig_read_page(cpu0, 0x320), 0x10040);
    assert_int_equal(rig_read_page(cpu0, 0x350), 0x10700);
    rig_write_page(cpu0, 0x350, 0x700);
    assert_int_equal(rig_read_page(cpu0, 0x350), 0x10700);
    assert_int_equal(apic_waiting(cpu0), -1);
    assert_false(lapic_receive(cpu0, APIC_FIXED, 0x60, false));
    assert_true(lapic_receive(cpu0, APIC_NMI, 0, false));
    assert_true(lapic_take_nmi(cpu0));
    rig_write_page(cpu0, 0xf0, 0x1ff);
    assert_int_equal(apic_waiting(cpu0), 0x50);
}

static void test_lvt_bits(void **state)
{
    static const uint32_t bits[] = {0x000700ff, 0x000107ff, 0x000107ff,
                                    0x0001a7ff, 0x0001a7ff, 0x000100ff};

    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        rig_write_page(cpu0, 0x320 + i * 0x10, 0xffffffff);
        assert_int_equal(rig_read_page(cpu0, 0x320 + i * 0x10), bits[i]);
    }
}

static void test_errors(void **state)
{
    (void)state;
    rig_write_page(cpu0, 0x370, 0xfe);
    rig_send(cpu0, 1, 0x0f);
    assert_int_equal(rig_requested(0x0f), 0);
    assert_int_equal(apic_waiting(cpu0), 0xfe);
    /* Written, then read. */
    assert_int_equal(rig_read_page(cpu0, 0x280), 0);
    rig_write_page(cpu0, 0x280, 0);
    assert_int_equal(rig_read_page(cpu0, 0x280), 0x20);
    rig_write_page(cpu0, 0x280, 0);
    assert_int_equal(rig_read_page(cpu0, 0x280), 0);
    lapic_receive(cpu0, APIC_FIXED, 3, false);
    rig_read_page(cpu0, 0x000);
    rig_write_page(cpu0, 0x3a0, 1);
    rig_write_page(cpu0, 0x280, 0);
    assert_int_equal(rig_read_page(cpu0, 0x280), 0xc0);
}

static void test_error_with_illegal_vector(void **state)
{
    (void)state;
    rig_write_page(cpu0, 0x370, 0x05);
    rig_send(cpu0, 1, 0x0f);
    rig_write_page(cpu0, 0x280, 0);
    assert_int_equal(rig_read_page(cpu0, 0x280), 0x60);
    assert_int_equal(apic_waiting(cpu0), -1);
}

static void test_odd_accesses(void **state)
{
    struct access access = {.address = 0x32, .size = 1};

    (void)state;
    lapic_access(cpu0, &access);
    assert_int_equal(access.value, 0x05);
    access = (struct access){.address = 0x38, .size = 8};
    lapic_access(cpu0, &access);
    assert_int_equal(access.value, 0);
    access = (struct access){.address = 0x30, .size = 8};
    lapic_access(cpu0, &access);
    assert_int_equal(access.value, 0x01050014);
    access = (struct access){
        .address = 0x80, .size = 1, .write = true, .value = 0xf0};
    lapic_access(cpu0, &access);
    access.address = 0x84;
    access.size = 4;
    lapic_access(cpu0, &access);
    assert_int_equal(rig_read_page(cpu0, 0x80), 0);
    rig_write_page(cpu0, 0x20, 0x55000000); /* read-only */
    assert_int_equal(rig_read_page(cpu0, 0x20), 0);
    access = (struct access){.address = 0x33, .size = 1};
    lapic_access(cpu0, &access);
    assert_int_equal(access.value, 0x01);
    access = (struct access){.address = 0xffc, .size = 4, .value = 0x55};
    lapic_access(cpu0, &access);
    assert_int_equal(access.value, 0);
    rig_write_page(cpu0, 0x280, 0);
    assert_int_equal(rig_read_page(cpu0, 0x280), 0x80);
    rig_write_page(cpu0, 0x400, 0);
    rig_write_page(cpu0, 0x280, 0);
    assert_int_equal(rig_read_page(cpu0, 0x280), 0x80);
}

/* The IOAPIC hears of the end of a level, and only of that. */
static void test_level_end(void **state)
{
    struct ioapic ioapic;

    (void)state;
    rig.bus.ioapic = &ioapic;
    ioapic_init(&ioapic, &rig.bus, 0);
    ioapic.redirection[5] = 0x8000 | 0x65; /* level, to processor 0 */
    rig_go_x2apic();
    ioapic_set_irq(&ioapic, 5, true);
    rig_accept(0x65);
    assert_int_equal(ioapic.remote_irr, 1U << 5);
    ioapic_set_irq(&ioapic, 5, false);
    rig_receive(0x75);
    rig_accept(0x75);
    rig_set(cpu0, 0x80b, 0);
    assert_int_equal(ioapic.remote_irr, 1U << 5);
    rig_set(cpu0, 0x80b, 0);
    assert_int_equal(ioapic.remote_irr, 0);
    /* Still asserted at its end, it comes again. */
    ioapic_set_irq(&ioapic, 5, true);
    rig_accept(0x65);
    rig_set(cpu0, 0x80b, 0);
    rig_accept(0x65);
    /* Suppressed: nobody hears. */
    rig_set(cpu0, 0x80f, 0x11ff);
    rig_set(cpu0, 0x80b, 0);
    assert_int_equal(ioapic.remote_irr, 1U << 5);
    assert_int_equal(apic_waiting(cpu0), -1);
    rig_set(cpu0, 0x80f, 0x1ff);
    ioapic_eoi(&ioapic, 0x65);
    rig_accept(0x65);
    ioapic_set_irq(&ioapic, 5, false);
    rig_set(cpu0, 0x80b, 0);
    /* As an edge it is nobody's business again. */
    rig_receive(0x65);
    rig_accept(0x65);
    assert_int_equal(rig_get(cpu0, 0x81b), 0);
    rig_set(cpu0, 0x80b, 0);
    if (rig.by_processor) {
        assert_int_equal(apicv_fake_eoi_exits(cpu0), 4);
    }
    assert_true(ioapic_valid(&ioapic));
    rig.bus.ioapic = NULL;
}

/* What is posted is taken whoever takes it; a level, and what comes behind one
 * of the vCPU's own task's vectors, is not posted. */
static void test_posted(void **state)
{
    (void)state;
    if (!rig.posting) {
        return;
    }
    rig_write_page(cpu0, 0x80, 0x60);
    rig_receive(0x51);
    rig_receive(0x61);
    rig_receive(0x62);
    assert_int_equal(apicv_fake_notified(), 2);
    assert_int_equal(rig.vcpus[0].wakes, 0);
    assert_true(cpu0->posted);
    assert_int_equal(apic_waiting(cpu0), -1);
    assert_false(cpu0->posted);
    assert_int_equal(
        rig_requested(0x51) & rig_requested(0x61) & rig_requested(0x62), 1);
    rig_write_page(cpu0, 0x80, 0);
    rig_accept(0x62);
    lapic_receive(cpu0, APIC_FIXED, 0x91, true);
    assert_int_equal(rig.vcpus[0].wakes, 1);
    rig_receive(0x93);
    assert_false(cpu0->posted);
    rig_accept(0x93);
    rig_write_page(cpu0, 0xb0, 0);
    rig_accept(0x91);
    rig_write_page(cpu0, 0xb0, 0);
    assert_int_equal(apicv_fake_eoi_exits(cpu0), 1);
    rig_receive(0x91); /* an edge now, which only its task can make of it */
    assert_int_equal(rig.vcpus[0].wakes, 3);
    rig_accept(0x91);
    rig_write_page(cpu0, 0xb0, 0);
    assert_int_equal(apicv_fake_eoi_exits(cpu0), 1);
    rig_receive(0x91);
    assert_int_equal(rig.vcpus[0].wakes, 3);
    assert_int_equal(apicv_fake_notified(), 3);
    /* INIT forgets what the guest has not taken. */
    rig_receive(0xa2);
    lapic_receive(cpu0, APIC_INIT, 0, false);
    assert_true(lapic_take_init(cpu0));
    assert_false(cpu0->posted);
    rig_write_page(cpu0, 0xf0, 0x1ff);
    assert_int_equal(apic_waiting(cpu0), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_power_up, rig_setup),
        cmocka_unit_test_setup(test_firmware_state, rig_setup),
        cmocka_unit_test_setup(test_lint0_fixed, rig_setup),
        cmocka_unit_test_setup(test_priorities, rig_setup),
        cmocka_unit_test_setup(test_task_priority, rig_setup),
        cmocka_unit_test_setup(test_bitmaps, rig_setup),
        cmocka_unit_test_setup(test_wakes_once, rig_setup),
        cmocka_unit_test_setup(test_software_disabled, rig_setup),
        cmocka_unit_test_setup(test_lvt_bits, rig_setup),
        cmocka_unit_test_setup(test_errors, rig_setup),
        cmocka_unit_test_setup(test_error_with_illegal_vector, rig_setup),
        cmocka_unit_test_setup(test_odd_accesses, rig_setup),
        cmocka_unit_test_setup(test_level_end, rig_setup),
        cmocka_unit_test_setup(test_posted, rig_setup),
    };

    int failed = cmocka_run_group_tests_name("software", tests, NULL, NULL);

    rig.by_processor = true;
    failed += cmocka_run_group_tests_name("processor", tests, NULL, NULL);
    rig.posting = true;
    return failed + cmocka_run_group_tests_name("posted", tests, NULL, NULL);
}
