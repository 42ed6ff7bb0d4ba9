/* The list of the environment's errors: each is in it once, logged once, and
 * those that have no room are counted. */
#include "vmm/config/errors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/support/fake_log.h"
#include "vmm/config/config.h"

static struct errors errors;

static int setup(void **state)
{
    (void)state;
    memset(&errors, 0, sizeof(errors));
    fake_log_clear();
    return 0;
}

static void one_form(void **state)
{
    const struct config_entry entry = {.id = "guest"};

    (void)state;
    errors_add(&errors, "", 0, "no VMX");
    errors_add(&errors, "\\a.conf", 0, "empty");
    errors_add(&errors, "\\a.conf", 7, "%s %u: %s", "cpus", 65U, "too many");
    errors_add_entry(&errors, &entry, 2, "linux %s: gone", "\\k");
    errors_log(&errors);
    assert_string_equal(fake_log,
                        "no VMX\n"
                        "\\a.conf: empty\n"
                        "\\a.conf:7: cpus 65: too many\n"
                        "\\loader\\entries\\guest.conf:2: linux \\k: gone\n");
}

static void each_is_logged_once(void **state)
{
    (void)state;
    errors_add(&errors, "\\map", 3, "not a line");
    errors_add(&errors, "\\map", 3, "not a line");
    errors_log(&errors);
    errors_add(&errors, "\\map", 3, "not a line");
    errors_add(&errors, "\\map", 4, "not a line");
    errors_add(&errors, "\\map", 4, "not a symbol");
    errors_add(&errors, "\\map2", 4, "not a symbol");
    errors_log(&errors);
    errors_log(&errors);
    assert_string_equal(fake_log, "\\map:3: not a line\n"
                                  "\\map:4: not a line\n"
                                  "\\map:4: not a symbol\n"
                                  "\\map2:4: not a symbol\n");
    assert_int_equal(errors.count, 4);
}

static void what_has_no_room_is_counted(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ERRORS_MOST + 3; i++) {
        errors_add(&errors, "\\a.conf", i, "wrong");
    }
    assert_int_equal(errors.count, ERRORS_MOST);
    errors_log(&errors);
    assert_non_null(
        strstr(fake_log, "\n3 more errors are not shown: mend these first\n"));
    fake_log_clear();
    errors_log(&errors);
    assert_string_equal(fake_log, "");
    errors_add(&errors, "\\b.conf", 1, "wrong");
    errors_log(&errors);
    assert_string_equal(fake_log,
                        "1 more errors are not shown: mend these first\n");
}

static void long_ones_are_cut(void **state)
{
    static char text[2000];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    errors_add(&errors, text, 1, "%s", text);
    assert_int_equal(strlen(errors.list[0].file),
                     sizeof(errors.list[0].file) - 1);
    assert_int_equal(strlen(errors.list[0].text),
                     sizeof(errors.list[0].text) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(one_form, setup),
        cmocka_unit_test_setup(each_is_logged_once, setup),
        cmocka_unit_test_setup(what_has_no_room_is_counted, setup),
        cmocka_unit_test_setup(long_ones_are_cut, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
