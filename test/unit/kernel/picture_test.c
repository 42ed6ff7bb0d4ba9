/* kernel/picture.c and who has the screen: a picture on a screen in
 * memory, in turns with text. */
#include "kernel/picture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/framebuffer.h"

#define WIDTH  320U
#define HEIGHT 180U
#define PITCH  (4 * WIDTH + 64)

/* Between lines, where nobody draws. */
#define BESIDE 0x77777777U

static uint32_t *pixels; /* of the screen */
static uint32_t *drawing;
static struct picture picture;

static void open_screen(enum framebuffer_format format)
{
    const struct framebuffer_mode mode = {
        .base = (uint64_t)(uintptr_t)pixels,
        .width = WIDTH,
        .height = HEIGHT,
        .pitch = PITCH,
        .format = format,
    };

    memset(pixels, 0x77, (size_t)PITCH * HEIGHT);
    assert_true(framebuffer_open(&mode));
}

static int setup(void **state)
{
    (void)state;
    pixels = malloc((size_t)PITCH * HEIGHT);
    open_screen(FRAMEBUFFER_BGRX);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    framebuffer_open(&(struct framebuffer_mode){0});
    free(pixels);
    free(drawing);
    drawing = NULL;
    return 0;
}

static uint32_t pixel(unsigned x, unsigned y)
{
    return pixels[(size_t)y * PITCH / 4 + x];
}

/* A picture without a byte to spare; black. */
static void open_picture(uint32_t width, uint32_t height)
{
    free(drawing);
    drawing = calloc((size_t)width * height, 4);
    picture_open(&picture, drawing, width, height, width * 4);
}

static uint32_t colour(unsigned x, unsigned y)
{
    return 0xff000000 | x << 16 | y << 8 | ((x + y) & 0xff);
}

static void draw(void)
{
    for (unsigned y = 0; y < picture.height; y++) {
        for (unsigned x = 0; x < picture.width; x++) {
            drawing[y * picture.width + x] = colour(x & 0xff, y & 0xff);
        }
    }
}

/* The screen is the picture from (left, top) on, and black elsewhere. */
static void is_shown(unsigned left, unsigned top)
{
    for (unsigned y = 0; y < HEIGHT; y++) {
        for (unsigned x = 0; x < WIDTH; x++) {
            uint32_t is = 0;

            if (x - left < picture.width && y - top < picture.height) {
                is = colour((x - left) & 0xff, (y - top) & 0xff) & 0xffffff;
            }
            if (pixel(x, y) != is) {
                fail_msg("%u, %u: %#x and not %#x", x, y, pixel(x, y), is);
            }
        }
        assert_int_equal(pixel(WIDTH, y), BESIDE);
    }
}

static bool is_black(void)
{
    for (unsigned y = 0; y < HEIGHT; y++) {
        for (unsigned x = 0; x < WIDTH; x++) {
            if (pixel(x, y) != 0) {
                return false;
            }
        }
    }
    return true;
}

static void smaller_ones_are_in_the_middle(void **state)
{
    (void)state;
    open_picture(101, 51);
    draw();
    assert_true(picture_show(&picture));
    picture_look(&picture, 51);
    is_shown(109, 64);
    picture_hide(&picture);
}

static void of_larger_ones_the_upper_left_is_seen(void **state)
{
    (void)state;
    open_picture(WIDTH + 5, HEIGHT + 7);
    draw();
    assert_true(picture_show(&picture));
    picture_look(&picture, HEIGHT + 7);
    is_shown(0, 0);
    picture_hide(&picture);
}

static void the_format_is_the_screens(void **state)
{
    (void)state;
    open_screen(FRAMEBUFFER_RGBX);
    open_picture(WIDTH, HEIGHT);
    drawing[0] = 0xff123456;
    assert_true(picture_show(&picture));
    picture_look(&picture, HEIGHT);
    assert_int_equal(pixel(0, 0), 0x563412);
    picture_hide(&picture);
}

