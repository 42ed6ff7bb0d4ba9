/* The 8259A pair's behaviour as the data sheet has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/support/chips_fake.h"
#include "vmm/chip/apic_bus.h"
#include "vmm/chip/pic.h"

static struct apic_bus bus;
static struct pic pic;

static void out(unsigned port, unsigned value)
{
    struct access access = {
        .address = port, .value = value, .size = 1, .write = true};

    assert_int_equal(pic_access(&pic, &access), ACCESS_HANDLED);
    assert_true(pic_valid(&pic));
}

static unsigned in(unsigned port)
{
    struct access access = {.address = port, .value = 0x5555, .size = 1};

    assert_int_equal(pic_access(&pic, &access), ACCESS_HANDLED);
    assert_true(pic_valid(&pic));
    return (unsigned)access.value;
}

static void irq(unsigned line, bool level)
{
    pic_set_irq(&pic, line, level);
    assert_true(pic_valid(&pic));
}

static void pulse(unsigned line)
{
    irq(line, true);
    irq(line, false);
}

static void program(unsigned icw4)
{
    out(0x20, 0x11);
    out(0x21, 0x20);
    out(0x21, 0x04);
    out(0x21, icw4);
    out(0xa0, 0x11);
    out(0xa1, 0x28);
    out(0xa1, 0x02);
    out(0xa1, icw4);
}

static int setup(void **state)
{
    (void)state;
    fake_reset();
    bus = (struct apic_bus){.pic = &pic};
    pic_init(&pic, &bus);
    return 0;
}

static void test_bios_state(void **state)
{
    (void)state;
    assert_int_equal(in(0x21), 0xf8);
    assert_int_equal(in(0xa1), 0xff);
    assert_false(pic_output(&pic));
    pulse(0);
    assert_true(pic_output(&pic));
    assert_int_equal(pic_acknowledge(&pic), 8);
    out(0x20, 0x20);
    out(0xa1, 0xfe);
    pulse(8);
    assert_int_equal(pic_acknowledge(&pic), 0x70);
}

static void test_initialisation(void **state)
{
    (void)state;
    program(0x01);
    /* ICW1 has cleared the mask. */
    assert_int_equal(in(0x21), 0);
    out(0x21, 0xfb);
    assert_int_equal(in(0x21), 0xfb);
    out(0x21, 0x00);
    pulse(3);
    assert_true(bus.intr);
    assert_int_equal(pic_acknowledge(&pic), 0x23);
    assert_false(bus.intr);
    pulse(12);
    /* The slave's line 2 is above 3. */
    assert_int_equal(pic_acknowledge(&pic), 0x2c);
}

static void test_icw1_forgets_edges(void **state)
{
    (void)state;
    program(0x01);
    pulse(5);
    assert_true(pic_output(&pic));
    program(0x01);
    assert_false(pic_output(&pic));
}

static void test_single_without_icw4(void **state)
{
    (void)state;
    out(0x20, 0x12);
    out(0x21, 0x40);
    /* No ICW3 and no ICW4: this is a mask. */
    out(0x21, 0xaa);
    assert_int_equal(in(0x21), 0xaa);
    pulse(0);
    assert_int_equal(pic_acknowledge(&pic), 0x40);
}

static void test_priority_and_nesting(void **state)
{
    (void)state;
    program(0x01);
    pulse(4);
    pulse(1);
    assert_int_equal(pic_acknowledge(&pic), 0x21);
    /* 4 waits for 1's EOI; 0 does not. */
    assert_false(pic_output(&pic));
    pulse(0);
    assert_true(pic_output(&pic));
    assert_int_equal(pic_acknowledge(&pic), 0x20);
    out(0x20, 0x0b);
    assert_int_equal(in(0x20), 0x03);
    out(0x20, 0x20); /* ends 0, the highest */
    assert_int_equal(in(0x20), 0x02);
    assert_false(pic_output(&pic));
    out(0x20, 0x61); /* specific, of 1 */
    assert_true(pic_output(&pic));
    out(0x20, 0x0a);
    assert_int_equal(in(0x20), 0x10);
    assert_int_equal(pic_acknowledge(&pic), 0x24);
}

static void test_edge_needs_an_edge(void **state)
{
    (void)state;
    program(0x01);
    irq(5, true);
    assert_int_equal(pic_acknowledge(&pic), 0x25);
    out(0x20, 0x20);
    assert_false(pic_output(&pic));
    irq(5, true);
    assert_false(pic_output(&pic));
    irq(5, false);
    irq(5, true);
    assert_true(pic_output(&pic));
}

static void test_edge_while_masked_is_kept(void **state)
{
    (void)state;
    program(0x01);
    out(0x21, 0x20);
    pulse(5);
    assert_false(pic_output(&pic));
    out(0x21, 0x00);
    assert_int_equal(pic_acknowledge(&pic), 0x25);
}

