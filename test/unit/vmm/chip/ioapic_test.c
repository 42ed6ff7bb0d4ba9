/* The IOAPIC with two local APICs behind it: pins, remote IRR, EOI. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/support/chips_fake.h"
#include "vmm/chip/apic_bus.h"
#include "vmm/chip/ioapic.h"
#include "vmm/chip/lapic.h"
#include "vmm/chip/pic.h"

#define MASKED (1U << 16)
#define LEVEL  (1U << 15)
#define REMOTE (1U << 14)

static struct apic_bus bus;
static struct ioapic ioapic;
static struct pic pic;
static struct lapic lapics[2];
static struct vcpu vcpus[2];

static bool all_valid(void)
{
    return ioapic_valid(&ioapic) && pic_valid(&pic) &&
           lapic_valid(&lapics[0]) && lapic_valid(&lapics[1]);
}

static void page_write(unsigned offset, uint64_t value, uint8_t size)
{
    struct access access = {.address = IOAPIC_BASE + offset,
                            .value = value,
                            .size = size,
                            .write = true};

    assert_int_equal(ioapic_access(&ioapic, &access), ACCESS_HANDLED);
    assert_true(all_valid());
}

static uint64_t page_read(unsigned offset, uint8_t size)
{
    struct access access = {.address = IOAPIC_BASE + offset, .size = size};

    assert_int_equal(ioapic_access(&ioapic, &access), ACCESS_HANDLED);
    return access.value;
}

static void set(unsigned reg, uint32_t value)
{
    page_write(0x00, reg, 4);
    page_write(0x10, value, 4);
}

static uint32_t get(unsigned reg)
{
    page_write(0x00, reg, 4);
    return (uint32_t)page_read(0x10, 4);
}

static void route(unsigned pin, uint32_t low, uint32_t dest)
{
    set(0x10 + 2 * pin, MASKED);
    set(0x11 + 2 * pin, dest << 24);
    set(0x10 + 2 * pin, low);
}

static void irq(unsigned pin, bool level)
{
    ioapic_set_irq(&ioapic, pin, level);
    assert_true(all_valid());
}

/* Takes what is deliverable, as the vCPU loop does. */
static int take(unsigned cpu)
{
    int vector = lapic_pending(&lapics[cpu]);

    if (vector >= 0) {
        lapic_accept(&lapics[cpu], vector);
    }
    return vector;
}

static void eoi(unsigned cpu)
{
    struct access access = {.address = 0xb0, .size = 4, .write = true};

    lapic_access(&lapics[cpu], &access);
    assert_true(all_valid());
}

static void svr(unsigned cpu, uint32_t value)
{
    struct access access = {
        .address = 0xf0, .size = 4, .write = true, .value = value};

    lapic_access(&lapics[cpu], &access);
    assert_true(all_valid());
}

static int setup(void **state)
{
    (void)state;
    fake_reset();
    bus = (struct apic_bus){.lapics = {&lapics[0], &lapics[1]},
                            .count = 2,
                            .ioapic = &ioapic,
                            .pic = &pic};
    ioapic_init(&ioapic, &bus, 5);
    pic_init(&pic, &bus);
    for (unsigned i = 0; i < 2; i++) {
        vcpus[i].wakes = 0;
        lapic_init(&lapics[i], &bus, &vcpus[i], i, i == 0);
        lapic_firmware_state(&lapics[i]);
    }
    return 0;
}

static void test_registers(void **state)
{
    (void)state;
    assert_int_equal(get(0), 0x05000000);
    assert_int_equal(get(1), 0x00170020);
    set(0, 0xffffffff);
    assert_int_equal(get(0), 0x0f000000);
    assert_int_equal(get(2), 0x0f000000);
    set(1, 0);
    assert_int_equal(get(1), 0x00170020);
    for (unsigned pin = 0; pin < 24; pin++) {
        assert_int_equal(get(0x10 + 2 * pin), MASKED);
        assert_int_equal(get(0x11 + 2 * pin), 0);
    }
    /* Writable: all but delivery status and remote IRR; the destination. */
    set(0x10, 0xffffffff);
    set(0x11, 0xffffffff);
    assert_int_equal(get(0x10), 0x0001afff);
    assert_int_equal(get(0x11), 0xff000000);
    /* Beyond the pins there is nothing. */
    set(0x40, 0x12345678);
    assert_int_equal(get(0x40), 0);
    set(0xff, 0x12345678);
    assert_int_equal(get(0xff), 0);
}

