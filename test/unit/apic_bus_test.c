/* IPIs between twenty local APICs: every kind of destination in both modes,
 * and what INIT, SIPI and NMI do to their targets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/chips_fake.h"
#include "vmm/apic_bus.h"
#include "vmm/lapic.h"
#include "vmm/pic.h"

#define CPUS 20

#define EN   LAPIC_BASE_EN
#define EXTD LAPIC_BASE_EXTD

static struct apic_bus bus;
static struct pic pic;
static struct lapic lapics[CPUS];
static struct vcpu vcpus[CPUS];
static struct lapic *const cpu0 = &lapics[0];

static void write_page(struct lapic *lapic, unsigned offset, uint32_t value)
{
    struct access access = {.address = LAPIC_BASE + offset,
                            .value = value,
                            .size = 4,
                            .write = true};

    assert_int_equal(lapic_access(lapic, &access), ACCESS_HANDLED);
    assert_true(lapic_valid(lapic));
}

static uint32_t read_page(struct lapic *lapic, unsigned offset)
{
    struct access access = {.address = LAPIC_BASE + offset, .size = 4};

    assert_int_equal(lapic_access(lapic, &access), ACCESS_HANDLED);
    assert_true(lapic_valid(lapic));
    return (uint32_t)access.value;
}

static int setup(void **state)
{
    (void)state;
    fake_reset();
    bus = (struct apic_bus){.count = CPUS, .pic = &pic};
    pic_init(&pic, &bus);
    for (unsigned i = 0; i < CPUS; i++) {
        bus.lapics[i] = &lapics[i];
        vcpus[i].wakes = 0;
        lapic_init(&lapics[i], &bus, &vcpus[i], i, i == 0);
        assert_true(lapic_valid(&lapics[i]));
        lapic_firmware_state(&lapics[i]);
        assert_true(lapic_valid(&lapics[i]));
    }
    return 0;
}

static void go_x2apic(void)
{
    for (unsigned i = 0; i < CPUS; i++) {
        assert_true(lapic_base_write(&lapics[i], LAPIC_BASE | EN | EXTD));
        assert_true(lapic_valid(&lapics[i]));
    }
}

static uint64_t get(struct lapic *lapic, uint32_t msr)
{
    uint64_t value = 0;

    assert_true(lapic_msr_read(lapic, msr, &value));
    return value;
}

static void set(struct lapic *lapic, uint32_t msr, uint64_t value)
{
    assert_true(lapic_msr_write(lapic, msr, value));
    assert_true(lapic_valid(lapic));
}

/* Who has this vector in IRR, as a set. */
static uint32_t requested(unsigned vector)
{
    uint32_t who = 0;

    for (unsigned i = 0; i < CPUS; i++) {
        who |= (*lapic_register(&lapics[i], LAPIC_REG_IRR + vector / 32 * 16) >>
                    vector % 32 &
                1)
               << i;
    }
    return who;
}

static void send(struct lapic *lapic, uint32_t dest, uint32_t low)
{
    write_page(lapic, 0x310, dest << 24);
    write_page(lapic, 0x300, low);
}

static void test_physical_ipi(void **state)
{
    (void)state;
    send(cpu0, 2, 0x45);
    assert_int_equal(requested(0x45), 1U << 2);
    assert_int_equal(vcpus[2].wakes, 1);
    send(cpu0, 63, 0x46);
    assert_int_equal(requested(0x46), 0);
    send(&lapics[1], 0xff, 0x47);
    assert_int_equal(requested(0x47), (1U << CPUS) - 1);
    /* Delivery status is always idle, reserved bits read 0. */
    write_page(cpu0, 0x300, 0xfff37045);
    assert_int_equal(read_page(cpu0, 0x300), 0x00004045);
}

/* Ids that are not their index, as a guest with gaps between ids has. */
static void test_sparse_ids(void **state)
{
    (void)state;
    lapic_init(&lapics[1], &bus, &vcpus[1], 2, false);
    lapic_firmware_state(&lapics[1]);
    lapic_init(&lapics[2], &bus, &vcpus[2], 1, false);
    lapic_firmware_state(&lapics[2]);
    send(cpu0, 2, 0x45);
    assert_int_equal(requested(0x45), 1U << 1);
}

static void test_shorthands(void **state)
{
    (void)state;
    send(&lapics[4], 9, 1U << 18 | 0x45);
    assert_int_equal(requested(0x45), 1U << 4);
    send(&lapics[4], 9, 2U << 18 | 0x46);
    assert_int_equal(requested(0x46), (1U << CPUS) - 1);
    send(&lapics[4], 9, 3U << 18 | 0x47);
    assert_int_equal(requested(0x47), ((1U << CPUS) - 1) & ~(1U << 4));
}

