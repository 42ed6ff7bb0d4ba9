/* kernel/console.c, console_output.c and kernel/log.c with ports that are
 * strings: the Ctrl-A keys, who has the keyboard, rings and polling, what of
 * several machines is shown when, and where a log line goes. */
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
    size_t room;
};

static struct serial ports[SERIAL_COUNT];
static char screen[30000];
static char debug_port[4000];
static bool has_debug_port;
static bool queueing;
static uint64_t now;
static unsigned dumps;
static struct timer *armed;
static struct console one, two;

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

static struct event *waiting; /* the output's */

void event_signal(struct event *event)
{
    event->signalled = true;
    if (event != &one.input && event != &two.input) {
        waiting = event;
    }
}

/* The task that shows held lines never gets to run here. */
struct task *task_create(const char *name, task_entry entry, void *argument)
{
    assert_string_equal(name, "console output");
    assert_non_null(entry);
    return argument == NULL ? (struct task *)(void *)&one : NULL;
}

void event_wait(struct event *event)
{
    (void)event;
    fail();
}

void task_sleep_until(uint64_t deadline)
{
    (void)deadline;
    fail();
}

void task_dump(void)
{
    dumps++;
}

static void (*on_arrival)(void);

bool serial_start_interrupts(struct serial *port, void (*arrived)(void))
{
    assert_ptr_equal(port, &ports[SERIAL_COM1]);
    on_arrival = arrived;
    return true;
}

static int fresh(void **state)
{
    (void)state;
    memset(ports, 0, sizeof(ports));
    ports[SERIAL_COM1].present = true;
    ports[SERIAL_COM1].room = SERIAL_QUEUE;
    ports[SERIAL_COM1].typed = "";
    screen[0] = '\0';
    debug_port[0] = '\0';
    has_debug_port = false;
    dumps = 0;
    memset(&one, 0, sizeof(one));
    memset(&two, 0, sizeof(two));
    now = 5 * TIME_SECOND;
    log_set_level(LOG_INFO);
    console_open();
    assert_true(queueing);
    console_attach(&one, "one");
    return 0;
}