static void test_narrow_and_wide(void **state)
{
    (void)state;
    page_write(0x00, 0x01, 1);
    assert_int_equal(page_read(0x10, 4), 0x00170020);
    assert_int_equal(page_read(0x12, 1), 0x17);
    assert_int_equal(page_read(0x12, 2), 0x17);
    assert_int_equal(page_read(0x10, 8), 0x00170020);
    assert_int_equal(page_read(0x17, 1), 0);
    assert_int_equal(page_read(0xff8, 8), 0);
    page_write(0x00, 0x10, 4);
    /* The window takes doublewords only. */
    page_write(0x10, 0x31, 1);
    page_write(0x10, 0x31, 2);
    page_write(0x12, 0, 2);
    assert_int_equal(get(0x10), MASKED);
    page_write(0xffc, 0xffffffff, 8);
}

static void test_edge(void **state)
{
    (void)state;
    route(4, 0x34, 1);
    irq(4, true);
    assert_int_equal(vcpus[1].wakes, 1);
    assert_int_equal(take(0), -1);
    assert_int_equal(take(1), 0x34);
    irq(4, true); /* no new edge */
    eoi(1);
    assert_int_equal(take(1), -1);
    irq(4, false);
    irq(4, true);
    assert_int_equal(take(1), 0x34);
    assert_int_equal(get(0x10 + 8), 0x34);
}

static void test_edge_while_masked_is_lost(void **state)
{
    (void)state;
    route(4, MASKED | 0x34, 0);
    irq(4, true);
    route(4, 0x34, 0);
    assert_int_equal(take(0), -1);
    irq(4, false);
    irq(4, true);
    assert_int_equal(take(0), 0x34);
}

static void test_level(void **state)
{
    (void)state;
    route(17, LEVEL | 0x51, 0);
    irq(17, true);
    assert_int_equal(get(0x10 + 34), LEVEL | REMOTE | 0x51);
    assert_int_equal(take(0), 0x51);
    irq(17, false);
    irq(17, true); /* remote IRR holds it back until the EOI */
    assert_int_equal(take(0), -1);
    eoi(0);
    assert_int_equal(take(0), 0x51);
    irq(17, false);
    eoi(0);
    assert_int_equal(get(0x10 + 34), LEVEL | 0x51);
    assert_int_equal(take(0), -1);
}

/* Lowest priority has a level-triggered form, as fixed delivery has. */
static void test_level_with_lowest_priority(void **state)
{
    const uint32_t entry = LEVEL | APIC_LOWEST << 8 | 0x51;

    (void)state;
    route(17, entry, 0);
    irq(17, true);
    assert_int_equal(get(0x10 + 34), entry | REMOTE);
    assert_int_equal(take(0), 0x51);
    irq(17, false);
    irq(17, true);
    assert_int_equal(take(0), -1);
    eoi(0);
    assert_int_equal(take(0), 0x51);
    irq(17, false);
    eoi(0);
    assert_int_equal(get(0x10 + 34), entry);
    /* A pin that is asserted when it is unmasked. */
    set(0x10 + 34, MASKED | entry);
    irq(17, true);
    assert_int_equal(take(0), -1);
    set(0x10 + 34, entry);
    assert_int_equal(take(0), 0x51);
}

static void test_level_still_asserted_at_eoi(void **state)
{
    (void)state;
    route(17, LEVEL | 0x51, 0);
    irq(17, true);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(take(0), 0x51);
        eoi(0);
    }
    assert_int_equal(vcpus[0].wakes, 6);
}

