/* kernel/terminal.c: what programs send, and what then stands where. */
#include "kernel/terminal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COLUMNS 40U
#define ROWS    10U

static struct terminal t;

static int begin(void **state)
{
    (void)state;
    terminal_init(&t, COLUMNS, ROWS);
    return 0;
}

static void send(const char *text)
{
    terminal_write(&t, text, strlen(text));
}

static void line(const char *text)
{
    terminal_write_line(&t, text, strlen(text), TERMINAL_PLAIN);
}

/* A row without the blanks at its end. */
static const char *row(unsigned at)
{
    static char text[COLUMNS + 1];
    size_t length = 0;

    for (unsigned i = 0; i < COLUMNS; i++) {
        text[i] = (char)terminal_view(&t, at)[i].character;
        length = text[i] != ' ' ? i + 1 : length;
    }
    text[length] = '\0';
    return text;
}

static uint8_t look(unsigned at, unsigned column)
{
    return terminal_view(&t, at)[column].look;
}

static void text_and_control_characters(void **state)
{
    (void)state;
    send("abc\b\bX\ty\r\nz\r\n\tw\rv\a\0");
    assert_string_equal(row(0), "aXc     y");
    assert_string_equal(row(1), "z");
    assert_string_equal(row(2), "v       w");
}

static void long_lines_wrap(void **state)
{
    char text[COLUMNS + 3];

    (void)state;
    memset(text, 'w', sizeof text);
    terminal_write(&t, text, COLUMNS);
    send("\r\n");
    assert_string_equal(row(1), ""); /* a full line's newline makes no other */
    terminal_write(&t, text, COLUMNS + 2);
    assert_string_equal(row(2), "ww");
}

static void the_cursor_moves(void **state)
{
    (void)state;
    send("\033[5;10Ha\033[Ab\033[2Bc\033[3Dd\033[4Ce\033[Hf\033[99;99Hg");
    assert_string_equal(row(4), "         a");
    assert_string_equal(row(3), "          b");
    assert_string_equal(row(5), "         d c  e");
    assert_string_equal(row(0), "f");
    assert_int_equal(terminal_view(&t, ROWS - 1)[COLUMNS - 1].character, 'g');
    begin(NULL);
    send("\033[3Gx\033[4dy\033[2Ez\033[1Fw\033[7h\0337\033[1;1H\0338v");
    assert_string_equal(row(0), "  x");
    assert_string_equal(row(3), "   y");
    assert_string_equal(row(5), "z");
    assert_string_equal(row(4), "wv");
    begin(NULL);
    send("\033[99A\033[99D\033[999999999Bq");
    assert_string_equal(row(ROWS - 1), "q");
}

static void erasing(void **state)
{
    (void)state;
    send("abcdef\r\nghijkl\r\nmnopqr");
    send("\033[2;3H\033[K");
    assert_string_equal(row(1), "gh");
    send("\033[1;3H\033[1K");
    assert_string_equal(row(0), "   def");
    send("\033[2;1H\033[J");
    assert_string_equal(row(0), "   def");
    assert_string_equal(row(1), "");
    assert_string_equal(row(2), "");
    send("\033[2Jx");
    assert_string_equal(row(0), "");
    assert_string_equal(row(1), "x");
    send("\033[1;1Habcdef\033[1;2H\033[2Xg\033[1;1H\033[P\033[2@h");
    assert_string_equal(row(0), "h g def");
}

static void rows_scroll_between_margins(void **state)
{
    (void)state;
    send("top\033[10;1Hend\033[2;4r\033[2;1Ha\r\nb\r\nc\r\nd");
    assert_string_equal(row(0), "top");
    assert_string_equal(row(1), "b");
    assert_string_equal(row(3), "d");
    assert_string_equal(row(9), "end");
    send("\033[2;1H\033Mz");
    assert_string_equal(row(1), "z");
    assert_string_equal(row(2), "b");
    assert_string_equal(row(3), "c");
    send("\033[3;1H\033[L");
    assert_string_equal(row(2), "");
    assert_string_equal(row(3), "b");
    send("\033[2;1H\033[2M");
    assert_string_equal(row(1), "b");
    assert_string_equal(row(2), "");
    send("\033[r\033[T");
    assert_string_equal(row(0), "");
    assert_string_equal(row(1), "top");
    send("\033[2S");
    assert_string_equal(row(0), "b");
    assert_int_equal(t.gone, 0);
}