static void test_level(void **state)
{
    (void)state;
    program(0x01);
    out(0x4d0, 0xff);
    out(0x4d1, 0xff);
    assert_int_equal(in(0x4d0), 0xf8);
    assert_int_equal(in(0x4d1), 0xde);
    irq(5, true);
    assert_int_equal(pic_acknowledge(&pic), 0x25);
    out(0x20, 0x20);
    /* Still asserted: again. */
    assert_int_equal(pic_acknowledge(&pic), 0x25);
    irq(5, false);
    out(0x20, 0x20);
    assert_false(pic_output(&pic));
    /* Gone before it is acknowledged. */
    irq(5, true);
    irq(5, false);
    assert_false(pic_output(&pic));
}

/* A line that is high when it becomes level-triggered requests, and no longer
 * when it becomes edge-triggered again. */
static void test_elcr_of_a_line_that_is_high(void **state)
{
    (void)state;
    program(0x01);
    irq(5, true);
    assert_int_equal(pic_acknowledge(&pic), 0x25);
    out(0x20, 0x20);
    assert_false(pic_output(&pic)); /* its edge has been served */
    out(0x4d0, 0x20);
    assert_true(pic_output(&pic));
    out(0x4d0, 0);
    assert_false(pic_output(&pic));
}

static void test_firmware_level_lines(void **state)
{
    (void)state;
    pic_set_level_lines(&pic, 1U << 9 | 1U << 2 | 1U << 13);
    assert_int_equal(in(0x4d0), 0);
    assert_int_equal(in(0x4d1), 2);
}

static void test_spurious(void **state)
{
    (void)state;
    program(0x01);
    out(0x4d0, 0x20);
    irq(5, true);
    assert_true(pic_output(&pic));
    out(0x21, 0xff);
    assert_int_equal(pic_acknowledge(&pic), 0x27);
    out(0x20, 0x0b);
    assert_int_equal(in(0x20), 0);
}

static void test_cascade(void **state)
{
    (void)state;
    program(0x01);
    pulse(9);
    pulse(14);
    assert_int_equal(pic_acknowledge(&pic), 0x29);
    out(0x20, 0x0b);
    out(0xa0, 0x0b);
    assert_int_equal(in(0x20), 0x04);
    assert_int_equal(in(0xa0), 0x02);
    out(0xa0, 0x20);
    assert_false(pic_output(&pic)); /* the master's line 2 is in service */
    out(0x20, 0x20);
    assert_true(pic_output(&pic));
    assert_int_equal(pic_acknowledge(&pic), 0x2e);
    /* A line of the slave above the one in service, after the master's EOI. */
    out(0x20, 0x20);
    pulse(8);
    assert_int_equal(pic_acknowledge(&pic), 0x28);
}

static void test_fully_nested(void **state)
{
    (void)state;
    program(0x11);
    pulse(14);
    assert_int_equal(pic_acknowledge(&pic), 0x2e);
    pulse(8);
    assert_true(pic_output(&pic));
    assert_int_equal(pic_acknowledge(&pic), 0x28);
}

static void test_auto_eoi(void **state)
{
    (void)state;
    program(0x03);
    pulse(6);
    pulse(6);
    assert_int_equal(pic_acknowledge(&pic), 0x26);
    out(0x20, 0x0b);
    assert_int_equal(in(0x20), 0);
    pulse(10);
    pulse(11);
    /* The slave asks again without its output having fallen. */
    assert_int_equal(pic_acknowledge(&pic), 0x2a);
    assert_int_equal(pic_acknowledge(&pic), 0x2b);
    assert_false(pic_output(&pic));
}

static void test_rotation(void **state)
{
    (void)state;
    program(0x01);
    out(0x20, 0xc3); /* 3 is the lowest: 4 is the highest */
    pulse(3);
    pulse(4);
    assert_int_equal(pic_acknowledge(&pic), 0x24);
    out(0x20, 0xa0); /* rotate on EOI: 4 is the lowest */
    pulse(5);
    pulse(4);
    assert_int_equal(pic_acknowledge(&pic), 0x25);
    out(0x20, 0xe5);
    assert_int_equal(pic_acknowledge(&pic), 0x23);
}

static void test_rotation_in_auto_eoi(void **state)
{
    (void)state;
    program(0x03);
    out(0x20, 0x80);
    irq(0, true);
    irq(1, true);
    assert_int_equal(pic_acknowledge(&pic), 0x20);
    irq(0, false);
    irq(0, true);
    assert_int_equal(pic_acknowledge(&pic), 0x21);
    assert_int_equal(pic_acknowledge(&pic), 0x20);
}

