/* What the console's tests share: serial ports and a screen in memory; see the
 * header. */
#include "test/unit/support/console_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct console_rig rig;

struct serial *serial_port(enum serial_role role)
{
    return rig.ports[role].present ? &rig.ports[role] : NULL;
}

void serial_start_queueing(void)
{
    rig.queueing = true;
}

void serial_write(struct serial *port, const void *bytes, size_t length)
{
    assert_true(port->length + length < sizeof(port->out));
    memcpy(port->out + port->length, bytes, length);
    port->length += length;
    port->out[port->length] = '\0';
}

void serial_send_some(struct serial *port)
{
    port->room = SERIAL_QUEUE;
    rig.sent_some++;
}

size_t serial_room(const struct serial *port)
{
    return port->room;
}

size_t serial_read(struct serial *port, void *bytes, size_t length)
{
    size_t count = strnlen(port->typed, length);

    memcpy(bytes, port->typed, count);
    port->typed += count;
    return count;
}

void serial_flush(struct serial *port)
{
    (void)port;
}

bool serial_at_line_start(const struct serial *port)
{
    return port->length == 0 || port->out[port->length - 1] == '\n';
}

void framebuffer_write(const void *bytes, size_t length)
{
    strncat(rig.screen, bytes, length);
}

void last_run_write(const void *bytes, size_t length)
{
    (void)bytes;
    (void)length;
}

void framebuffer_start_deferring(void)
{
}

void framebuffer_flush(void)
{
}

void framebuffer_write_line(enum framebuffer_style style, const char *text,
                            size_t length)
{
    rig.style = style;
    strncat(rig.screen, text, length);
    strcat(rig.screen, "\n");
}

uint8_t cpu_in8(uint16_t port)
{
    assert_int_equal(port, 0xe9);
    return rig.has_debug_port ? 0xe9 : 0xff;
}

void cpu_out8(uint16_t port, uint8_t value)
{
    assert_int_equal(port, 0xe9);
    assert_true(rig.has_debug_port);
    strncat(rig.debug_port, (const char *)&value, 1);
}

uint64_t time_now(void)
{
    return rig.now;
}

uint64_t time_tsc_hz(void)
{
    return rig.no_clock ? 0 : 1000000000;
}

void timer_arm(struct timer *timer, uint64_t deadline)
{
    timer->deadline = deadline;
    timer->armed = true;
    rig.armed = timer;
}

void timer_cancel(struct timer *timer)
{
    timer->armed = false;
    rig.armed = NULL;
}

void event_signal(struct event *event)
{
    event->signalled = true;
    if (event != &rig.one.input && event != &rig.two.input) {
        rig.waiting = event;
    }
}

/* The task that shows held lines never gets to run here. */
struct task *task_create(const char *name, task_entry entry, void *argument)
{
    assert_string_equal(name, "console output");
    assert_non_null(entry);
    return argument == NULL ? (struct task *)(void *)&rig.one : NULL;
}

void event_wait(struct event *event)
{
    (void)event;
    fail();
}

void task_sleep_until(uint64_t deadline)
{
    assert_non_null(rig.while_sleeping);
    rig.now = deadline;
    rig.while_sleeping();
}

void task_dump(void)
{
    rig.dumps++;
}

bool serial_start_interrupts(struct serial *port, void (*arrived)(void))
{
    assert_ptr_equal(port, &rig.ports[SERIAL_CONSOLE]);
    rig.on_arrival = arrived;
    return true;
}

bool i8042_host_init(void)
{
    return rig.has_keyboard;
}

bool i8042_host_start_interrupts(void (*arrived)(void))
{
    assert_true(rig.has_keyboard);
    rig.on_key = arrived;
    return true;
}

size_t i8042_host_read(void *bytes, size_t length)
{
    size_t count = rig.keys != NULL ? strnlen(rig.keys, length) : 0;

    if (count == 0) {
        return 0;
    }
    memcpy(bytes, rig.keys, count);
    rig.keys += count;
    return count;
}

int rig_fresh(void **state)
{
    (void)state;
    memset(rig.ports, 0, sizeof(rig.ports));
    rig.ports[SERIAL_CONSOLE].present = true;
    rig.ports[SERIAL_CONSOLE].room = SERIAL_QUEUE;
    rig.ports[SERIAL_CONSOLE].typed = "";
    rig.ports[SERIAL_LOG].room = SERIAL_QUEUE;
    rig.screen[0] = '\0';
    rig.debug_port[0] = '\0';
    rig.has_debug_port = false;
    rig.dumps = 0;
    memset(&rig.one, 0, sizeof(rig.one));
    memset(&rig.two, 0, sizeof(rig.two));
    rig.now = 5 * TIME_SECOND;
    log_set_level(LOG_INFO);
    console_open();
    assert_true(rig.queueing);
    console_attach(&rig.one, "one");
    return 0;
}

int rig_stop(void **state)
{
    (void)state;
    if (rig.two.number != 0) {
        console_detach(&rig.two);
    }
    if (rig.one.number != 0) {
        console_detach(&rig.one);
    }
    return 0;
}

void rig_type(const char *text)
{
    struct timer *timer = rig.armed;

    rig.ports[SERIAL_CONSOLE].typed = text;
    do {
        assert_non_null(timer);
        rig.now = rig.now > timer->deadline ? rig.now : timer->deadline;
        rig.armed = NULL;
        timer->armed = false;
        timer->fire(timer->argument);
    } while (*rig.ports[SERIAL_CONSOLE].typed != '\0');
}

void rig_forget_output(void)
{
    rig.ports[SERIAL_CONSOLE].length = 0;
    rig.ports[SERIAL_CONSOLE].out[0] = '\0';
}
