/* The console's output: lines of several machines on one port, the screen, the
 * log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/support/console_rig.h"

static void write_text(struct console *console, const char *text)
{
    console_write(console, text, strlen(text));
}

static void lines_of_others_bear_their_name(void **state)
{
    (void)state;
    console_attach(&rig.two, "two");
    write_text(&rig.two, "login: ");
    assert_string_equal(rig.ports[SERIAL_CONSOLE].out, "");
    write_text(&rig.two, "root\r\n50%\r100%\r\n");
    assert_string_equal(rig.ports[SERIAL_CONSOLE].out,
                        "two| login: root\r\ntwo| 100%\r\n");
    rig_forget_output();
    write_text(&rig.two, "\033[31;1mred\033[0m\ta\001\302\265\n");
    assert_string_equal(rig.ports[SERIAL_CONSOLE].out, "two| red a???\r\n");
    rig_forget_output();
    write_text(&rig.two, "last words");
    console_detach(&rig.two);
    assert_string_equal(rig.ports[SERIAL_CONSOLE].out, "two| last words\r\n");
}

static void a_long_line_comes_in_pieces(void **state)
{
    static char text[2 * CONSOLE_LINE + 1];

    (void)state;
    console_attach(&rig.two, "two");
    memset(text, 'w', 2 * CONSOLE_LINE);
    write_text(&rig.two, text);
    assert_int_equal(rig.ports[SERIAL_CONSOLE].length, 5 + CONSOLE_LINE + 2);
    write_text(&rig.two, "\n");
    assert_int_equal(rig.ports[SERIAL_CONSOLE].length,
                     2 * (5 + CONSOLE_LINE + 2));
}

static void others_wait_for_the_end_of_a_line(void **state)
{
    (void)state;
    console_attach(&rig.two, "two");
    write_text(&rig.one, "half");
    write_text(&rig.two, "other\n");
    assert_string_equal(rig.ports[SERIAL_CONSOLE].out, "half");
    write_text(&rig.one, " and half\n");
    assert_string_equal(rig.ports[SERIAL_CONSOLE].out,
                        "half and half\ntwo| other\r\n");
    rig_forget_output();
    write_text(&rig.one, "# ");
    write_text(&rig.two, "a\nb\n");
    assert_true(rig.waiting->signalled);
    console_send_held();
    assert_string_equal(rig.ports[SERIAL_CONSOLE].out,
                        "# \r\ntwo| a\r\ntwo| b\r\n");
}

static void much_from_others_is_not_held(void **state)
{
    (void)state;
    console_attach(&rig.two, "two");
    write_text(&rig.one, "# ");
    for (unsigned i = 0; i < 1000; i++) {
        write_text(&rig.two, "0123456789\n");
    }
    assert_true(rig.ports[SERIAL_CONSOLE].length > 10000);
    assert_memory_equal(rig.ports[SERIAL_CONSOLE].out, "# \r\ntwo| 01", 10);
}

/* A port too full for a line: its writer does not wait, the line is counted. */
static void lines_that_find_no_room_are_counted(void **state)
{
    (void)state;
    console_attach(&rig.two, "two");
    rig.ports[SERIAL_CONSOLE].room = 100;
    write_text(&rig.two, "a\nb\n");
    assert_string_equal(rig.ports[SERIAL_CONSOLE].out, "");
    rig.ports[SERIAL_CONSOLE].room = SERIAL_QUEUE;
    write_text(&rig.two, "c\n");
    assert_string_equal(rig.ports[SERIAL_CONSOLE].out,
                        "two| (2 lines lost)\r\ntwo| c\r\n");
}

static void room_is_what_the_port_has(void **state)
{
    (void)state;
    console_attach(&rig.two, "two");
    rig.ports[SERIAL_CONSOLE].room = SERIAL_QUEUE - CONSOLE_QUEUE + 100;
    assert_int_equal(console_room(&rig.one), 100);
    assert_int_equal(console_room(&rig.two), 0);
    /* What is left is the log's. */
    rig.ports[SERIAL_CONSOLE].room = SERIAL_QUEUE - CONSOLE_QUEUE;
    assert_int_equal(console_room(&rig.one), 0);
    rig.ports[SERIAL_CONSOLE].room = SERIAL_QUEUE;
    assert_int_equal(console_room(&rig.one), CONSOLE_QUEUE);
    assert_in_range(console_room(&rig.two), 1, CONSOLE_QUEUE / CONSOLE_LINE);
    rig.ports[SERIAL_CONSOLE].present = false;
    assert_true(console_room(&rig.one) > 0);
}

static void who_gets_the_keyboard_shows_its_line(void **state)
{
    (void)state;
    console_attach(&rig.two, "two");
    write_text(&rig.one, "$ ");
    write_text(&rig.two, "login: ");
    rig_type("\001"
             "2");
    assert_string_equal(rig.ports[SERIAL_CONSOLE].out,
                        "$ \r\n-- keyboard: two --\r\nlogin: ");
}