static void test_level_masked_then_unmasked(void **state)
{
    (void)state;
    route(17, MASKED | LEVEL | 0x51, 0);
    irq(17, true);
    assert_int_equal(take(0), -1);
    set(0x10 + 34, LEVEL | 0x51);
    assert_int_equal(take(0), 0x51);
    /* Masked in the handler, as some kernels do: the EOI does not deliver
     * again, unmasking does. */
    set(0x10 + 34, MASKED | LEVEL | 0x51);
    assert_int_equal(get(0x10 + 34), MASKED | LEVEL | REMOTE | 0x51);
    eoi(0);
    assert_int_equal(take(0), -1);
    set(0x10 + 34, LEVEL | 0x51);
    assert_int_equal(take(0), 0x51);
}

static void test_eoi_of_another_vector(void **state)
{
    (void)state;
    route(16, LEVEL | 0x61, 0);
    route(17, LEVEL | 0x51, 0);
    irq(16, true);
    irq(17, true);
    ioapic_eoi(&ioapic, 0x61);
    assert_int_equal(get(0x10 + 32) & REMOTE, REMOTE); /* asserted: again */
    irq(16, false);
    ioapic_eoi(&ioapic, 0x61);
    assert_int_equal(get(0x10 + 32) & REMOTE, 0);
    assert_int_equal(get(0x10 + 34) & REMOTE, REMOTE);
}

static void test_eoi_register(void **state)
{
    (void)state;
    route(17, LEVEL | 0x51, 0);
    irq(17, true);
    irq(17, false);
    page_write(0x40, 0x51, 4);
    assert_int_equal(get(0x10 + 34) & REMOTE, 0);
}

static void test_suppressed_eoi_broadcast(void **state)
{
    (void)state;
    svr(0, 0x11ff);
    route(17, LEVEL | 0x51, 0);
    irq(17, true);
    assert_int_equal(take(0), 0x51);
    eoi(0);
    assert_int_equal(take(0), -1);
    assert_int_equal(get(0x10 + 34) & REMOTE, REMOTE);
    page_write(0x40, 0x51, 4);
    assert_int_equal(take(0), 0x51);
}

static void test_edge_clears_remote_irr(void **state)
{
    (void)state;
    route(17, LEVEL | 0x51, 0);
    irq(17, true);
    irq(17, false);
    set(0x10 + 34, MASKED | 0x51);
    assert_int_equal(get(0x10 + 34), MASKED | 0x51);
    set(0x10 + 34, LEVEL | 0x51);
    assert_int_equal(get(0x10 + 34), LEVEL | 0x51);
}

/* An edge interrupt must not be announced to the IOAPIC at its EOI, even if
 * the vector was a level one's before. */
static void test_tmr_follows(void **state)
{
    (void)state;
    route(17, LEVEL | 0x51, 0);
    irq(17, true);
    assert_int_equal(take(0), 0x51);
    eoi(0);
    assert_int_equal(take(0), 0x51);
    lapic_receive(&lapics[0], APIC_FIXED, 0x51, false);
    eoi(0);
    assert_int_equal(get(0x10 + 34) & REMOTE, REMOTE);
    assert_int_equal(take(0), 0x51);
}

static void test_nobody_takes_it(void **state)
{
    (void)state;
    svr(1, 0xff); /* software-disabled */
    route(17, LEVEL | 0x51, 1);
    irq(17, true);
    assert_int_equal(get(0x10 + 34) & REMOTE, 0);
    svr(1, 0x1ff);
    assert_int_equal(get(0x10 + 34) & REMOTE, REMOTE);
    assert_int_equal(take(1), 0x51);
    /* Nobody by that logical name yet. */
    route(18, LEVEL | 1U << 11 | 0x61, 0x40);
    irq(18, true);
    assert_int_equal(take(0), -1);
    lapic_access(&lapics[0], &(struct access){.address = 0xd0,
                                              .size = 4,
                                              .write = true,
                                              .value = 0x40000000});
    assert_int_equal(take(0), 0x61);
}

