/* kernel/framebuffer.c on a screen in memory. The test reads the pixels back as
 * text by the font's own shapes, so it sees what a person would. */
#include "kernel/framebuffer.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "kernel/font.h"

static uint32_t *pixels;
static struct framebuffer_mode mode;
static unsigned factor;

static void open_screen(uint32_t width, uint32_t height, unsigned expected)
{
    free(pixels);
    mode = (struct framebuffer_mode){
        .width = width,
        .height = height,
        .pitch = width * 4 + 64,
        .format = FRAMEBUFFER_BGRX,
    };
    pixels = malloc((size_t)mode.pitch * height);
    memset(pixels, 0x77, (size_t)mode.pitch * height);
    mode.base = (uint64_t)(uintptr_t)pixels;
    factor = expected;
    assert_true(framebuffer_open(&mode));
}

static uint32_t pixel(unsigned x, unsigned y)
{
    return pixels[(size_t)y * mode.pitch / 4 + x];
}

static bool is_glyph(unsigned row, unsigned column, char character)
{
    const uint8_t *glyph = font_glyph(character);

    for (unsigned y = 0; y < 9 * factor; y++) {
        for (unsigned x = 0; x < 6 * factor; x++) {
            unsigned gy = y / factor;
            unsigned gx = x / factor;
            bool lit =
                gy >= 1 && gy <= 7 && gx < 5 && (glyph[gy - 1] >> (4 - gx) & 1);

            if (lit !=
                (pixel(column * 6 * factor + x, row * 9 * factor + y) != 0)) {
                return false;
            }
        }
    }
    return true;
}

/* The text of one row without the blanks at its end; '\1' is no character. */
static const char *row_text(unsigned row)
{
    static char text[200];
    size_t length = 0;

    for (unsigned column = 0; column < mode.width / 6 / factor; column++) {
        char found = '\1';

        for (char c = ' '; c <= '~'; c++) {
            if (is_glyph(row, column, c)) {
                found = c;
                break;
            }
        }
        text[column] = found;
        if (found != ' ') {
            length = column + 1;
        }
    }
    text[length] = '\0';
    return text;
}

static void show(const char *text)
{
    framebuffer_write(text, strlen(text));
}

static int close_screen(void **state)
{
    (void)state;
    framebuffer_open(&(struct framebuffer_mode){0});
    free(pixels);
    pixels = NULL;
    return 0;
}

static void every_character_has_its_own_shape(void **state)
{
    (void)state;
    for (char a = ' '; a <= '~'; a++) {
        for (char b = (char)(a + 1); b <= '~'; b++) {
            assert_memory_not_equal(font_glyph(a), font_glyph(b), FONT_ROWS);
        }
        for (unsigned row = 0; row < FONT_ROWS; row++) {
            assert_true(font_glyph(a)[row] < 1U << FONT_COLUMNS);
        }
    }
    assert_ptr_equal(font_glyph('\xe4'), font_glyph('?'));
}

static void letters_grow_with_the_screen(void **state)
{
    static const struct {
        uint32_t width, height;
        unsigned factor;
    } screens[] = {{640, 480, 1},  {800, 600, 1},   {1024, 768, 2},
                   {1280, 800, 2}, {1920, 1080, 3}, {3840, 2160, 6},
                   {200, 100, 1}};

    (void)state;
    for (size_t i = 0; i < sizeof(screens) / sizeof(screens[0]); i++) {
        open_screen(screens[i].width, screens[i].height, screens[i].factor);
        show("Lintel {0x42}");
        assert_string_equal(row_text(0), "Lintel {0x42}");
        assert_string_equal(row_text(1), "");
        /* Nothing is left of what was there, nor written beside a line. */
        assert_int_equal(pixel(mode.width - 1, mode.height - 1), 0);
        assert_int_equal(pixel(mode.width, 0), 0x77777777);
        close_screen(NULL);
    }
}

static void colours_follow_the_format(void **state)
{
    (void)state;
    open_screen(640, 480, 1);
    framebuffer_write_line("_", 1);
    assert_int_equal(pixel(0, 7), 0xffc060);
    mode.format = FRAMEBUFFER_RGBX;
    assert_true(framebuffer_open(&mode));
    framebuffer_write_line("_", 1);
    assert_int_equal(pixel(0, 7), 0x60c0ff);
}