static void test_logical_flat(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        write_page(&lapics[i], 0xd0, 0x01000000U << i);
    }
    send(cpu0, 0xa1, 1U << 11 | 0x45);
    assert_int_equal(requested(0x45), 0xa1);
    send(cpu0, 0xff, 1U << 11 | 0x46);
    assert_int_equal(requested(0x46), (1U << CPUS) - 1);
    send(cpu0, 0x00, 1U << 11 | 0x47);
    assert_int_equal(requested(0x47), 0);
}

static void test_logical_cluster(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CPUS; i++) {
        write_page(&lapics[i], 0xe0, 0x0fffffff);
        write_page(&lapics[i], 0xd0, (i / 4) << 28 | 0x01000000U << i % 4);
    }
    assert_int_equal(read_page(cpu0, 0xe0), 0x0fffffff);
    send(cpu0, 0x29, 1U << 11 | 0x45);
    assert_int_equal(requested(0x45), 0x9U << 8);
    /* Neither flat nor cluster: for nobody. */
    write_page(&lapics[8], 0xe0, 0x7fffffff);
    send(cpu0, 0x29, 1U << 11 | 0x46);
    assert_int_equal(requested(0x46), 0x8U << 8);
}

static void test_logical_x2apic(void **state)
{
    (void)state;
    go_x2apic();
    assert_int_equal(get(&lapics[18], 0x80d), 0x10004);
    assert_int_equal(get(&lapics[3], 0x80d), 0x8);
    set(cpu0, 0x830, 0x0001000cULL << 32 | 1U << 11 | 0x45);
    assert_int_equal(requested(0x45), 0xcU << 16);
    set(cpu0, 0x830, 0xffffffffULL << 32 | 1U << 11 | 0x46);
    assert_int_equal(requested(0x46), (1U << CPUS) - 1);
    set(cpu0, 0x830, 0xffffffffULL << 32 | 0x47);
    assert_int_equal(requested(0x47), (1U << CPUS) - 1);
    set(cpu0, 0x830, 0xffULL << 32 | 0x48); /* only an id here */
    assert_int_equal(requested(0x48), 0);
    set(cpu0, 0x830, 17ULL << 32 | 0x49);
    assert_int_equal(requested(0x49), 1U << 17);
}

static void test_lowest_priority(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CPUS; i++) {
        lapic_tpr_set(&lapics[i], i == 5 || i == 9 ? 2 : 3);
    }
    send(cpu0, 0xff, 1U << 8 | 0x45);
    assert_int_equal(requested(0x45), 1U << 5);
    send(cpu0, 0xff, 1U << 8 | 0x46);
    assert_int_equal(requested(0x46), 1U << 9);
    send(cpu0, 0xff, 1U << 8 | 0x47);
    assert_int_equal(requested(0x47), 1U << 5);
    /* Not one that is software-disabled, however idle. */
    write_page(&lapics[5], 0xf0, 0xff);
    send(cpu0, 0xff, 1U << 8 | 0x48);
    send(cpu0, 0xff, 1U << 8 | 0x49);
    assert_int_equal(requested(0x48) | requested(0x49), 1U << 9);
}

static void test_nmi_init_sipi(void **state)
{
    uint8_t vector = 0;

    (void)state;
    send(cpu0, 1, 0x4400);
    assert_true(lapic_take_nmi(&lapics[1]));
    assert_false(lapic_take_nmi(&lapics[1]));
    lapic_receive(&lapics[1], APIC_FIXED, 0x70, true);
    lapic_accept(&lapics[1], 0x70);
    lapic_receive(&lapics[1], APIC_FIXED, 0x80, false);
    send(cpu0, 1, 0xc500);
    assert_int_equal(vcpus[1].wakes, 4);
    send(cpu0, 1, 0x8500); /* de-assert: nothing */
    send(cpu0, 1, 0x4609);
    send(cpu0, 1, 0x460a); /* it starts by the first */
    assert_true(lapic_has_work(&lapics[1]));
    assert_true(lapic_take_init(&lapics[1]));
    assert_false(lapic_take_init(&lapics[1]));
    assert_int_equal(lapic_pending(&lapics[1]), -1);
    assert_int_equal(read_page(&lapics[1], 0xf0), 0xff);
    assert_int_equal(read_page(&lapics[1], 0x130), 0); /* ISR */
    assert_int_equal(read_page(&lapics[1], 0x1b0), 0); /* TMR */
    assert_int_equal(read_page(&lapics[1], 0x20), 1U << 24);
    assert_true(lapic_take_sipi(&lapics[1], &vector));
    assert_int_equal(vector, 9);
    assert_false(lapic_take_sipi(&lapics[1], &vector));
    assert_false(lapic_has_work(&lapics[1]));
    /* A SIPI from before the INIT is gone. */
    send(cpu0, 2, 0x4609);
    send(cpu0, 2, 0x4500);
    assert_false(lapic_take_sipi(&lapics[2], &vector));
}

