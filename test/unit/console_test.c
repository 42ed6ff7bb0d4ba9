/* kernel/console.c and kernel/log.c with ports that are strings: the Ctrl-A
 * keys, the input's ring and polling, and where a log line goes. */
#include "kernel/console.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "arch/cpu.h"
#include "kernel/framebuffer.h"
#include "kernel/log.h"
#include "kernel/serial.h"
#include "kernel/task.h"
#include "kernel/time.h"

struct serial {
    bool present;
    const char *typed;
    char out[20000];
    size_t length;
};

static struct serial ports[SERIAL_COUNT];
static char screen[4000];
static char debug_port[4000];
static bool has_debug_port;
static bool queueing;
static uint64_t now;
static unsigned dumps, quits, states, signals;
static struct timer *armed;

struct serial *serial_port(enum serial_name name)
{
    return ports[name].present ? &ports[name] : NULL;
}

void serial_start_queueing(void)
{
    queueing = true;
}

void serial_write(struct serial *port, const void *bytes, size_t length)
{
    assert_true(port->length + length < sizeof(port->out));
    memcpy(port->out + port->length, bytes, length);
    port->length += length;
    port->out[port->length] = '\0';
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
    strncat(screen, bytes, length);
}

void framebuffer_write_line(const char *text, size_t length)
{
    strncat(screen, text, length);
    strcat(screen, "\n");
}

uint8_t cpu_in8(uint16_t port)
{
    assert_int_equal(port, 0xe9);
    return has_debug_port ? 0xe9 : 0xff;
}

void cpu_out8(uint16_t port, uint8_t value)
{
    assert_int_equal(port, 0xe9);
    assert_true(has_debug_port);
    strncat(debug_port, (const char *)&value, 1);
}

uint64_t time_now(void)
{
    return now;
}

void timer_arm(struct timer *timer, uint64_t deadline)
{
    timer->deadline = deadline;
    timer->armed = true;
    armed = timer;
}

void timer_cancel(struct timer *timer)
{
    timer->armed = false;
    armed = NULL;
}

void event_signal(struct event *event)
{
    assert_ptr_equal(event, console_event());
    signals++;
}

void task_dump(void)
{
    dumps++;
}

static void quit(void *argument)
{
    assert_ptr_equal(argument, &quits);
    quits++;
    console_stop_input();
}

static void state_keys(void *argument)
{
    (void)argument;
    states++;
}

static void (*on_arrival)(void);

bool serial_start_interrupts(struct serial *port, void (*arrived)(void))
{
    assert_ptr_equal(port, &ports[SERIAL_COM1]);
    on_arrival = arrived;
    return true;
}

static const struct console_handlers handlers = {
    .quit = quit, .state = state_keys, .argument = &quits};

static int fresh(void **state)
{
    (void)state;
    memset(ports, 0, sizeof(ports));
    ports[SERIAL_COM1].present = true;
    ports[SERIAL_COM1].typed = "";
    screen[0] = '\0';
    debug_port[0] = '\0';
    has_debug_port = false;
    dumps = quits = states = signals = 0;
    now = 5 * TIME_SECOND;
    log_set_level(LOG_INFO);
    console_open();
    assert_true(queueing);
    console_set_handlers(&handlers);
    console_start_input();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    console_stop_input();
    return 0;
}

/* One poll with that in the receiver. */
static void type(const char *text)
{
    struct timer *timer = armed;

    ports[SERIAL_COM1].typed = text;
    do {
        assert_non_null(timer);
        now = now > timer->deadline ? now : timer->deadline;
        armed = NULL;
        timer->armed = false;
        timer->fire(timer->argument);
    } while (*ports[SERIAL_COM1].typed != '\0');
}

static const char *read_all(void)
{
    static char text[10000];
    size_t length = console_read(text, sizeof(text) - 1);

    text[length] = '\0';
    return text;
}

static void what_is_typed_can_be_read(void **state)
{
    char two[2];

    (void)state;
    assert_string_equal(read_all(), "");
    type("ls\r");
    assert_int_equal(signals, 1);
    assert_int_equal(console_read(two, 2), 2);
    assert_memory_equal(two, "ls", 2);
    assert_string_equal(read_all(), "\r");
}

static void keys_after_ctrl_a(void **state)
{
    (void)state;
    type("a\001sb");
    assert_int_equal(states, 1);
    type("\001");
    type("t");
    assert_int_equal(dumps, 1);
    assert_string_equal(read_all(), "ab");
    type("\001\001");
    assert_string_equal(read_all(), "\001");
    type("\001h");
    assert_non_null(strstr(ports[SERIAL_COM1].out, "Ctrl-A x"));
    ports[SERIAL_COM1].length = 0;
    type("\001?");
    assert_non_null(strstr(ports[SERIAL_COM1].out, "Ctrl-A x"));
    assert_string_equal(read_all(), "");
    assert_int_equal(quits, 0);
    type("\001x");
    assert_int_equal(quits, 1);
    assert_null(armed);
}

