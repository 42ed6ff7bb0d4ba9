/* kernel/base/string.c against libc, at every small length, offset and overlap.
 * The file is included under other names, since this program has libc's too. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#define memcpy  tested_memcpy
#define memmove tested_memmove
#define memset  tested_memset
#define memcmp  tested_memcmp
#define strlen  tested_strlen
#define strnlen tested_strnlen
#define strcmp  tested_strcmp
#define strncmp tested_strncmp
#define strchr  tested_strchr
#include "kernel/base/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr

#define SPACE 400

static void fill(uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bytes[i] = (uint8_t)(i * 7 + 1);
    }
}

static void copies_are_exact(void **state)
{
    uint8_t from[SPACE];
    uint8_t expected[SPACE];
    uint8_t actual[SPACE];

    (void)state;
    fill(from, SPACE);
    for (size_t length = 0; length < 150; length++) {
        for (size_t offset = 0; offset < 9; offset++) {
            memset(expected, 0xee, SPACE);
            memset(actual, 0xee, SPACE);
            memcpy(expected + offset, from + 3, length);
            assert_ptr_equal(tested_memcpy(actual + offset, from + 3, length),
                             actual + offset);
            assert_memory_equal(actual, expected, SPACE);
        }
    }
}

static void moves_survive_every_overlap(void **state)
{
    uint8_t expected[SPACE];
    uint8_t actual[SPACE];

    (void)state;
    for (size_t length = 0; length < 150; length++) {
        for (size_t to = 0; to < 160; to++) {
            fill(expected, SPACE);
            fill(actual, SPACE);
            memmove(expected + to, expected + 80, length);
            assert_ptr_equal(tested_memmove(actual + to, actual + 80, length),
                             actual + to);
            assert_memory_equal(actual, expected, SPACE);
        }
    }
}

static void fills_are_exact(void **state)
{
    uint8_t expected[SPACE];
    uint8_t actual[SPACE];

    (void)state;
    for (size_t length = 0; length < 150; length++) {
        for (size_t offset = 0; offset < 9; offset++) {
            memset(expected, 0xee, SPACE);
            memset(actual, 0xee, SPACE);
            memset(expected + offset, 0x1a5, length);
            assert_ptr_equal(tested_memset(actual + offset, 0x1a5, length),
                             actual + offset);
            assert_memory_equal(actual, expected, SPACE);
        }
    }
}

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

static void comparisons_have_libcs_sign(void **state)
{
    static const char *const words[] = {
        "", "a", "b", "ab", "abc", "abd", "\x7f", "\x80", "ab\xff", "abcdefgh"};
    size_t count = sizeof(words) / sizeof(words[0]);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            size_t shorter = strlen(words[i]) < strlen(words[j])
                                 ? strlen(words[i])
                                 : strlen(words[j]);

            assert_int_equal(sign(tested_strcmp(words[i], words[j])),
                             sign(strcmp(words[i], words[j])));
            assert_int_equal(sign(tested_memcmp(words[i], words[j], shorter)),
                             sign(memcmp(words[i], words[j], shorter)));
            for (size_t n = 0; n < 5; n++) {
                assert_int_equal(sign(tested_strncmp(words[i], words[j], n)),
                                 sign(strncmp(words[i], words[j], n)));
            }
        }
    }
}

static void lengths_and_searches(void **state)
{
    const char *text = "loader";

    (void)state;
    assert_int_equal(tested_strlen(""), 0);
    assert_int_equal(tested_strlen(text), 6);
    assert_int_equal(tested_strnlen(text, 3), 3);
    assert_int_equal(tested_strnlen(text, 9), 6);
    assert_ptr_equal(tested_strchr(text, 'd'), text + 3);
    assert_ptr_equal(tested_strchr(text, '\0'), text + 6);
    assert_null(tested_strchr(text, 'z'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_are_exact),
        cmocka_unit_test(moves_survive_every_overlap),
        cmocka_unit_test(fills_are_exact),
        cmocka_unit_test(comparisons_have_libcs_sign),
        cmocka_unit_test(lengths_and_searches),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