static void test_init_keeps_x2apic(void **state)
{
    (void)state;
    go_x2apic();
    set(cpu0, 0x830, 17ULL << 32 | 0x4500);
    assert_true(lapic_take_init(&lapics[17]));
    assert_int_equal(lapic_base_read(&lapics[17]), LAPIC_BASE | EN | EXTD);
    assert_int_equal(get(&lapics[17], 0x80d), 0x10002);
    assert_int_equal(get(&lapics[17], 0x80f), 0xff);
}

static void test_combinations_that_are_not(void **state)
{
    (void)state;
    send(cpu0, 0, 1U << 18 | 0x4500); /* INIT to oneself */
    send(cpu0, 0, 2U << 18 | 0x4500); /* INIT to all */
    send(cpu0, 1, 0x4745);            /* ExtINT */
    send(cpu0, 1, 0x4345);            /* reserved mode */
    for (unsigned i = 0; i < CPUS; i++) {
        assert_false(lapic_has_work(&lapics[i]));
    }
}

static void test_wide_ids(void **state)
{
    (void)state;
    lapic_init(&lapics[7], &bus, &vcpus[7], 0x150, false);
    lapic_firmware_state(&lapics[7]);
    send(cpu0, 0x50, 0x45); /* its xAPIC id */
    assert_int_equal(requested(0x45), 1U << 7);
    go_x2apic();
    assert_int_equal(get(&lapics[7], 0x80d), 0x150001);
    set(cpu0, 0x830, 0x150ULL << 32 | 0x46);
    assert_int_equal(requested(0x46), 1U << 7);
    set(cpu0, 0x830, 0x50ULL << 32 | 0x47);
    assert_int_equal(requested(0x47), 0);
}

static void test_who_takes_what(void **state)
{
    (void)state;
    assert_true(lapic_receive(cpu0, APIC_SMI, 0, false));
    assert_false(lapic_receive(cpu0, (enum apic_mode)3, 0x45, false));
    assert_false(lapic_has_work(cpu0));
    assert_int_equal(vcpus[0].wakes, 0);
    /* A masked LINT1 is no reason to wake. */
    write_page(cpu0, 0x360, LAPIC_LVT_MASKED | 0x400);
    apic_bus_nmi(&bus);
    assert_int_equal(vcpus[0].wakes, 0);
}

static void test_init_deassert(void **state)
{
    (void)state;
    send(cpu0, 3, 0x8500);
    assert_false(lapic_has_work(&lapics[3]));
    send(cpu0, 3, 0xc500);
    assert_true(lapic_take_init(&lapics[3]));
}

static void test_lowest_legal_vector(void **state)
{
    (void)state;
    send(cpu0, 3, 0x10);
    assert_int_equal(requested(0x10), 1U << 3);
    write_page(cpu0, 0x280, 0);
    assert_int_equal(read_page(cpu0, 0x280), 0);
}

/* One ExtINT message is one acknowledge cycle. */
static void test_extint_message(void **state)
{
    (void)state;
    write_page(cpu0, 0x350, LAPIC_LVT_MASKED);
    pic_set_irq(&pic, 0, true);
    pic_set_irq(&pic, 1, true);
    assert_false(lapic_extint_ready(cpu0));
    lapic_receive(cpu0, APIC_EXTINT, 0, false);
    assert_true(lapic_extint_ready(cpu0));
    assert_int_equal(lapic_take_extint(cpu0), 8);
    pic_access(&pic,
               &(struct access){
                   .address = 0x20, .size = 1, .write = true, .value = 0x20});
    assert_true(bus.intr);
    assert_false(lapic_extint_ready(cpu0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_physical_ipi, setup),
        cmocka_unit_test_setup(test_sparse_ids, setup),
        cmocka_unit_test_setup(test_shorthands, setup),
        cmocka_unit_test_setup(test_logical_flat, setup),
        cmocka_unit_test_setup(test_logical_cluster, setup),
        cmocka_unit_test_setup(test_logical_x2apic, setup),
        cmocka_unit_test_setup(test_lowest_priority, setup),
        cmocka_unit_test_setup(test_nmi_init_sipi, setup),
        cmocka_unit_test_setup(test_init_keeps_x2apic, setup),
        cmocka_unit_test_setup(test_combinations_that_are_not, setup),
        cmocka_unit_test_setup(test_wide_ids, setup),
        cmocka_unit_test_setup(test_who_takes_what, setup),
        cmocka_unit_test_setup(test_init_deassert, setup),
        cmocka_unit_test_setup(test_lowest_legal_vector, setup),
        cmocka_unit_test_setup(test_extint_message, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