static void keys_without_a_machine(void **state)
{
    (void)state;
    console_set_handlers(NULL);
    type("\001x\001s");
    assert_int_equal(quits + states, 0);
    assert_non_null(strstr(ports[SERIAL_COM1].out, "No machine"));
}

static void a_full_ring_still_quits(void **state)
{
    static char text[9001];

    (void)state;
    memset(text, 'z', 9000);
    type(text);
    type("\001x");
    assert_int_equal(quits, 1);
}

static void a_full_ring_keeps_the_first_bytes(void **state)
{
    static char text[5001];

    (void)state;
    memset(text, 'y', 5000);
    memcpy(text, "first", 5);
    type(text);
    assert_memory_equal(read_all(), "firsty", 6);
    type("next");
    assert_string_equal(read_all(), "next");
}

static void polling_follows_the_typist(void **state)
{
    (void)state;
    type("");
    now += TIME_SECOND;
    type("");
    assert_int_equal(armed->deadline - now, 10 * TIME_MS);
    type("x");
    assert_int_equal(armed->deadline - now, TIME_MS);
    type("");
    assert_int_equal(armed->deadline - now, TIME_MS);
    now += 200 * TIME_MS;
    type("");
    assert_int_equal(armed->deadline - now, 10 * TIME_MS);
    console_stop_input();
    assert_null(armed);
}

/* Runs last of the input's tests: that interrupts work is not forgotten. */
static void interrupts_replace_polling(void **state)
{
    (void)state;
    on_arrival();
    assert_int_equal(armed->deadline, now);
    type("x");
    assert_int_equal(armed->deadline - now, TIME_SECOND);
    console_stop_input();
    on_arrival();
    assert_null(armed);
}

static void stopping_drops_what_was_not_read(void **state)
{
    (void)state;
    type("left over\001");
    console_stop_input();
    console_start_input();
    type("x");
    assert_string_equal(read_all(), "x");
    assert_int_equal(quits, 0);
}

static void output_goes_to_port_and_screen(void **state)
{
    (void)state;
    console_write("hello\r\n", 7);
    assert_string_equal(ports[SERIAL_COM1].out, "hello\r\n");
    assert_string_equal(screen, "hello\r\n");
    ports[SERIAL_COM1].present = false;
    console_write("more", 4);
    assert_string_equal(screen, "hello\r\nmore");
}

/* The log */

static void lines_have_time_and_level(void **state)
{
    (void)state;
    ports[SERIAL_COM2].present = true;
    has_debug_port = true;
    log_init();
    now = 12345678901;
    log_info("%d and %s", 1, "two");
    log_error("bad");
    log_debug("dropped");
    log_set_level(LOG_DEBUG);
    assert_int_equal(log_get_level(), LOG_DEBUG);
    log_debug("kept");
    log_set_level(LOG_ERROR);
    log_warn("dropped");
    log_raw("lintel: exit %d panic", 4);
    assert_string_equal(ports[SERIAL_COM2].out, "[   12.345] 1 and two\r\n"
                                                "[   12.345] error: bad\r\n"
                                                "[   12.345] debug: kept\r\n"
                                                "lintel: exit 4 panic\r\n");
    assert_string_equal(screen, "[   12.345] 1 and two\n"
                                "[   12.345] error: bad\n"
                                "[   12.345] debug: kept\n"
                                "lintel: exit 4 panic\n");
    assert_string_equal(debug_port, screen);
    assert_string_equal(ports[SERIAL_COM1].out, "");
}

static void one_port_carries_both(void **state)
{
    (void)state;
    log_init();
    console_write("half a line", 11);
    log_raw("log");
    console_write("more\n", 5);
    log_raw("log");
    assert_string_equal(ports[SERIAL_COM1].out,
                        "half a line\r\nlog\r\nmore\nlog\r\n");
}

static void a_line_is_one_line(void **state)
{
    static char text[1001];

    (void)state;
    log_init();
    log_raw("%s", "a\nb\033[2J\xff%s");
    assert_string_equal(ports[SERIAL_COM1].out, "a?b?[2J?%s\r\n");
    ports[SERIAL_COM1].length = 0;
    memset(text, 'l', 1000);
    log_info("%s", text);
    assert_int_equal(ports[SERIAL_COM1].length, 719 + 2);
    assert_string_equal(ports[SERIAL_COM1].out + 719 - 4, "l...\r\n");
}

static void no_port_is_no_problem(void **state)
{
    (void)state;
    ports[SERIAL_COM1].present = false;
    log_init();
    log_error("seen on the screen");
    log_flush();
    assert_non_null(strstr(screen, "seen on the screen"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_typed_can_be_read),
        TEST(keys_after_ctrl_a),
        TEST(keys_without_a_machine),
        TEST(a_full_ring_still_quits),
        TEST(a_full_ring_keeps_the_first_bytes),
        TEST(polling_follows_the_typist),
        TEST(stopping_drops_what_was_not_read),
        TEST(interrupts_replace_polling),
        TEST(output_goes_to_port_and_screen),
        TEST(lines_have_time_and_level),
        TEST(one_port_carries_both),
        TEST(a_line_is_one_line),
        TEST(no_port_is_no_problem),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
