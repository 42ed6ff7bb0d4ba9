/* kernel/hold.c: what ends the wait, and what does not. */
#include "kernel/hold.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/cpu.h"
#include "arch/machine.h"
#include "kernel/base/log.h"
#include "kernel/framebuffer.h"
#include "kernel/i8042_host.h"
#include "kernel/serial.h"

#define HZ     1000ULL
#define MINUTE (60 * HZ)

static jmp_buf halted;
static struct {
    bool screen, port;
    uint64_t now;
    uint64_t key_at, typed_at; /* 0: never */
    bool key_taken, typed_taken;
    char shown[200];
} m;

uint64_t cpu_rdtsc(void)
{
    return ++m.now;
}

void cpu_pause(void)
{
}

bool i8042_host_pressed(void)
{
    bool pressed = m.key_at != 0 && m.now >= m.key_at && !m.key_taken;

    m.key_taken |= pressed;
    return pressed;
}

struct serial *serial_port(enum serial_role role)
{
    static char some;

    assert_int_equal(role, SERIAL_CONSOLE);
    return m.port ? (struct serial *)(void *)&some : NULL;
}

size_t serial_read(struct serial *port, void *bytes, size_t length)
{
    bool typed = m.typed_at != 0 && m.now >= m.typed_at && !m.typed_taken;

    (void)port;
    assert_true(length > 0);
    m.typed_taken |= typed;
    *(char *)bytes = 'x';
    return typed;
}

void framebuffer_size(uint32_t *width, uint32_t *height)
{
    *width = *height = m.screen ? 600 : 0;
}

void framebuffer_flush(void)
{
}

void framebuffer_write_line(enum framebuffer_style style, const char *text,
                            size_t length)
{
    assert_int_equal(style, FRAMEBUFFER_INFO);
    strncat(m.shown, text, length);
}

void log_flush(void)
{
}

_Noreturn void machine_halt(void)
{
    longjmp(halted, 1);
}

static int begin(void **state)
{
    (void)state;
    m = (typeof(m)){.screen = true, .port = true};
    return 0;
}

static uint64_t waits(void)
{
    hold_screen(HZ);
    return m.now;
}

static void a_minute_without_a_key(void **state)
{
    (void)state;
    assert_in_range(waits(), MINUTE, MINUTE + 5);
    assert_non_null(strstr(m.shown, "Press a key"));
    begin(NULL);
    m.port = false;
    assert_in_range(waits(), MINUTE, MINUTE + 5);
}

static void a_key_ends_it(void **state)
{
    (void)state;
    m.key_at = 100;
    assert_in_range(waits(), 100, 105);
    begin(NULL);
    m.typed_at = 100;
    assert_in_range(waits(), 100, 105);
}

static void what_was_pressed_before_does_not(void **state)
{
    (void)state;
    m.key_at = m.typed_at = 1;
    assert_in_range(waits(), MINUTE, MINUTE + 5);
}

static void without_a_screen_there_is_nothing_to_keep(void **state)
{
    (void)state;
    m.screen = false;
    assert_in_range(waits(), 0, 5);
    assert_string_equal(m.shown, "");
}

static void without_a_clock_it_stays(void **state)
{
    (void)state;
    if (setjmp(halted) == 0) {
        hold_screen(0);
        fail();
    }
    assert_string_equal(m.shown, "Turn the machine off.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_minute_without_a_key, begin),
        cmocka_unit_test_setup(a_key_ends_it, begin),
        cmocka_unit_test_setup(what_was_pressed_before_does_not, begin),
        cmocka_unit_test_setup(without_a_screen_there_is_nothing_to_keep,
                               begin),
        cmocka_unit_test_setup(without_a_clock_it_stays, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
