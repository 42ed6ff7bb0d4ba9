/* The console's input: who has the keyboard, escapes, polling and interrupts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/support/console_rig.h"

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
    assert_string_equal(read_all(&rig.one), "");
    rig_type("ls\r");
    assert_true(console_event(&rig.one)->signalled);
    assert_int_equal(console_read(&rig.one, pair, 2), 2);
    assert_memory_equal(pair, "ls", 2);
    assert_string_equal(read_all(&rig.one), "\r");
}

static void keys_after_ctrl_a(void **state)
{
    (void)state;
    rig_type("a\001sb");
    assert_int_equal(console_requests(&rig.one), CONSOLE_STATE);
    assert_int_equal(console_requests(&rig.one), 0);
    rig_type("\001");
    rig_type("t");
    assert_int_equal(rig.dumps, 1);
    assert_string_equal(read_all(&rig.one), "ab");
    rig_type("\001\001");
    assert_string_equal(read_all(&rig.one), "\001");
    rig_type("\001h");
    assert_non_null(strstr(rig.ports[SERIAL_CONSOLE].out, "Ctrl-A x"));
    rig.ports[SERIAL_CONSOLE].length = 0;
    rig_type("\001?");
    assert_non_null(strstr(rig.ports[SERIAL_CONSOLE].out, "Ctrl-A x"));
    assert_string_equal(read_all(&rig.one), "");
    assert_int_equal(console_requests(&rig.one), 0);
    rig.one.input.signalled = false;
    rig_type("\001x\001s");
    assert_true(rig.one.input.signalled);
    assert_int_equal(console_requests(&rig.one), CONSOLE_QUIT | CONSOLE_STATE);
    rig_type("\001v");
    assert_int_equal(console_requests(&rig.one), CONSOLE_VIEW);
}

static void a_full_ring_still_quits(void **state)
{
    static char text[9001];

    (void)state;
    memset(text, 'z', 9000);
    rig_type(text);
    rig_type("\001x");
    assert_int_equal(console_requests(&rig.one), CONSOLE_QUIT);
}

static void a_full_ring_keeps_the_first_bytes(void **state)
{
    static char text[5001];

    (void)state;
    memset(text, 'y', 5000);
    memcpy(text, "first", 5);
    rig_type(text);
    assert_memory_equal(read_all(&rig.one), "firsty", 6);
    rig_type("next");
    assert_string_equal(read_all(&rig.one), "next");
}

static void polling_follows_the_typist(void **state)
{
    (void)state;
    rig_type("");
    rig.now += TIME_SECOND;
    rig_type("");
    assert_int_equal(rig.armed->deadline - rig.now, 10 * TIME_MS);
    rig_type("x");
    assert_int_equal(rig.armed->deadline - rig.now, TIME_MS);
    rig_type("");
    assert_int_equal(rig.armed->deadline - rig.now, TIME_MS);
    rig.now += 200 * TIME_MS;
    rig_type("");
    assert_int_equal(rig.armed->deadline - rig.now, 10 * TIME_MS);
    console_detach(&rig.one);
    assert_null(rig.armed);
}

/* Runs last of the input's tests: that interrupts work is not forgotten. */
static void interrupts_replace_polling(void **state)
{
    (void)state;
    rig.on_arrival();
    assert_int_equal(rig.armed->deadline, rig.now);
    rig_type("x");
    assert_int_equal(rig.armed->deadline - rig.now, TIME_SECOND);
    console_detach(&rig.one);
    rig.on_arrival();
    assert_null(rig.armed);
}

/* What is typed on it goes where the port's bytes go. */
static void a_keyboard_of_its_own(void **state)
{
    (void)state;
    rig_stop(NULL);
    rig.has_keyboard = true;
    rig_fresh(NULL);
    rig.keys = "ab\001s";
    rig_type("c");
    assert_string_equal(read_all(&rig.one), "cab");
    assert_int_equal(console_requests(&rig.one), CONSOLE_STATE);
    assert_true(console_has_keys());
    /* Without a port there are keys all the same. */
    rig_stop(NULL);
    rig_fresh(NULL);
    rig.ports[SERIAL_CONSOLE].present = false;
    assert_true(console_has_keys());
    rig.keys = "d";
    rig_type("");
    assert_string_equal(read_all(&rig.one), "d");
    rig.on_key();
    assert_int_equal(rig.armed->deadline, rig.now);
    rig.has_keyboard = false;
}

static void a_half_escape_ends_with_the_last_machine(void **state)
{
    (void)state;
    rig_type("\001");
    console_detach(&rig.one);
    console_attach(&rig.one, "one");
    rig_type("x");
    assert_string_equal(read_all(&rig.one), "x");
    assert_int_equal(console_requests(&rig.one), 0);
}

static void digits_give_the_keyboard(void **state)
{
    (void)state;
    console_attach(&rig.two, "two");
    assert_int_equal(rig.one.number, 1);
    assert_int_equal(rig.two.number, 2);
    rig_type("a\001"
             "2b\001x\001"
             "1c");
    assert_string_equal(read_all(&rig.one), "ac");
    assert_string_equal(read_all(&rig.two), "b");
    assert_int_equal(console_requests(&rig.one), 0);
    assert_int_equal(console_requests(&rig.two), CONSOLE_QUIT);
    assert_true(console_is_shown(&rig.one));
    assert_false(console_is_shown(&rig.two));
    assert_non_null(
        strstr(rig.ports[SERIAL_CONSOLE].out, "-- keyboard: two --\r\n"));
    rig_forget_output();
    rig_type("\001"
             "3d");
    assert_string_equal(read_all(&rig.one), "d");
    assert_non_null(strstr(rig.ports[SERIAL_CONSOLE].out, "No machine"));
    assert_non_null(strstr(rig.ports[SERIAL_CONSOLE].out,
                           "2  gives the keyboard to two\r\n"));
    assert_non_null(strstr(rig.ports[SERIAL_CONSOLE].out, "one (has it)"));
    rig_type("\001ne\001nf");
    assert_string_equal(read_all(&rig.two), "e");
    assert_string_equal(read_all(&rig.one), "f");
}

static void the_keyboard_goes_on_when_a_machine_ends(void **state)
{
    (void)state;
    console_attach(&rig.two, "two");
    console_detach(&rig.one);
    rig_type("a");
    assert_string_equal(read_all(&rig.two), "a");
    console_attach(&rig.one, "one");
    assert_int_equal(rig.one.number, 1);
    rig_type("b");
    assert_string_equal(read_all(&rig.two), "b");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_fresh, rig_stop)

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
        TEST(a_keyboard_of_its_own),
        TEST(interrupts_replace_polling),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