static void colours(void **state)
{
    (void)state;
    send("\033[31ma\033[1mb\033[7mc\033[0md\033[44;93me\033[39;49mf"
         "\033[38;5;208mg\033[mh");
    assert_int_equal(look(0, 0), TERMINAL_LOOK(TERMINAL_RED, TERMINAL_BLACK));
    assert_int_equal(look(0, 1), TERMINAL_LOOK(TERMINAL_BRIGHT + TERMINAL_RED,
                                               TERMINAL_BLACK));
    assert_int_equal(look(0, 2), TERMINAL_LOOK(TERMINAL_BLACK, TERMINAL_RED));
    assert_int_equal(look(0, 3), TERMINAL_PLAIN);
    assert_int_equal(
        look(0, 4),
        TERMINAL_LOOK(TERMINAL_BRIGHT + TERMINAL_YELLOW, TERMINAL_BLUE));
    assert_int_equal(look(0, 5), TERMINAL_PLAIN);
    assert_int_equal(look(0, 7), TERMINAL_PLAIN);
    assert_string_equal(row(0), "abcdefgh");
    send("\033[41m\033[2J");
    assert_int_equal(look(5, 5), TERMINAL_LOOK(TERMINAL_GREY, TERMINAL_RED));
}

static void sequences_leave_no_litter(void **state)
{
    (void)state;
    send("\033]0;title\aA\033]8;;http://x\033\\B\033(0C\033=D\033[?25lE"
         "\033[6n\033[?1049hF\033[>c\033[!pG\033P1$r\033\\H\033[1;\r2mI");
    assert_string_equal(row(0), "IBCDEFGH");
    assert_true(t.hidden);
    send("\033[?25h\033[12");
    send(";3HJ");
    assert_false(t.hidden);
    assert_string_equal(row(9), "  J");
    send("\033c");
    assert_string_equal(row(0), "");
    send("\033[1;2;3;4;5;6;7;8;9;10;11;12mK");
    assert_string_equal(row(0), "K");
}

static void utf8_is_latin1(void **state)
{
    (void)state;
    send("Gr\xc3\xbc\xc3\x9f\x65 \xe2\x82\xac \xf0\x9f\x99\x82 \xe9. "
         "\xc3\x28 \xa7");
    assert_string_equal(row(0), "Gr\xfc\xdf\x65 ? ? . ( \xa7");
    line("Stra\xc3\x9f\x65\tx");
    assert_string_equal(row(1), "Stra\xdf\x65?x");
}

static void own_lines_break_between_words(void **state)
{
    (void)state;
    send("guest");
    line("the driver writes QueueNotify before it sets DRIVER_OK, and so the "
         "device ignores it");
    assert_string_equal(row(0), "guest");
    assert_string_equal(row(1), "the driver writes QueueNotify before it");
    assert_string_equal(row(2), "sets DRIVER_OK, and so the device");
    assert_string_equal(row(3), "ignores it");
    /* Words that fit into no line are broken. */
    line("0123456789012345678901234567890123456789ABC");
    assert_string_equal(row(5), "ABC");
    line("");
    send("x");
    assert_string_equal(row(7), "x");
}

static void lines_that_have_gone_are_kept(void **state)
{
    char text[20];

    (void)state;
    for (unsigned i = 0; i < 2000; i++) {
        snprintf(text, sizeof text, "line %u", i);
        line(text);
    }
    assert_string_equal(row(ROWS - 2), "line 1999");
    terminal_scroll_view(&t, 5);
    assert_string_equal(row(ROWS - 2), "line 1994");
    line("more");
    assert_string_equal(row(ROWS - 2), "line 1994");
    terminal_scroll_view(&t, -100);
    assert_string_equal(row(ROWS - 2), "more");
    terminal_scroll_view(&t, 1000000);
    assert_int_equal(t.back, TERMINAL_LINES - ROWS);
    assert_int_equal(strncmp(row(0), "line ", 5), 0);
}

static void what_changes_is_dirty(void **state)
{
    (void)state;
    memset(t.dirty, 0, sizeof t.dirty);
    send("a\033[4;1Hb");
    assert_true(t.dirty[0] && t.dirty[3]);
    assert_false(t.dirty[1] || t.dirty[5]);
    memset(t.dirty, 0, sizeof t.dirty);
    send("\r"); /* the cursor moves alone */
    assert_true(t.dirty[3]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(text_and_control_characters, begin),
        cmocka_unit_test_setup(long_lines_wrap, begin),
        cmocka_unit_test_setup(the_cursor_moves, begin),
        cmocka_unit_test_setup(erasing, begin),
        cmocka_unit_test_setup(rows_scroll_between_margins, begin),
        cmocka_unit_test_setup(colours, begin),
        cmocka_unit_test_setup(sequences_leave_no_litter, begin),
        cmocka_unit_test_setup(utf8_is_latin1, begin),
        cmocka_unit_test_setup(own_lines_break_between_words, begin),
        cmocka_unit_test_setup(lines_that_have_gone_are_kept, begin),
        cmocka_unit_test_setup(what_changes_is_dirty, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
