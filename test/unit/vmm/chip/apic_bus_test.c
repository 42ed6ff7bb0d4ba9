/* IPIs between twenty local APICs: every kind of destination in both modes,
 * and what INIT, SIPI and NMI do to their targets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/support/lapic_rig.h"

static void test_physical_ipi(void **state)
{
    (void)state;
    rig_send(cpu0, 2, 0x45);
    assert_int_equal(rig_requested(0x45), 1U << 2);
    assert_int_equal(rig.vcpus[2].wakes, 1);
    rig_send(cpu0, 63, 0x46);
    assert_int_equal(rig_requested(0x46), 0);
    rig_send(&rig.lapics[1], 0xff, 0x47);
    assert_int_equal(rig_requested(0x47), (1U << CPUS) - 1);
    /* Delivery status is always idle, reserved bits read 0. */
    rig_write_page(cpu0, 0x300, 0xfff37045);
    assert_int_equal(rig_read_page(cpu0, 0x300), 0x00004045);
}

/* Ids that are not their index, as a guest with gaps between ids has. */
static void test_sparse_ids(void **state)
{
    (void)state;
    lapic_init(&rig.lapics[1], &rig.bus, &rig.vcpus[1], 2, false);
    lapic_firmware_state(&rig.lapics[1]);
    lapic_init(&rig.lapics[2], &rig.bus, &rig.vcpus[2], 1, false);
    lapic_firmware_state(&rig.lapics[2]);
    rig_send(cpu0, 2, 0x45);
    assert_int_equal(rig_requested(0x45), 1U << 1);
}

static void test_shorthands(void **state)
{
    (void)state;
    rig_send(&rig.lapics[4], 9, 1U << 18 | 0x45);
    assert_int_equal(rig_requested(0x45), 1U << 4);
    rig_send(&rig.lapics[4], 9, 2U << 18 | 0x46);
    assert_int_equal(rig_requested(0x46), (1U << CPUS) - 1);
    rig_send(&rig.lapics[4], 9, 3U << 18 | 0x47);
    assert_int_equal(rig_requested(0x47), ((1U << CPUS) - 1) & ~(1U << 4));
}

static void test_logical_flat(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        rig_write_page(&rig.lapics[i], 0xd0, 0x01000000U << i);
    }
    rig_send(cpu0, 0xa1, 1U << 11 | 0x45);
    assert_int_equal(rig_requested(0x45), 0xa1);
    rig_send(cpu0, 0xff, 1U << 11 | 0x46);
    assert_int_equal(rig_requested(0x46), (1U << CPUS) - 1);
    rig_send(cpu0, 0x00, 1U << 11 | 0x47);
    assert_int_equal(rig_requested(0x47), 0);
}

static void test_logical_cluster(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CPUS; i++) {
        rig_write_page(&rig.lapics[i], 0xe0, 0x0fffffff);
        rig_write_page(&rig.lapics[i], 0xd0,
                       (i / 4) << 28 | 0x01000000U << i % 4);
    }
    assert_int_equal(rig_read_page(cpu0, 0xe0), 0x0fffffff);
    rig_send(cpu0, 0x29, 1U << 11 | 0x45);
    assert_int_equal(rig_requested(0x45), 0x9U << 8);
    /* Neither flat nor cluster: for nobody. */
    rig_write_page(&rig.lapics[8], 0xe0, 0x7fffffff);
    rig_send(cpu0, 0x29, 1U << 11 | 0x46);
    assert_int_equal(rig_requested(0x46), 0x8U << 8);
}

static void test_logical_x2apic(void **state)
{
    (void)state;
    rig_go_x2apic();
    assert_int_equal(rig_get(&rig.lapics[18], 0x80d), 0x10004);
    assert_int_equal(rig_get(&rig.lapics[3], 0x80d), 0x8);
    rig_set(cpu0, 0x830, 0x0001000cULL << 32 | 1U << 11 | 0x45);
    assert_int_equal(rig_requested(0x45), 0xcU << 16);
    rig_set(cpu0, 0x830, 0xffffffffULL << 32 | 1U << 11 | 0x46);
    assert_int_equal(rig_requested(0x46), (1U << CPUS) - 1);
    rig_set(cpu0, 0x830, 0xffffffffULL << 32 | 0x47);
    assert_int_equal(rig_requested(0x47), (1U << CPUS) - 1);
    rig_set(cpu0, 0x830, 0xffULL << 32 | 0x48); /* only an id here */
    assert_int_equal(rig_requested(0x48), 0);
    rig_set(cpu0, 0x830, 17ULL << 32 | 0x49);
    assert_int_equal(rig_requested(0x49), 1U << 17);
}

