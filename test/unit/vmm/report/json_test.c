/* The JSON of reports: valid whatever is in it, and never past its memory. */
#include "vmm/report/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static char text[256];
static struct json json;

static void members_of_every_kind(void **state)
{
    (void)state;
    json_begin(&json, text, sizeof(text));
    json_text(&json, "a", "b");
    json_number(&json, "n", UINT64_MAX);
    json_hex(&json, "h", 0xffffffff81000000);
    json_hex(&json, "z", 0);
    json_null(&json, "none");
    json_bool(&json, "yes", true);
    json_bool(&json, "no", false);
    json_object(&json, "o");
    json_close(&json);
    json_array(&json, "l");
    json_number(&json, NULL, 1);
    json_object(&json, NULL);
    json_text(&json, "x", NULL);
    json_close(&json);
    json_number(&json, NULL, 2);
    assert_true(json_end(&json));
    assert_string_equal(
        text, "{\"a\":\"b\",\"n\":18446744073709551615,"
              "\"h\":\"0xffffffff81000000\",\"z\":\"0x0\",\"none\":null,"
              "\"yes\":true,\"no\":false,\"o\":{},\"l\":[1,{\"x\":null},2]}");
}

static void hostile_strings_stay_strings(void **state)
{
    (void)state;
    json_begin(&json, text, sizeof(text));
    json_text(&json, "\"", "\\\"\n\x7f\xc3\x1b[2J");
    assert_true(json_end(&json));
    assert_string_equal(text,
                        "{\"\\u0022\":\"\\u005c\\u0022\\u000a\\u007f\\u00c3"
                        "\\u001b[2J\"}");
}

static void what_does_not_fit_is_said(void **state)
{
    (void)state;
    for (size_t size = 0; size < 40; size++) {
        memset(text, 'x', sizeof(text));
        json_begin(&json, text, size);
        json_text(&json, "name", "\x01 value");
        json_number(&json, "n", 12);
        bool good = json_end(&json);

        assert_int_equal(
            good, size > strlen("{\"name\":\"\\u0001 value\",\"n\":12}"));
        for (size_t i = size; i < sizeof(text); i++) {
            assert_int_equal(text[i], 'x');
        }
    }
}

static void what_is_too_deep_is_said(void **state)
{
    (void)state;
    json_begin(&json, text, sizeof(text));
    for (int i = 0; i < JSON_DEPTH - 1; i++) {
        json_array(&json, i == 0 ? "a" : NULL);
    }
    assert_true(json_end(&json));
    json_begin(&json, text, sizeof(text));
    for (int i = 0; i < JSON_DEPTH; i++) {
        json_array(&json, i == 0 ? "a" : NULL);
    }
    assert_false(json_end(&json));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_of_every_kind),
        cmocka_unit_test(hostile_strings_stay_strings),
        cmocka_unit_test(what_does_not_fit_is_said),
        cmocka_unit_test(what_is_too_deep_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
