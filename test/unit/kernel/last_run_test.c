/* kernel/last_run.c: what comes back after a reset, and what is not believed.
 */
#include "kernel/last_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint8_t *area;

static int begin(void **state)
{
    (void)state;
    area = malloc(LAST_RUN_BYTES);
    memset(area, 0xa5, LAST_RUN_BYTES);
    return 0;
}

static int end(void **state)
{
    (void)state;
    free(area);
    return 0;
}

static void write_text(const char *text)
{
    last_run_write(text, strlen(text));
}

static const char *read_all(void)
{
    static char text[LAST_RUN_BYTES + 1];
    struct last_run last = last_run_read(area);

    memcpy(text, last.text[0], last.length[0]);
    memcpy(text + last.length[0], last.text[1], last.length[1]);
    text[last.length[0] + last.length[1]] = '\0';
    return text;
}

static void what_was_written_comes_back(void **state)
{
    (void)state;
    assert_false(last_run_is_at(area));
    last_run_keep(area);
    assert_true(last_run_is_at(area));
    assert_string_equal(read_all(), "");
    write_text("one\r\n");
    write_text("two\r\n");
    assert_true(last_run_is_at(area));
    assert_string_equal(read_all(), "one\r\ntwo\r\n");
    assert_false(last_run_read(area).failed);
    last_run_fail(2);
    assert_true(last_run_is_at(area));
    assert_true(last_run_read(area).failed);
    assert_int_equal(last_run_read(area).status, 2);
    last_run_keep(area);
    assert_string_equal(read_all(), "");
    assert_false(last_run_read(area).failed);
}

static void the_last_of_it_stays(void **state)
{
    const char *text;
    char line[32];

    (void)state;
    last_run_keep(area);
    for (unsigned i = 0; i < 100000; i++) {
        snprintf(line, sizeof line, "line %u\n", i);
        write_text(line);
    }
    assert_true(last_run_is_at(area));
    text = read_all();
    assert_true(strlen(text) > LAST_RUN_BYTES - 100);
    assert_string_equal(text + strlen(text) - 11, "line 99999\n");
    assert_non_null(strstr(text, "line 99998\nline 99999\n"));
}

/* Any byte that a reset, the firmware or a fault has changed. */
static void a_change_is_seen(void **state)
{
    (void)state;
    last_run_keep(area);
    write_text("some text");
    for (size_t i = 0; i < LAST_RUN_BYTES; i += i < 200 ? 1 : 997) {
        area[i] ^= 0x10;
        if (last_run_is_at(area)) {
            fail_msg("byte %zu", i);
        }
        area[i] ^= 0x10;
    }
    assert_true(last_run_is_at(area));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_written_comes_back, begin,
                                        end),
        cmocka_unit_test_setup_teardown(the_last_of_it_stays, begin, end),
        cmocka_unit_test_setup_teardown(a_change_is_seen, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