static void test_lowest_priority(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CPUS; i++) {
        lapic_tpr_set(&rig.lapics[i], i == 5 || i == 9 ? 2 : 3);
    }
    rig_send(cpu0, 0xff, 1U << 8 | 0x45);
    assert_int_equal(rig_requested(0x45), 1U << 5);
    rig_send(cpu0, 0xff, 1U << 8 | 0x46);
    assert_int_equal(rig_requested(0x46), 1U << 9);
    rig_send(cpu0, 0xff, 1U << 8 | 0x47);
    assert_int_equal(rig_requested(0x47), 1U << 5);
    /* Not one that is software-disabled, however idle. */
    rig_write_page(&rig.lapics[5], 0xf0, 0xff);
    rig_send(cpu0, 0xff, 1U << 8 | 0x48);
    rig_send(cpu0, 0xff, 1U << 8 | 0x49);
    assert_int_equal(rig_requested(0x48) | rig_requested(0x49), 1U << 9);
}

static void test_nmi_init_sipi(void **state)
{
    uint8_t vector = 0;

    (void)state;
    rig_send(cpu0, 1, 0x4400);
    assert_true(lapic_take_nmi(&rig.lapics[1]));
    assert_false(lapic_take_nmi(&rig.lapics[1]));
    lapic_receive(&rig.lapics[1], APIC_FIXED, 0x70, true);
    lapic_accept(&rig.lapics[1], 0x70);
    lapic_receive(&rig.lapics[1], APIC_FIXED, 0x80, false);
    rig_send(cpu0, 1, 0xc500);
    assert_int_equal(rig.vcpus[1].wakes, 4);
    rig_send(cpu0, 1, 0x8500); /* de-assert: nothing */
    rig_send(cpu0, 1, 0x4609);
    rig_send(cpu0, 1, 0x460a); /* it starts by the first */
    assert_true(lapic_has_work(&rig.lapics[1]));
    assert_true(lapic_take_init(&rig.lapics[1]));
    assert_false(lapic_take_init(&rig.lapics[1]));
    assert_int_equal(lapic_pending(&rig.lapics[1]), -1);
    assert_int_equal(rig_read_page(&rig.lapics[1], 0xf0), 0xff);
    assert_int_equal(rig_read_page(&rig.lapics[1], 0x130), 0); /* ISR */
    assert_int_equal(rig_read_page(&rig.lapics[1], 0x1b0), 0); /* TMR */
    assert_int_equal(rig_read_page(&rig.lapics[1], 0x20), 1U << 24);
    assert_true(lapic_take_sipi(&rig.lapics[1], &vector));
    assert_int_equal(vector, 9);
    assert_false(lapic_take_sipi(&rig.lapics[1], &vector));
    assert_false(lapic_has_work(&rig.lapics[1]));
    /* A SIPI from before the INIT is gone. */
    rig_send(cpu0, 2, 0x4609);
    rig_send(cpu0, 2, 0x4500);
    assert_false(lapic_take_sipi(&rig.lapics[2], &vector));
}

static void test_init_keeps_x2apic(void **state)
{
    (void)state;
    rig_go_x2apic();
    rig_set(cpu0, 0x830, 17ULL << 32 | 0x4500);
    assert_true(lapic_take_init(&rig.lapics[17]));
    assert_int_equal(lapic_base_read(&rig.lapics[17]), LAPIC_BASE | EN | EXTD);
    assert_int_equal(rig_get(&rig.lapics[17], 0x80d), 0x10002);
    assert_int_equal(rig_get(&rig.lapics[17], 0x80f), 0xff);
}

