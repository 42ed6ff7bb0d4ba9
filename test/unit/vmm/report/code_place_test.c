/* vmm/report/code_place.c: a guest's place in its code as people read it. */
#include "vmm/report/code_place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct code_place place = {
    .known = true,
    .vcpu = 3,
    .rip = 0x1012f,
    .bytes = {0xc7, 0x43, 0x50, 0x00},
    .length = 4,
    .symbol = "kick+0x12",
};

static void all_of_it(void **state)
{
    char text[CODE_PLACE_TEXT];

    (void)state;
    code_place_format(text, sizeof(text), &place);
    assert_string_equal(text, "vcpu3 at 0x1012f kick+0x12: c7 43 50 00");
}

static void without_symbol_and_code(void **state)
{
    char text[CODE_PLACE_TEXT];
    struct code_place bare = place;

    (void)state;
    bare.symbol[0] = '\0';
    bare.length = 0;
    code_place_format(text, sizeof(text), &bare);
    assert_string_equal(text, "vcpu3 at 0x1012f: not readable");
    code_place_format_bytes(text, sizeof(text), bare.bytes, 0);
    assert_string_equal(text, "");
}

/* The longest of each has room, the last character included. */
static void longest(void **state)
{
    char text[CODE_PLACE_TEXT];
    char bytes[CODE_PLACE_BYTES];
    struct code_place most = {
        .vcpu = 63, .rip = UINT64_MAX, .length = INSN_MAX_LENGTH};

    (void)state;
    memset(most.symbol, 's', sizeof(most.symbol) - 1);
    memset(most.bytes, 0xab, sizeof(most.bytes));
    code_place_format_bytes(bytes, sizeof(bytes), most.bytes, most.length);
    assert_int_equal(strlen(bytes), sizeof(bytes) - 1);
    code_place_format(text, sizeof(text), &most);
    assert_string_equal(text + strlen(text) - strlen(bytes), bytes);
    assert_non_null(strstr(text, "0xffffffffffffffff sss"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_it),
        cmocka_unit_test(without_symbol_and_code),
        cmocka_unit_test(longest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