static void test_logical_and_broadcast(void **state)
{
    struct access ldr = {
        .address = 0xd0, .size = 4, .write = true, .value = 0x01000000};

    (void)state;
    lapic_access(&lapics[0], &ldr);
    ldr.value = 0x02000000;
    lapic_access(&lapics[1], &ldr);
    route(3, 1U << 11 | 0x40, 0x03);
    irq(3, true);
    assert_int_equal(take(0), 0x40);
    assert_int_equal(take(1), 0x40);
    eoi(0);
    eoi(1);
    route(5, 0x41, 0xff);
    irq(5, true);
    assert_int_equal(take(0), 0x41);
    assert_int_equal(take(1), 0x41);
    eoi(0);
    eoi(1);
    /* Lowest priority: one of them, in turn. */
    route(6, 1U << 11 | APIC_LOWEST << 8 | 0x42, 0x03);
    irq(6, true);
    irq(6, false);
    assert_int_equal((take(0) == 0x42) + (take(1) == 0x42), 1);
    irq(6, true);
    assert_int_equal((take(0) == 0x42) + (take(1) == 0x42), 1);
    assert_int_equal(lapics[0].highest_isr, 0x42);
    assert_int_equal(lapics[1].highest_isr, 0x42);
}

static void test_other_modes(void **state)
{
    uint8_t vector = 0;

    (void)state;
    route(7, LEVEL | APIC_NMI << 8 | 0x11, 1);
    irq(7, true);
    assert_int_equal(get(0x10 + 14) & REMOTE, 0);
    assert_true(lapic_take_nmi(&lapics[1]));
    assert_false(lapic_take_nmi(&lapics[1]));
    assert_false(lapic_take_nmi(&lapics[0]));
    route(8, APIC_INIT << 8, 1);
    irq(8, true);
    assert_true(lapic_take_init(&lapics[1]));
    route(9, APIC_SIPI << 8 | 0x9a, 1); /* reserved in an IOAPIC */
    irq(9, true);
    assert_false(lapic_take_sipi(&lapics[1], &vector));
    route(10, APIC_SMI << 8, 0);
    irq(10, true);
    assert_false(lapic_has_work(&lapics[0]));
}

/* The old way: the PIC pair on pin 0 as ExtINT. */
static void test_extint_through_pin_0(void **state)
{
    struct access lint0 = {
        .address = 0x350, .size = 4, .write = true, .value = MASKED};

    (void)state;
    lapic_access(&lapics[0], &lint0);
    route(0, APIC_EXTINT << 8, 0);
    pic_set_irq(&pic, 0, true);
    assert_true(lapic_extint_ready(&lapics[0]));
    assert_int_equal(lapic_take_extint(&lapics[0]), 8);
    assert_false(lapic_has_work(&lapics[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_registers, setup),
        cmocka_unit_test_setup(test_narrow_and_wide, setup),
        cmocka_unit_test_setup(test_edge, setup),
        cmocka_unit_test_setup(test_edge_while_masked_is_lost, setup),
        cmocka_unit_test_setup(test_level, setup),
        cmocka_unit_test_setup(test_level_with_lowest_priority, setup),
        cmocka_unit_test_setup(test_level_still_asserted_at_eoi, setup),
        cmocka_unit_test_setup(test_level_masked_then_unmasked, setup),
        cmocka_unit_test_setup(test_eoi_of_another_vector, setup),
        cmocka_unit_test_setup(test_eoi_register, setup),
        cmocka_unit_test_setup(test_suppressed_eoi_broadcast, setup),
        cmocka_unit_test_setup(test_edge_clears_remote_irr, setup),
        cmocka_unit_test_setup(test_tmr_follows, setup),
        cmocka_unit_test_setup(test_nobody_takes_it, setup),
        cmocka_unit_test_setup(test_logical_and_broadcast, setup),
        cmocka_unit_test_setup(test_other_modes, setup),
        cmocka_unit_test_setup(test_extint_through_pin_0, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
