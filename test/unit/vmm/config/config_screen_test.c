/* An entry's key `screen`: a size or a word, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/support/config_rig.h"

static struct config_entry entry;

static bool parse(const char *text)
{
    char *copy = rig_exactly(text, strlen(text));
    bool good;

    config_entry_defaults(&entry);
    memset(&rig.errors, 0, sizeof(rig.errors));
    good =
        config_parse_entry("e.conf", copy, strlen(text), &entry, &rig.errors);
    free(copy);
    return good;
}

static void sizes_and_words(void **state)
{
    static const struct {
        const char *text;
        enum config_screen screen;
        unsigned width, height, line;
    } cases[] = {
        {"linux /a\n", SCREEN_AUTO, 0, 0, 0},
        {"linux /a\nscreen auto\n", SCREEN_AUTO, 0, 0, 2},
        {"linux /a\n\nscreen off\n", SCREEN_OFF, 0, 0, 3},
        {"screen 320x200\nlinux /a\n", SCREEN_ON, 320, 200, 1},
        {"linux /a\nscreen\t1280x720 \n", SCREEN_ON, 1280, 720, 2},
        {"linux /a\nscreen 2560x1600\n", SCREEN_ON, 2560, 1600, 2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(parse(cases[i].text));
        assert_int_equal(entry.screen, cases[i].screen);
        assert_int_equal(entry.screen_width, cases[i].width);
        assert_int_equal(entry.screen_height, cases[i].height);
        assert_int_equal(entry.screen_line, cases[i].line);
    }
}

static void what_is_neither(void **state)
{
    static const char *const values[] = {
        "",
        "on",
        "800",
        "800x",
        "x600",
        "800x600x32",
        "800 x 600",
        "800X600",
        "-800x600",
        "319x200",
        "320x199",
        "2561x1600",
        "2560x1601",
        "4294967616x200",
        "320x4294967496",
        "99999999999999999999x200",
        "320x99999999999999999999",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        char text[80] = "linux /a\nscreen ";

        strcat(text, values[i]);
        assert_false(parse(text));
        assert_int_equal(rig.errors.list[0].line, 2);
        assert_non_null(strstr(rig.errors.list[0].text,
                               "a size like 800x600, from 320x200 to 2560x1600"
                               ", or auto or off"));
    }
    assert_false(parse("linux /a\nscreen off\nscreen off\n"));
    assert_non_null(strstr(rig.errors.list[0].text, "a second time: line 2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_and_words),
        cmocka_unit_test(what_is_neither),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
