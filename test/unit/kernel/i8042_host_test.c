/* kernel/i8042_host.c against a controller with a keyboard and a mouse, or with
 * neither, or stuck. */
#include "kernel/i8042_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "arch/cpu.h"
#include "arch/idt.h"
#include "arch/lapic_host.h"
#include "kernel/framebuffer.h"
#include "kernel/ioapic_host.h"

static struct {
    bool there, stuck, mute, no_keyboard;
    uint8_t config, command;
    uint8_t bytes[64];
    bool mouse[64]; /* whose byte it is */
    size_t count;
    bool mouse_off, keyboard_on, scanning;
    unsigned long accesses;
    idt_handler handler;
    unsigned eois, arrivals;
    int scrolled;
} m;

static void put(uint8_t byte, bool mouse)
{
    m.bytes[m.count] = byte;
    m.mouse[m.count++] = mouse;
}

uint8_t cpu_in8(uint16_t port)
{
    uint8_t byte = m.bytes[0];

    assert_true(++m.accesses < 1000000);
    if (!m.there) {
        return 0xff;
    }
    if (port == 0x64) {
        return (uint8_t)((m.count > 0 ? 1 : 0) | (m.stuck ? 2 : 0) |
                         (m.count > 0 && m.mouse[0] ? 0x20 : 0) | 0x14);
    }
    assert_int_equal(port, 0x60);
    if (m.count > 0) {
        m.count--;
        memmove(m.bytes, m.bytes + 1, m.count);
        memmove(m.mouse, m.mouse + 1, m.count * sizeof(bool));
    }
    return byte;
}

static void command(uint8_t value)
{
    m.command = value;
    if (value == 0x20 && !m.mute) {
        put(m.config, false);
    }
    m.mouse_off |= value == 0xa7;
    m.keyboard_on |= value == 0xae;
}

void cpu_out8(uint16_t port, uint8_t value)
{
    assert_true(m.there && !m.stuck);
    if (port == 0x64) {
        command(value);
        return;
    }
    assert_int_equal(port, 0x60);
    if (m.command == 0x60) {
        m.config = value;
        m.command = 0;
    } else if (!m.no_keyboard) {
        assert_int_equal(value, 0xf4);
        m.scanning = true;
        put(0xfa, false);
    }
}

void idt_set_handler(uint8_t vector, idt_handler handler)
{
    (void)vector;
    m.handler = handler;
}

bool ioapic_host_route_isa(unsigned irq, uint8_t vector)
{
    (void)vector;
    assert_int_equal(irq, 1);
    return true;
}

void lapic_host_eoi(void)
{
    assert_int_equal(m.count, 0); /* the line is down */
    m.eois++;
}

void framebuffer_scroll(bool back)
{
    m.scrolled += back ? 1 : -1;
}

static void arrived(void)
{
    m.arrivals++;
}

static int begin(void **state)
{
    (void)state;
    memset(&m, 0, sizeof m);
    m.there = true;
    m.config = 0x37; /* interrupts, and the keyboard off */
    return 0;
}

static const char *read_all(void)
{
    static char text[100];
    size_t length = i8042_host_read(text, sizeof text - 1);

    text[length] = '\0';
    return text;
}

static void it_is_taken_over(void **state)
{
    (void)state;
    put(0x1e, false); /* typed before */
    assert_true(i8042_host_init());
    assert_true(m.mouse_off && m.keyboard_on && m.scanning);
    assert_int_equal(m.config & 0x53, 0x40);
    assert_int_equal(m.config & 0x24, 0x24); /* the rest stays */
    assert_string_equal(read_all(), "");
    assert_true(m.accesses < 1000);
}

static void without_one_nothing_waits_long(void **state)
{
    (void)state;
    m.there = false;
    assert_false(i8042_host_init());
    assert_true(m.accesses < 10);
    assert_string_equal(read_all(), "");
    begin(NULL);
    m.stuck = true;
    assert_false(i8042_host_init());
    begin(NULL);
    m.mute = true;
    assert_false(i8042_host_init());
    begin(NULL);
    m.no_keyboard = true;
    assert_false(i8042_host_init());
    put(0x1e, false);
    assert_string_equal(read_all(), "");
}

static void keys_are_read_and_the_mouse_is_not(void **state)
{
    (void)state;
    assert_true(i8042_host_init());
    put(0x1e, false);
    put(0x08, true);
    put(0x9e, false);
    put(0x30, false);
    assert_string_equal(read_all(), "ab");
    put(0x2a, false);
    put(0x49, false);
    put(0x51, false);
    put(0x51, false);
    assert_string_equal(read_all(), "");
    assert_int_equal(m.scrolled, -1);
}

static void interrupts_keep_what_came(void **state)
{
    (void)state;
    assert_true(i8042_host_init());
    assert_true(i8042_host_start_interrupts(arrived));
    assert_int_equal(m.config & 3, 1);
    put(0x1e, false);
    m.handler(0x52);
    put(0x30, false);
    m.handler(0x52);
    assert_int_equal(m.eois, 2);
    assert_int_equal(m.arrivals, 2);
    put(0x2e, false); /* its interrupt is yet to come */
    assert_string_equal(read_all(), "abc");
    for (unsigned i = 0; i < 100; i++) {
        put(0x1e, false);
        m.handler(0x52);
    }
    assert_int_equal(strlen(read_all()), 64);
}

static void any_key_that_goes_down(void **state)
{
    (void)state;
    assert_false(i8042_host_pressed());
    put(0x9e, false);
    assert_false(i8042_host_pressed());
    put(0x1e, true);
    assert_false(i8042_host_pressed());
    put(0x1e, false);
    put(0x9e, false);
    assert_true(i8042_host_pressed());
    assert_false(i8042_host_pressed());
    m.there = false;
    assert_false(i8042_host_pressed());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(it_is_taken_over, begin),
        cmocka_unit_test_setup(without_one_nothing_waits_long, begin),
        cmocka_unit_test_setup(keys_are_read_and_the_mouse_is_not, begin),
        cmocka_unit_test_setup(interrupts_keep_what_came, begin),
        cmocka_unit_test_setup(any_key_that_goes_down, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