static void output_goes_to_port_and_screen(void **state)
{
    (void)state;
    console_write(&rig.one, "hello\r\n", 7);
    assert_string_equal(rig.ports[SERIAL_CONSOLE].out, "hello\r\n");
    assert_string_equal(rig.screen, "hello\r\n");
    rig.ports[SERIAL_CONSOLE].present = false;
    console_write(&rig.one, "more", 4);
    assert_string_equal(rig.screen, "hello\r\nmore");
}

/* The log */

static void lines_have_time_and_level(void **state)
{
    (void)state;
    rig.ports[SERIAL_LOG].present = true;
    rig.has_debug_port = true;
    rig.now = 12345678901;
    log_info("%d and %s", 1, "two");
    log_error("bad");
    log_debug("dropped");
    log_set_level(LOG_DEBUG);
    assert_int_equal(log_get_level(), LOG_DEBUG);
    log_debug("kept");
    log_set_level(LOG_ERROR);
    log_warn("dropped");
    log_raw("lintel: exit %d panic", 4);
    assert_string_equal(rig.ports[SERIAL_LOG].out, "[   12.345] 1 and two\r\n"
                                                   "[   12.345] error: bad\r\n"
                                                   "[   12.345] debug: kept\r\n"
                                                   "lintel: exit 4 panic\r\n");
    assert_string_equal(rig.screen, "[   12.345] 1 and two\n"
                                    "[   12.345] error: bad\n"
                                    "[   12.345] debug: kept\n"
                                    "lintel: exit 4 panic\n");
    assert_string_equal(rig.debug_port, rig.screen);
    assert_string_equal(rig.ports[SERIAL_CONSOLE].out, "");
}

/* People get colours, and no JSON; before there is a clock, no time. */
static void the_screen_is_for_people(void **state)
{
    char line[100];
    size_t length = 0;

    (void)state;
    log_error("bad");
    assert_int_equal(rig.style, FRAMEBUFFER_ERROR);
    log_warn("odd");
    assert_int_equal(rig.style, FRAMEBUFFER_WARNING);
    log_info("so");
    assert_int_equal(rig.style, FRAMEBUFFER_INFO);
    log_raw("lintel: entry a: exit 0 powered off");
    assert_int_equal(rig.style, FRAMEBUFFER_GOOD);
    log_raw("lintel: exit 10 what");
    assert_int_equal(rig.style, FRAMEBUFFER_BAD);
    rig.screen[0] = '\0';
    rig.no_clock = true;
    assert_true(log_line_begin(LOG_INFO, line, sizeof(line), &length));
    strcpy(line + length, "json {}");
    log_line_end(line);
    log_info("early");
    rig.no_clock = false;
    assert_string_equal(rig.screen, "early\n");
    assert_non_null(strstr(rig.ports[SERIAL_CONSOLE].out, "\njson {}\r\n"));
    assert_false(log_line_begin(LOG_DEBUG, line, sizeof(line), &length));
}

static void one_port_carries_both(void **state)
{
    (void)state;
    console_write(&rig.one, "half a line", 11);
    log_raw("log");
    console_write(&rig.one, "more\n", 5);
    log_raw("log");
    assert_string_equal(rig.ports[SERIAL_CONSOLE].out,
                        "half a line\r\nlog\r\nmore\nlog\r\n");
}

static void a_line_is_one_line(void **state)
{
    static char text[1001];

    (void)state;
    log_raw("%s", "a\nb\033[2J\xff%s");
    assert_string_equal(rig.ports[SERIAL_CONSOLE].out, "a?b?[2J?%s\r\n");
    rig.ports[SERIAL_CONSOLE].length = 0;
    memset(text, 'l', 1000);
    log_info("%s", text);
    assert_int_equal(rig.ports[SERIAL_CONSOLE].length, 719 + 2);
    assert_string_equal(rig.ports[SERIAL_CONSOLE].out + 719 - 4, "l...\r\n");
}

static void no_port_is_no_problem(void **state)
{
    (void)state;
    rig.ports[SERIAL_CONSOLE].present = false;
    log_error("seen on the screen");
    log_flush();
    assert_non_null(strstr(rig.screen, "seen on the screen"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_fresh, rig_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lines_of_others_bear_their_name),
        TEST(a_long_line_comes_in_pieces),
        TEST(others_wait_for_the_end_of_a_line),
        TEST(much_from_others_is_not_held),
        TEST(lines_that_find_no_room_are_counted),
        TEST(room_is_what_the_port_has),
        TEST(who_gets_the_keyboard_shows_its_line),
        TEST(output_goes_to_port_and_screen),
        TEST(lines_have_time_and_level),
        TEST(the_screen_is_for_people),
        TEST(one_port_carries_both),
        TEST(a_line_is_one_line),
        TEST(no_port_is_no_problem),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
