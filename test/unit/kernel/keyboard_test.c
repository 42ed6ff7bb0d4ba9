/* kernel/keyboard.c: scan codes in, a terminal's bytes out. */
#include "kernel/keyboard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct keyboard keyboard;
static char typed[200];
static int scrolled;

static void take(uint8_t code)
{
    char bytes[KEYBOARD_BYTES + 1];
    size_t length = 99;
    enum keyboard_act act = keyboard_take(&keyboard, code, bytes, &length);

    assert_true(length <= KEYBOARD_BYTES);
    assert_int_equal(length > 0, act == KEYBOARD_TYPED);
    bytes[length] = '\0';
    strcat(typed, bytes);
    scrolled += (act == KEYBOARD_BACK) - (act == KEYBOARD_FORWARD);
}

static void press(uint8_t code)
{
    take(code);
    take(code | 0x80);
}

static void press_grey(uint8_t code)
{
    take(0xe0);
    take(code);
    take(0xe0);
    take(code | 0x80);
}

static int begin(void **state)
{
    (void)state;
    memset(&keyboard, 0, sizeof keyboard);
    typed[0] = '\0';
    scrolled = 0;
    return 0;
}

static void is_typed(const char *text)
{
    assert_string_equal(typed, text);
    typed[0] = '\0';
}

static void all_rows(void **state)
{
    (void)state;
    for (uint8_t code = 0x01; code <= 0x39; code++) {
        press(code);
    }
    is_typed("\0331234567890-=\177\tqwertyuiop[]\rasdfghjkl;'`\\zxcvbnm,./* ");
    take(0x2a);
    for (uint8_t code = 0x02; code <= 0x39; code++) {
        if (code != 0x2a && code != 0x3a) {
            press(code);
        }
    }
    is_typed("!@#$%^&*()_+\177\tQWERTYUIOP{}\rASDFGHJKL:\"~|ZXCVBNM<>?* ");
}

static void either_shift_and_caps(void **state)
{
    (void)state;
    take(0x2a);
    take(0x36);
    press(0x1e);
    take(0xaa);
    press(0x1e);
    take(0xb6);
    press(0x1e);
    is_typed("AAa");
    press(0x3a);
    press(0x1e);
    press(0x02);
    take(0x2a);
    press(0x1e);
    press(0x02);
    is_typed("A1a!");
    take(0xaa);
    press(0x3a);
    press(0x1e);
    is_typed("a");
}

/* A key that is held down repeats its code. */
static void a_held_caps_lock_turns_once(void **state)
{
    (void)state;
    take(0x3a);
    take(0x3a);
    press(0x1e);
    take(0xba);
    press(0x1e);
    press(0x3a);
    press(0x1e);
    is_typed("AAa");
}

static void control_and_alt(void **state)
{
    (void)state;
    take(0x1d);
    press(0x1e); /* Ctrl-A */
    press(0x1a); /* Ctrl-[ */
    press(0x2b); /* Ctrl-\ */
    take(0x9d);
    press_grey(0x1d); /* the right one, let go */
    press(0x1e);
    is_typed("\001\033\034a");
    take(0xe0);
    take(0x1d);
    press(0x2e); /* Ctrl-C */
    take(0xe0);
    take(0x9d);
    take(0x38);
    press(0x30); /* Alt-B */
    take(0xb8);
    press(0x30);
    is_typed("\003\033bb");
}

static void grey_keys_and_the_keypad(void **state)
{
    (void)state;
    press_grey(0x48);
    press_grey(0x50);
    press_grey(0x4d);
    press_grey(0x4b);
    is_typed("\033[A\033[B\033[C\033[D");
    press(0x48); /* on the keypad */
    press_grey(0x47);
    press_grey(0x53);
    press(0x3b);
    press(0x58);
    is_typed("\033[A\033[H\033[3~\033OP\033[24~");
    press_grey(0x1c);
    press_grey(0x35);
    is_typed("\r/");
    press_grey(0x5b); /* a Windows key */
    press(0x56);
    press(0x7f);
    is_typed("");
}

/* A grey key with Shift comes with Shift taken back around it (e0 aa, e0 2a).
 */
static void shift_and_page_scroll(void **state)
{
    (void)state;
    press_grey(0x49);
    is_typed("\033[5~");
    take(0x2a);
    take(0xe0);
    take(0xaa);
    press_grey(0x49);
    take(0xe0);
    take(0x2a);
    press(0x49);
    assert_int_equal(scrolled, 2);
    press_grey(0x51);
    assert_int_equal(scrolled, 1);
    take(0xaa);
    is_typed("");
}

static void the_pause_key_types_nothing(void **state)
{
    static const uint8_t pause[] = {0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5};

    (void)state;
    for (size_t i = 0; i < sizeof pause; i++) {
        take(pause[i]);
    }
    press(0x1e);
    is_typed("a");
}

static void any_bytes_are_taken(void **state)
{
    uint32_t random = 1;

    (void)state;
    for (unsigned i = 0; i < 100000; i++) {
        random = random * 1664525 + 1013904223;
        typed[0] = '\0';
        take((uint8_t)(random >> 24));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(all_rows, begin),
        cmocka_unit_test_setup(either_shift_and_caps, begin),
        cmocka_unit_test_setup(a_held_caps_lock_turns_once, begin),
        cmocka_unit_test_setup(control_and_alt, begin),
        cmocka_unit_test_setup(grey_keys_and_the_keypad, begin),
        cmocka_unit_test_setup(shift_and_page_scroll, begin),
        cmocka_unit_test_setup(the_pause_key_types_nothing, begin),
        cmocka_unit_test_setup(any_bytes_are_taken, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