/* Every change of one pixel is seen, at the next look at its line. */
static void changes_are_drawn_and_nothing_else(void **state)
{
    (void)state;
    open_picture(64, 32);
    draw();
    assert_true(picture_show(&picture));
    picture_look(&picture, 32);
    for (unsigned i = 0; i < 64; i++) {
        unsigned x = i, y = i * 7 % 32;

        memset(pixels, 0x77, (size_t)PITCH * HEIGHT);
        drawing[y * 64 + x] ^= 1U << i % 24;
        picture_look(&picture, 32);
        for (unsigned row = 0; row < 32; row++) {
            assert_int_equal(pixel(128, 74 + row) == BESIDE, row != y);
        }
        assert_int_equal(pixel(128 + x, 74 + y),
                         drawing[y * 64 + x] & 0xffffff);
    }
    picture_hide(&picture);
}

static void a_look_is_as_long_as_asked(void **state)
{
    (void)state;
    open_picture(64, 30);
    draw();
    assert_true(picture_show(&picture));
    picture_look(&picture, 7);
    assert_int_not_equal(pixel(140, 75 + 6), 0);
    assert_int_equal(pixel(140, 75 + 7), 0);
    picture_look(&picture, 23);
    is_shown(128, 75);
    picture_look(&picture, 31); /* and from the first line on again */
    assert_int_equal(picture.row, 1);
    picture_hide(&picture);
}

static void what_is_black_is_not_drawn(void **state)
{
    (void)state;
    open_picture(65, 30);
    picture_look(&picture, 30);
    assert_false(picture.drawn);
    assert_true(is_black());
    drawing[65 * 30 - 1] = 1;
    picture_look(&picture, 29);
    assert_false(picture.drawn);
    picture_look(&picture, 1);
    assert_true(picture.drawn);
    /* It has not got the screen. */
    assert_true(is_black());
    drawing[65 * 30 - 1] = 0;
    picture_look(&picture, 30);
    assert_true(picture.drawn);
}

/* What was written meanwhile is there when text comes back, and no more than
 * that. */
static void text_waits(void **state)
{
    static uint32_t expected[PITCH / 4 * HEIGHT];

    (void)state;
    framebuffer_write("one\r\n", 5);
    framebuffer_write("two", 3);
    framebuffer_write_line(FRAMEBUFFER_INFO, "log", 3);
    memcpy(expected, pixels, sizeof(expected));

    open_screen(FRAMEBUFFER_BGRX);
    open_picture(WIDTH, HEIGHT);
    draw();
    framebuffer_write("one\r\n", 5);
    assert_false(is_black());
    assert_true(picture_show(&picture));
    assert_true(is_black());
    framebuffer_write("two", 3);
    framebuffer_write_line(FRAMEBUFFER_INFO, "log", 3);
    assert_true(is_black());
    picture_look(&picture, HEIGHT);
    is_shown(0, 0);
    picture_hide(&picture);
    assert_memory_equal(pixels, expected, sizeof(expected));
    picture_look(&picture, HEIGHT);
    picture_hide(&picture);
    assert_memory_equal(pixels, expected, sizeof(expected));
    /* Shown again it is drawn wholly, though nothing has changed. */
    assert_true(picture_show(&picture));
    picture_look(&picture, HEIGHT);
    is_shown(0, 0);
    framebuffer_seize();
    assert_memory_equal(pixels, expected, sizeof(expected));
}

static void one_has_the_screen(void **state)
{
    static struct picture other;

    (void)state;
    open_picture(WIDTH, HEIGHT);
    draw();
    picture_open(&other, drawing, 10, 10, WIDTH * 4);
    assert_true(picture_show(&picture));
    assert_false(picture_show(&other));
    picture_look(&picture, HEIGHT);
    picture_look(&other, 10);
    picture_hide(&other);
    is_shown(0, 0);
    picture_hide(&picture);
    assert_true(picture_show(&other));
    picture_hide(&other);
    framebuffer_open(&(struct framebuffer_mode){0});
    assert_false(picture_show(&picture));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(smaller_ones_are_in_the_middle),
        TEST(of_larger_ones_the_upper_left_is_seen),
        TEST(the_format_is_the_screens),
        TEST(changes_are_drawn_and_nothing_else),
        TEST(a_look_is_as_long_as_asked),
        TEST(what_is_black_is_not_drawn),
        TEST(text_waits),
        TEST(one_has_the_screen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