static void test_special_mask(void **state)
{
    (void)state;
    program(0x01);
    pulse(1);
    assert_int_equal(pic_acknowledge(&pic), 0x21);
    pulse(6);
    assert_false(pic_output(&pic));
    out(0x21, 0x02);
    assert_false(pic_output(&pic));
    out(0x20, 0x68); /* special mask mode: 1 is masked, so 6 may come */
    assert_true(pic_output(&pic));
    out(0x20, 0x48);
    assert_false(pic_output(&pic));
}

static void test_poll(void **state)
{
    (void)state;
    program(0x01);
    pulse(6);
    out(0x20, 0x0c);
    assert_int_equal(in(0x20), 0x86);
    assert_false(pic_output(&pic));
    out(0x20, 0x0c);
    assert_int_equal(in(0x20), 0x00);
    out(0x20, 0x0b);
    assert_int_equal(in(0x20), 0x40);
}

static void test_wide_access(void **state)
{
    struct access access = {.address = 0x20, .size = 2};

    (void)state;
    program(0x01);
    out(0x21, 0x5a);
    pulse(0);
    assert_int_equal(pic_access(&pic, &access), ACCESS_HANDLED);
    assert_int_equal(access.value, 0x5a01);
    access = (struct access){
        .address = 0x4d0, .size = 4, .write = true, .value = 0xffffffff};
    assert_int_equal(pic_access(&pic, &access), ACCESS_HANDLED);
    assert_int_equal(in(0x4d1), 0xde);
}

static void test_poll_is_one_read(void **state)
{
    (void)state;
    program(0x01);
    out(0x20, 0x0a);
    irq(0, true);
    irq(3, true);
    out(0x20, 0x0c);
    assert_int_equal(in(0x20), 0x80);
    assert_int_equal(in(0x20), 0x08); /* IRR again */
    irq(11, true);
    out(0xa0, 0x0c);
    assert_int_equal(in(0xa0), 0x83);
}

static void test_icw1_starts_over(void **state)
{
    (void)state;
    program(0x13);
    out(0x20, 0x80); /* rotate in automatic EOI mode */
    out(0x20, 0x68);
    out(0x20, 0xc2);
    out(0x20, 0x0f);
    out(0x20, 0x10); /* ICW1 without ICW4: plain mode */
    out(0x21, 0x20);
    out(0x21, 0x04);
    irq(5, true);
    assert_int_equal(in(0x20), 0x20); /* IRR, not a poll */
    assert_int_equal(pic_acknowledge(&pic), 0x25);
    out(0x20, 0x0b);
    assert_int_equal(in(0x20), 0x20);
    irq(6, true);
    out(0x21, 0x20);
    assert_false(pic_output(&pic)); /* no special mask mode */
    out(0x20, 0x11);
    out(0x20, 0x0b);
    assert_int_equal(in(0x20), 0); /* nothing in service */
}

static void test_single_with_icw4(void **state)
{
    (void)state;
    out(0x20, 0x13);
    out(0x21, 0x40);
    out(0x21, 0x03);
    assert_int_equal(in(0x21), 0);
    pulse(6);
    pulse(7);
    assert_int_equal(pic_acknowledge(&pic), 0x46);
    assert_int_equal(pic_acknowledge(&pic), 0x47);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_bios_state, setup),
        cmocka_unit_test_setup(test_initialisation, setup),
        cmocka_unit_test_setup(test_icw1_forgets_edges, setup),
        cmocka_unit_test_setup(test_single_without_icw4, setup),
        cmocka_unit_test_setup(test_priority_and_nesting, setup),
        cmocka_unit_test_setup(test_edge_needs_an_edge, setup),
        cmocka_unit_test_setup(test_edge_while_masked_is_kept, setup),
        cmocka_unit_test_setup(test_level, setup),
        cmocka_unit_test_setup(test_elcr_of_a_line_that_is_high, setup),
        cmocka_unit_test_setup(test_firmware_level_lines, setup),
        cmocka_unit_test_setup(test_spurious, setup),
        cmocka_unit_test_setup(test_cascade, setup),
        cmocka_unit_test_setup(test_fully_nested, setup),
        cmocka_unit_test_setup(test_auto_eoi, setup),
        cmocka_unit_test_setup(test_rotation, setup),
        cmocka_unit_test_setup(test_rotation_in_auto_eoi, setup),
        cmocka_unit_test_setup(test_special_mask, setup),
        cmocka_unit_test_setup(test_poll, setup),
        cmocka_unit_test_setup(test_wide_access, setup),
        cmocka_unit_test_setup(test_poll_is_one_read, setup),
        cmocka_unit_test_setup(test_icw1_starts_over, setup),
        cmocka_unit_test_setup(test_single_with_icw4, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
