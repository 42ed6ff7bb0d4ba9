/* kernel/base/format.c against libc's snprintf, over random conversions, and at
 * the buffer's edges. */
#include "kernel/base/format.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#define ROUNDS 300000

static uint64_t random_state = 0x243f6a8885a308d3ULL;

static uint64_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* Numbers of every magnitude, and the edges. */
static uint64_t random_value(void)
{
    static const uint64_t edges[] = {
        0,         1,          9,          10,        0x7f,
        0x80,      0x7fffffff, 0x80000000, INT64_MAX, (uint64_t)INT64_MIN,
        UINT64_MAX};

    if (random_next() % 4 == 0) {
        return edges[random_next() % (sizeof(edges) / sizeof(edges[0]))];
    }
    return random_next() >> (random_next() % 64);
}

/* "%[flags][width][.precision][length]letter" */
static void random_conversion(char *out, size_t size)
{
    static const char flags[] = "-0#+ ";
    static const char *const lengths[] = {"hh", "h", "",  "l",
                                          "ll", "z", "j", "t"};
    static const char letters[] = "diuxX";
    char letter = letters[random_next() % 5];
    size_t at = 0;

    out[at++] = '%';
    for (size_t i = 0; i < 5; i++) {
        if (random_next() % 4 == 0) {
            out[at++] = flags[i];
        }
    }
    if (random_next() % 2 == 0) {
        at += (size_t)snprintf(out + at, size - at, "%u",
                               (unsigned)(random_next() % 30 + 1));
    }
    if (random_next() % 3 == 0) {
        at += (size_t)snprintf(out + at, size - at, ".%u",
                               (unsigned)(random_next() % 30));
    }
    snprintf(out + at, size - at, "%s%c", lengths[random_next() % 8], letter);
}

#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-security"

static void integers_are_as_libc_has_them(void **state)
{
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        char conversion[64];
        char expected[128];
        char actual[128];
        uint64_t value = random_value();
        int expected_length;

        random_conversion(conversion, sizeof(conversion));
        expected_length = snprintf(expected, sizeof(expected), conversion,
                                   (unsigned long)value);
        assert_int_equal(
            format_sn(actual, sizeof(actual), conversion, (unsigned long)value),
            expected_length);
        if (strcmp(expected, actual) != 0) {
            print_error("%s of %#lx\n", conversion, (unsigned long)value);
        }
        assert_string_equal(actual, expected);
    }
}

#define SAME(...)                                                              \
    do {                                                                       \
        char expected[200];                                                    \
        char actual[200];                                                      \
        int length = snprintf(expected, sizeof(expected), __VA_ARGS__);        \
        assert_int_equal(format_sn(actual, sizeof(actual), __VA_ARGS__),       \
                         length);                                              \
        assert_string_equal(actual, expected);                                 \
    } while (0)

static void strings_and_the_rest_are_as_libc_has_them(void **state)
{
    (void)state;
    SAME("plain");
    SAME("100%%");
    SAME("[%s]", "text");
    SAME("[%10s]", "text");
    SAME("[%-10s]", "text");
    SAME("[%.2s]", "text");
    SAME("[%.*s]", 3, "text");
    SAME("[%.*s]", -1, "text");
    SAME("[%10.0s]", "text");
    SAME("[%*s]", -7, "ab");
    SAME("[%*d]", 7, 5);
    SAME("[%.*d]", 4, 5);
    SAME("[%c%4c%-4c]", 'a', 'b', 'c');
    SAME("%p %20p", (void *)0x1234, (void *)UINTPTR_MAX);
    SAME("%d %s %lx %zu %c", -1, "two", 3UL, (size_t)4, '5');
    SAME("%s", "");
    SAME("%d%%%d", 1, 2);
}

static void a_string_without_end_is_read_only_to_its_precision(void **state)
{
    char *four = malloc(4);
    char text[16];

    (void)state;
    memcpy(four, "abcd", 4);
    assert_int_equal(format_sn(text, sizeof(text), "%.4s", four), 4);
    assert_string_equal(text, "abcd");
    free(four);
}

static void null_pointers_do_not_fault(void **state)
{
    char text[32];
    const char *nothing = NULL;

    (void)state;
    format_sn(text, sizeof(text), "%s %p", nothing, (void *)NULL);
    assert_string_equal(text, "(null) 0x0");
}

static void nothing_is_written_past_the_buffer(void **state)
{
    (void)state;
    for (size_t size = 0; size < 20; size++) {
        char *buffer = malloc(size + 1);
        char expected[20];

        buffer[size] = '!';
        memset(expected, 0, sizeof(expected));
        snprintf(expected, size, "%d-%s", 12345, "six789");
        assert_int_equal(format_sn(buffer, size, "%d-%s", 12345, "six789"), 12);
        if (size > 0) {
            assert_string_equal(buffer, expected);
        }
        assert_int_equal(buffer[size], '!');
        free(buffer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_as_libc_has_them),
        cmocka_unit_test(strings_and_the_rest_are_as_libc_has_them),
        cmocka_unit_test(a_string_without_end_is_read_only_to_its_precision),
        cmocka_unit_test(null_pointers_do_not_fault),
        cmocka_unit_test(nothing_is_written_past_the_buffer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
