/* loader.conf, and which entry its default names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/support/config_rig.h"

static void loader_conf(void **state)
{
    (void)state;
    assert_true(rig_parse_loader("default debian-*\ntimeout 5\nrun all\n"
                                 "log debug\n"));
    assert_string_equal(rig.loader.default_pattern, "debian-*");
    assert_int_equal(rig.loader.timeout, 5);
    assert_int_equal(rig.loader.run, RUN_ALL);
    assert_int_equal(rig.loader.log_level, LOG_DEBUG);
    assert_true(rig_parse_loader(""));
    assert_string_equal(rig.loader.default_pattern, "");
    assert_int_equal(rig.loader.run, RUN_DEFAULT);
    assert_int_equal(rig.loader.log_level, LOG_INFO);
    assert_true(rig.loader.hold);
    assert_int_equal(rig.loader.menu, MENU_HIDDEN);
    assert_int_equal(rig.loader.after, AFTER_POWEROFF);
    assert_true(rig_parse_loader("hold off\ntimeout 7\nafter reset"));
    assert_int_equal(rig.loader.after, AFTER_RESET);
    assert_false(rig.loader.hold);
    assert_int_equal(rig.loader.menu, MENU_SHOWN);
    assert_true(rig_parse_loader("default debian.conf\ntimeout menu-force"));
    assert_int_equal(rig.loader.menu, MENU_SHOWN);
    assert_int_equal(rig.loader.timeout, 0);
    assert_string_equal(rig.loader.default_pattern, "debian");
    assert_true(rig_parse_loader("run together"));
    assert_int_equal(rig.loader.run, RUN_TOGETHER);
    assert_true(rig_parse_loader("run default\nlog error"));
    assert_int_equal(rig.loader.log_level, LOG_ERROR);
}

static void loader_conf_errors(void **state)
{
    static const char *const lines[][2] = {
        {"default", "the name of a file"},
        {"default aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaaaaa",
         "63 bytes"},
        {"timeout never", "seconds"},
        {"run twice", "all, together or default"},
        {"log loud", "error, warn, info or debug"},
        {"defualt x", "did you mean default?"},
        {"rum all", "did you mean run?"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        assert_false(rig_parse_loader(lines[i][0]));
        assert_int_equal(rig.errors.list[0].line, 1);
        assert_string_equal(rig.errors.list[0].file, "loader.conf");
        assert_non_null(strstr(rig.errors.list[0].text, lines[i][1]));
    }
}

static void patterns(void **state)
{
    static const struct {
        const char *pattern;
        const char *id;
        bool match;
    } cases[] = {
        {"debian", "debian", true},
        {"debian", "debian2", false},
        {"debian2", "debian", false},
        {"*", "", true},
        {"*", "anything", true},
        {"", "", true},
        {"", "x", false},
        {"?", "", false},
        {"?", "x", true},
        {"d*n", "debian", true},
        {"d*n", "debia", false},
        {"*a*b*", "xxaxxbxx", true},
        {"*a*b*", "xxbxxaxx", false},
        {"*ab", "aaab", true},
        {"a?c*", "abcdef", true},
        {"**?**", "", false},
        {"Debian", "debian", true},
        {"debian-*", "DEBIAN-6.1", true},
        {"*aaab", "aaaaaaaaaaaaaaaaaaac", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(config_match(cases[i].pattern, cases[i].id),
                         cases[i].match);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loader_conf),
        cmocka_unit_test(loader_conf_errors),
        cmocka_unit_test(patterns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