static void lines_wrap_and_log_lines_stand_alone(void **state)
{
    char text[140];

    (void)state;
    open_screen(640, 480, 1); /* 106 columns */
    memset(text, 'w', sizeof(text));
    framebuffer_write(text, 108);
    assert_string_equal(row_text(1), "ww");
    framebuffer_write_line("log", 3);
    assert_string_equal(row_text(2), "log");
    show("guest\r\nnext\rN");
    assert_string_equal(row_text(3), "guest");
    assert_string_equal(row_text(4), "Next");
    /* A full line's own newline makes no empty line. */
    show("\r\n");
    framebuffer_write(text, 106);
    show("\r\nz");
    assert_string_equal(row_text(6), "z");
}

static void backspace_and_tab_move(void **state)
{
    (void)state;
    open_screen(640, 480, 1);
    show("abc\b\bX\ty\r\n\b\bz\tw");
    assert_string_equal(row_text(0), "aXc     y");
    assert_string_equal(row_text(1), "z       w");
    for (int i = 0; i < 30; i++) {
        show("\t");
    }
    show("e");
    assert_string_equal(row_text(2), "e");
}

static void escape_sequences_leave_no_litter(void **state)
{
    (void)state;
    open_screen(640, 480, 1);
    show("\033[1;31mred\033[0m \033[38;5;208morange\033[m\r\n"
         "\033]0;title\aA\033]8;;http://x\033\\B\033(0C\033=D\033[?25lE\r\n"
         "\033[6n\033[999;999Hf\xc3\xa4h\xe2\x82\xac\r\n"
         "abcdef\b\b\b\033[K\r\n"
         "ghi\b\033[J");
    assert_string_equal(row_text(0), "red orange");
    assert_string_equal(row_text(1), "ABCDE");
    assert_string_equal(row_text(2), "f?h?");
    assert_string_equal(row_text(3), "abc");
    assert_string_equal(row_text(4), "gh");
}

static void clearing_clears(void **state)
{
    (void)state;
    open_screen(640, 480, 1);
    show("old\r\nolder\033[H\033[2Jnew");
    assert_string_equal(row_text(0), "new");
    assert_string_equal(row_text(1), "");
    show("\033[H\033[Jagain");
    assert_string_equal(row_text(0), "again");
}

/* After any number of lines the last ones are seen, in order, and the last line
 * written is the last on the screen. */
static void scrolling_keeps_the_last_lines(void **state)
{
    (void)state;
    open_screen(640, 480, 1); /* 53 rows */
    for (unsigned last = 0; last < 300; last++) {
        char expected[20];
        unsigned row = 0;

        framebuffer_write_line(
            expected,
            (size_t)snprintf(expected, sizeof(expected), "line %u", last));
        if (last % 7 != 0) {
            continue;
        }
        while (row < 52 && row_text(row + 1)[0] != '\0') {
            row++;
        }
        assert_true(row >= 30 || row >= last);
        for (unsigned i = 0; i <= row && i <= last; i++) {
            snprintf(expected, sizeof(expected), "line %u", last - i);
            assert_string_equal(row_text(row - i), expected);
        }
    }
}

static void unusable_modes_are_refused(void **state)
{
    struct framebuffer_mode good;
    struct framebuffer_mode bad;

    (void)state;
    open_screen(640, 480, 1);
    good = mode;
#define REFUSED(change)                                                        \
    bad = good;                                                                \
    bad.change;                                                                \
    assert_false(framebuffer_open(&bad))
    REFUSED(base = 0);
    REFUSED(base += 2);
    REFUSED(pitch = 640 * 4 - 4);
    REFUSED(pitch = 640 * 4 + 2);
    REFUSED(width = 50);
    REFUSED(height = 8);
    REFUSED(height = 1U << 31);
    memset(pixels, 0x77, (size_t)mode.pitch * mode.height);
    show("nothing");
    framebuffer_write_line("nothing", 7);
    assert_int_equal(pixel(0, 1), 0x77777777);
}

#define TEST(name) cmocka_unit_test_teardown(name, close_screen)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_character_has_its_own_shape),
        TEST(letters_grow_with_the_screen),
        TEST(colours_follow_the_format),
        TEST(lines_wrap_and_log_lines_stand_alone),
        TEST(backspace_and_tab_move),
        TEST(escape_sequences_leave_no_litter),
        TEST(clearing_clears),
        TEST(scrolling_keeps_the_last_lines),
        TEST(unusable_modes_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