static void test_combinations_that_are_not(void **state)
{
    (void)state;
    rig_send(cpu0, 0, 1U << 18 | 0x4500); /* INIT to oneself */
    rig_send(cpu0, 0, 2U << 18 | 0x4500); /* INIT to all */
    rig_send(cpu0, 1, 0x4745);            /* ExtINT */
    rig_send(cpu0, 1, 0x4345);            /* reserved mode */
    for (unsigned i = 0; i < CPUS; i++) {
        assert_false(lapic_has_work(&rig.lapics[i]));
    }
}

static void test_wide_ids(void **state)
{
    (void)state;
    lapic_init(&rig.lapics[7], &rig.bus, &rig.vcpus[7], 0x150, false);
    lapic_firmware_state(&rig.lapics[7]);
    rig_send(cpu0, 0x50, 0x45); /* its xAPIC id */
    assert_int_equal(rig_requested(0x45), 1U << 7);
    rig_go_x2apic();
    assert_int_equal(rig_get(&rig.lapics[7], 0x80d), 0x150001);
    rig_set(cpu0, 0x830, 0x150ULL << 32 | 0x46);
    assert_int_equal(rig_requested(0x46), 1U << 7);
    rig_set(cpu0, 0x830, 0x50ULL << 32 | 0x47);
    assert_int_equal(rig_requested(0x47), 0);
}

static void test_who_takes_what(void **state)
{
    (void)state;
    assert_true(lapic_receive(cpu0, APIC_SMI, 0, false));
    assert_false(lapic_receive(cpu0, (enum apic_mode)3, 0x45, false));
    assert_false(lapic_has_work(cpu0));
    assert_int_equal(rig.vcpus[0].wakes, 0);
    /* A masked LINT1 is no reason to wake. */
    rig_write_page(cpu0, 0x360, LAPIC_LVT_MASKED | 0x400);
    apic_bus_nmi(&rig.bus);
    assert_int_equal(rig.vcpus[0].wakes, 0);
}

static void test_init_deassert(void **state)
{
    (void)state;
    rig_send(cpu0, 3, 0x8500);
    assert_false(lapic_has_work(&rig.lapics[3]));
    rig_send(cpu0, 3, 0xc500);
    assert_true(lapic_take_init(&rig.lapics[3]));
}

static void test_lowest_legal_vector(void **state)
{
    (void)state;
    rig_send(cpu0, 3, 0x10);
    assert_int_equal(rig_requested(0x10), 1U << 3);
    rig_write_page(cpu0, 0x280, 0);
    assert_int_equal(rig_read_page(cpu0, 0x280), 0);
}

/* One ExtINT message is one acknowledge cycle. */
static void test_extint_message(void **state)
{
    (void)state;
    rig_write_page(cpu0, 0x350, LAPIC_LVT_MASKED);
    pic_set_irq(&rig.pic, 0, true);
    pic_set_irq(&rig.pic, 1, true);
    assert_false(lapic_extint_ready(cpu0));
    lapic_receive(cpu0, APIC_EXTINT, 0, false);
    assert_true(lapic_extint_ready(cpu0));
    assert_int_equal(lapic_take_extint(cpu0), 8);
    pic_access(&rig.pic,
               &(struct access){
                   .address = 0x20, .size = 1, .write = true, .value = 0x20});
    assert_true(rig.bus.intr);
    assert_false(lapic_extint_ready(cpu0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_physical_ipi, rig_setup),
        cmocka_unit_test_setup(test_sparse_ids, rig_setup),
        cmocka_unit_test_setup(test_shorthands, rig_setup),
        cmocka_unit_test_setup(test_logical_flat, rig_setup),
        cmocka_unit_test_setup(test_logical_cluster, rig_setup),
        cmocka_unit_test_setup(test_logical_x2apic, rig_setup),
        cmocka_unit_test_setup(test_lowest_priority, rig_setup),
        cmocka_unit_test_setup(test_nmi_init_sipi, rig_setup),
        cmocka_unit_test_setup(test_init_keeps_x2apic, rig_setup),
        cmocka_unit_test_setup(test_combinations_that_are_not, rig_setup),
        cmocka_unit_test_setup(test_wide_ids, rig_setup),
        cmocka_unit_test_setup(test_who_takes_what, rig_setup),
        cmocka_unit_test_setup(test_init_deassert, rig_setup),
        cmocka_unit_test_setup(test_lowest_legal_vector, rig_setup),
        cmocka_unit_test_setup(test_extint_message, rig_setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
