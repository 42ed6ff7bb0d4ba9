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
#include "test/unit/support/timer_fake.h"

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

static uint32_t pixel_of(unsigned row, unsigned column, unsigned x, unsigned y)
{
    return pixel((column * FONT_COLUMNS + x) * factor,
                 (row * FONT_ROWS + y) * factor);
}

/* True if the cell shows the character, in one colour on another. */
static bool is_glyph(unsigned row, unsigned column, char character)
{
    const uint8_t *glyph = font_glyph((uint8_t)character);
    uint32_t ground = pixel_of(row, column, 0, 0);

    for (unsigned y = 0; y < FONT_ROWS * factor; y++) {
        for (unsigned x = 0; x < FONT_COLUMNS * factor; x++) {
            bool lit = glyph[y / factor] >> (7 - x / factor) & 1;

            if (lit != (pixel(column * FONT_COLUMNS * factor + x,
                              row * FONT_ROWS * factor + y) != ground)) {
                return false;
            }
        }
    }
    return true;
}

/* The text of one row without the blanks at its end; '\1' is no character: the
 * cursor, say. */
static const char *row_text(unsigned row)
{
    static char text[300];
    size_t length = 0;

    for (unsigned column = 0; column < mode.width / FONT_COLUMNS / factor;
         column++) {
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

static void line(enum framebuffer_style style, const char *text)
{
    framebuffer_write_line(style, text, strlen(text));
}

static void every_character_has_its_own_shape(void **state)
{
    (void)state;
    for (char a = ' '; a <= '~'; a++) {
        for (char b = (char)(a + 1); b <= '~'; b++) {
            assert_memory_not_equal(font_glyph((uint8_t)a),
                                    font_glyph((uint8_t)b), FONT_ROWS);
        }
    }
    assert_ptr_equal(font_glyph(0x80), font_glyph('?'));
    assert_ptr_equal(font_glyph(0x7f), font_glyph('?'));
    assert_ptr_not_equal(font_glyph(0xe4), font_glyph('?'));
    assert_memory_not_equal(font_glyph(0xe4), font_glyph('a'), FONT_ROWS);
}

/* Descenders reach below the line on which the others stand. */
static void descenders_descend(void **state)
{
    (void)state;
    for (const char *c = "gjpqy"; *c != '\0'; c++) {
        assert_int_not_equal(font_glyph((uint8_t)*c)[14], 0);
    }
    for (const char *c = "abcdeAXZ0"; *c != '\0'; c++) {
        assert_int_equal(font_glyph((uint8_t)*c)[14], 0);
    }
}

static void letters_grow_with_the_screen(void **state)
{
    static const struct {
        uint32_t width, height;
        unsigned factor;
    } screens[] = {{640, 480, 1},   {800, 600, 1},   {1280, 800, 1},
                   {1920, 1080, 1}, {2560, 1440, 2}, {3840, 2160, 3},
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
    line(FRAMEBUFFER_ERROR, "_");
    assert_int_equal(pixel_of(0, 0, 1, 14), 0xff6060);
    mode.format = FRAMEBUFFER_RGBX;
    assert_true(framebuffer_open(&mode));
    line(FRAMEBUFFER_ERROR, "_");
    assert_int_equal(pixel_of(0, 0, 1, 14), 0x6060ff);
}

static void styles_differ(void **state)
{
    uint32_t text[FRAMEBUFFER_STYLES], ground[FRAMEBUFFER_STYLES];

    (void)state;
    open_screen(640, 480, 1);
    for (unsigned i = 0; i < FRAMEBUFFER_STYLES; i++) {
        line((enum framebuffer_style)i, "_");
        text[i] = pixel_of(i, 0, 1, 14);
        ground[i] = pixel_of(i, 0, 1, 0);
        for (unsigned other = 0; other < i; other++) {
            assert_true(text[i] != text[other] || ground[i] != ground[other]);
        }
        assert_int_not_equal(text[i], ground[i]);
    }
}

static void the_status_has_the_last_line(void **state)
{
    (void)state;
    open_screen(640, 480, 1); /* 30 rows */
    framebuffer_status("2 machines", 10);
    for (unsigned i = 0; i < 100; i++) {
        line(FRAMEBUFFER_INFO, "text");
    }
    assert_string_equal(row_text(29), " 2 machines");
    assert_string_equal(row_text(27), "text");
    framebuffer_status("1 machine", 9);
    assert_string_equal(row_text(29), " 1 machine");
}

static void what_has_gone_comes_back(void **state)
{
    char text[20];

    (void)state;
    open_screen(640, 480, 1);
    for (unsigned i = 0; i < 100; i++) {
        snprintf(text, sizeof(text), "line %u", i);
        line(FRAMEBUFFER_INFO, text);
    }
    assert_string_equal(row_text(27), "line 99");
    framebuffer_scroll(true); /* by 14 */
    assert_string_equal(row_text(27), "line 85");
    line(FRAMEBUFFER_INFO, "line 100");
    assert_string_equal(row_text(27), "line 85");
    framebuffer_scroll(false);
    framebuffer_scroll(false);
    assert_string_equal(row_text(27), "line 100");
    for (unsigned i = 0; i < 20; i++) {
        framebuffer_scroll(true);
    }
    assert_string_equal(row_text(0), "line 0");
}

/* From then on a timer draws; a panic does not wait for it. */
static void drawing_can_wait(void **state)
{
    (void)state;
    open_screen(640, 480, 1);
    framebuffer_start_deferring();
    show("one\r\n");
    show("two");
    assert_string_equal(row_text(0), "");
    assert_true(timer_fake_fire());
    assert_string_equal(row_text(0), "one");
    assert_string_equal(row_text(1), "two");
    assert_false(timer_fake_fire());
    show("\r\nthree");
    framebuffer_flush();
    assert_string_equal(row_text(2), "three");
    (void)timer_fake_fire();
    show("\r\nfour");
    framebuffer_seize();
    show("\r\nfive");
    assert_string_equal(row_text(4), "five");
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
    line(FRAMEBUFFER_INFO, "nothing");
    assert_int_equal(pixel(0, 1), 0x77777777);
}

#define TEST(name) cmocka_unit_test_teardown(name, close_screen)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_character_has_its_own_shape),
        TEST(descenders_descend),
        TEST(letters_grow_with_the_screen),
        TEST(colours_follow_the_format),
        TEST(styles_differ),
        TEST(the_status_has_the_last_line),
        TEST(what_has_gone_comes_back),
        TEST(drawing_can_wait),
        TEST(unusable_modes_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