static int stop(void **state)
{
    (void)state;
    if (two.number != 0) {
        console_detach(&two);
    }
    if (one.number != 0) {
        console_detach(&one);
    }
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

static const char *read_all(struct console *console)
{
    static char text[10000];
    size_t length = console_read(console, text, sizeof(text) - 1);

    text[length] = '\0';
    return text;
}

static void what_is_typed_can_be_read(void **state)
{
    char pair[2];

    (void)state;
    assert_string_equal(read_all(&one), "");
    type("ls\r");
    assert_true(console_event(&one)->signalled);
    assert_int_equal(console_read(&one, pair, 2), 2);
    assert_memory_equal(pair, "ls", 2);
    assert_string_equal(read_all(&one), "\r");
}

static void keys_after_ctrl_a(void **state)
{
    (void)state;
    type("a\001sb");
    assert_int_equal(console_requests(&one), CONSOLE_STATE);
    assert_int_equal(console_requests(&one), 0);
    type("\001");
    type("t");
    assert_int_equal(dumps, 1);
    assert_string_equal(read_all(&one), "ab");
    type("\001\001");
    assert_string_equal(read_all(&one), "\001");
    type("\001h");
    assert_non_null(strstr(ports[SERIAL_COM1].out, "Ctrl-A x"));
    ports[SERIAL_COM1].length = 0;
    type("\001?");
    assert_non_null(strstr(ports[SERIAL_COM1].out, "Ctrl-A x"));
    assert_string_equal(read_all(&one), "");
    assert_int_equal(console_requests(&one), 0);
    one.input.signalled = false;
    type("\001x\001s");
    assert_true(one.input.signalled);
    assert_int_equal(console_requests(&one), CONSOLE_QUIT | CONSOLE_STATE);
}

static void a_full_ring_still_quits(void **state)
{
    static char text[9001];

    (void)state;
    memset(text, 'z', 9000);
    type(text);
    type("\001x");
    assert_int_equal(console_requests(&one), CONSOLE_QUIT);
}

static void a_full_ring_keeps_the_first_bytes(void **state)
{
    static char text[5001];

    (void)state;
    memset(text, 'y', 5000);
    memcpy(text, "first", 5);
    type(text);
    assert_memory_equal(read_all(&one), "firsty", 6);
    type("next");
    assert_string_equal(read_all(&one), "next");
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
    console_detach(&one);
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
    console_detach(&one);
    on_arrival();
    assert_null(armed);
}

static void a_half_escape_ends_with_the_last_machine(void **state)
{
    (void)state;
    type("\001");
    console_detach(&one);
    console_attach(&one, "one");
    type("x");
    assert_string_equal(read_all(&one), "x");
    assert_int_equal(console_requests(&one), 0);
}

static void forget_output(void)
{
    ports[SERIAL_COM1].length = 0;
    ports[SERIAL_COM1].out[0] = '\0';
}

static void digits_give_the_keyboard(void **state)
{
    (void)state;
    console_attach(&two, "two");
    assert_int_equal(one.number, 1);
    assert_int_equal(two.number, 2);
    type("a\001"
         "2b\001x\001"
         "1c");
    assert_string_equal(read_all(&one), "ac");
    assert_string_equal(read_all(&two), "b");
    assert_int_equal(console_requests(&one), 0);
    assert_int_equal(console_requests(&two), CONSOLE_QUIT);
    assert_non_null(strstr(ports[SERIAL_COM1].out, "-- keyboard: two --\r\n"));
    forget_output();
    type("\001"
         "3d");
    assert_string_equal(read_all(&one), "d");
    assert_non_null(strstr(ports[SERIAL_COM1].out, "No machine"));
    assert_non_null(strstr(ports[SERIAL_COM1].out, "2  keyboard to two\r\n"));
    assert_non_null(strstr(ports[SERIAL_COM1].out, "one (has it)"));
    type("\001ne\001nf");
    assert_string_equal(read_all(&two), "e");
    assert_string_equal(read_all(&one), "f");
}

static void the_keyboard_goes_on_when_a_machine_ends(void **state)
{
    (void)state;
    console_attach(&two, "two");
    console_detach(&one);
    type("a");
    assert_string_equal(read_all(&two), "a");
    console_attach(&one, "one");
    assert_int_equal(one.number, 1);
    type("b");
    assert_string_equal(read_all(&two), "b");
}

static void write_text(struct console *console, const char *text)
{
    console_write(console, text, strlen(text));
}

static void lines_of_others_bear_their_name(void **state)
{
    (void)state;
    console_attach(&two, "two");
    write_text(&two, "login: ");
    assert_string_equal(ports[SERIAL_COM1].out, "");
    write_text(&two, "root\r\n50%\r100%\r\n");
    assert_string_equal(ports[SERIAL_COM1].out,
                        "two| login: root\r\ntwo| 100%\r\n");
    forget_output();
    write_text(&two, "\033[31;1mred\033[0m\ta\001\302\265\n");
    assert_string_equal(ports[SERIAL_COM1].out, "two| red a???\r\n");
    forget_output();
    write_text(&two, "last words");
    console_detach(&two);
    assert_string_equal(ports[SERIAL_COM1].out, "two| last words\r\n");
}

static void a_long_line_comes_in_pieces(void **state)
{
    static char text[2 * CONSOLE_LINE + 1];

    (void)state;
    console_attach(&two, "two");
    memset(text, 'w', 2 * CONSOLE_LINE);
    write_text(&two, text);
    assert_int_equal(ports[SERIAL_COM1].length, 5 + CONSOLE_LINE + 2);
    write_text(&two, "\n");
    assert_int_equal(ports[SERIAL_COM1].length, 2 * (5 + CONSOLE_LINE + 2));
}

static void others_wait_for_the_end_of_a_line(void **state)
{
    (void)state;
    console_attach(&two, "two");
    write_text(&one, "half");
    write_text(&two, "other\n");
    assert_string_equal(ports[SERIAL_COM1].out, "half");
    write_text(&one, " and half\n");
    assert_string_equal(ports[SERIAL_COM1].out,
                        "half and half\ntwo| other\r\n");
    forget_output();
    write_text(&one, "# ");
    write_text(&two, "a\nb\n");
    assert_true(waiting->signalled);
    console_send_held();
    assert_string_equal(ports[SERIAL_COM1].out, "# \r\ntwo| a\r\ntwo| b\r\n");
}

static void much_from_others_is_not_held(void **state)
{
    (void)state;
    console_attach(&two, "two");
    write_text(&one, "# ");
    for (unsigned i = 0; i < 1000; i++) {
        write_text(&two, "0123456789\n");
    }
    assert_true(ports[SERIAL_COM1].length > 10000);
    assert_memory_equal(ports[SERIAL_COM1].out, "# \r\ntwo| 01", 10);
}

/* A port too full for a line: its writer does not wait, the line is counted. */
static void lines_that_find_no_room_are_counted(void **state)
{
    (void)state;
    console_attach(&two, "two");
    ports[SERIAL_COM1].room = 100;
    write_text(&two, "a\nb\n");
    assert_string_equal(ports[SERIAL_COM1].out, "");
    ports[SERIAL_COM1].room = SERIAL_QUEUE;
    write_text(&two, "c\n");
    assert_string_equal(ports[SERIAL_COM1].out,
                        "two| (2 lines lost)\r\ntwo| c\r\n");
}

static void room_is_what_the_port_has(void **state)
{
    (void)state;
    console_attach(&two, "two");
    ports[SERIAL_COM1].room = 100;
    assert_int_equal(console_room(&one), 100);
    assert_int_equal(console_room(&two), 0);
    ports[SERIAL_COM1].room = SERIAL_QUEUE;
    assert_int_equal(console_room(&one), SERIAL_QUEUE);
    assert_in_range(console_room(&two), 1, SERIAL_QUEUE / CONSOLE_LINE);
    ports[SERIAL_COM1].present = false;
    assert_true(console_room(&one) > 0);
}

static void who_gets_the_keyboard_shows_its_line(void **state)
{
    (void)state;
    console_attach(&two, "two");
    write_text(&one, "$ ");
    write_text(&two, "login: ");
    type("\001"
         "2");
    assert_string_equal(ports[SERIAL_COM1].out,
                        "$ \r\n-- keyboard: two --\r\nlogin: ");
}

static void output_goes_to_port_and_screen(void **state)
{
    (void)state;
    console_write(&one, "hello\r\n", 7);
    assert_string_equal(ports[SERIAL_COM1].out, "hello\r\n");
    assert_string_equal(screen, "hello\r\n");
    ports[SERIAL_COM1].present = false;
    console_write(&one, "more", 4);
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
    console_write(&one, "half a line", 11);
    log_raw("log");
    console_write(&one, "more\n", 5);
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
        TEST(a_full_ring_still_quits),
        TEST(a_full_ring_keeps_the_first_bytes),
        TEST(polling_follows_the_typist),
        TEST(a_half_escape_ends_with_the_last_machine),
        TEST(digits_give_the_keyboard),
        TEST(the_keyboard_goes_on_when_a_machine_ends),
        TEST(lines_of_others_bear_their_name),
        TEST(a_long_line_comes_in_pieces),
        TEST(others_wait_for_the_end_of_a_line),
        TEST(much_from_others_is_not_held),
        TEST(lines_that_find_no_room_are_counted),
        TEST(room_is_what_the_port_has),
        TEST(who_gets_the_keyboard_shows_its_line),
        TEST(interrupts_replace_polling),
        TEST(output_goes_to_port_and_screen),
        TEST(lines_have_time_and_level),
        TEST(one_port_carries_both),
        TEST(a_line_is_one_line),
        TEST(no_port_is_no_problem),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
