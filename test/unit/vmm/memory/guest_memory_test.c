/* Guest-physical ranges: bounds, wrap, slots that touch, and words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vmm/memory/guest_memory.h"

/* [0, 8K) and [8K, 12K) touch; [4G, 4G + 4K) does not. Lengths are exact, so
 * ASan sees an access beyond one. */
#define SECOND 0x2000ULL
#define HIGH   0x100000000ULL
static _Alignas(8) uint8_t a[0x2000];
static _Alignas(8) uint8_t b[0x1000];
static _Alignas(8) uint8_t c[0x1000];

static const struct guest_memory memory = {
    .slots =
        {
            {.base = 0, .size = sizeof(a), .host = a},
            {.base = SECOND, .size = sizeof(b), .host = b},
            {.base = HIGH, .size = sizeof(c), .host = c},
        },
    .slot_count = 3,
};

static void ranges_inside_a_slot(void **state)
{
    (void)state;
    assert_ptr_equal(guest_memory_range(&memory, gpa(0), 1), a);
    assert_ptr_equal(guest_memory_range(&memory, gpa(0), sizeof(a)), a);
    assert_ptr_equal(guest_memory_range(&memory, gpa(0x1fff), 1), a + 0x1fff);
    assert_ptr_equal(guest_memory_range(&memory, gpa(SECOND), 0x1000), b);
    assert_ptr_equal(guest_memory_range(&memory, gpa(HIGH + 0xfff), 1),
                     c + 0xfff);
}

static void ranges_that_are_refused(void **state)
{
    static const struct {
        uint64_t address, length;
    } refused[] = {
        {0, 0},
        {0, sizeof(a) + 1},   /* into the next slot */
        {0x1fff, 2},          /* across two slots */
        {SECOND + 0xfff, 2},  /* into the hole */
        {SECOND + 0x1000, 1}, /* in the hole */
        {HIGH - 1, 1},
        {HIGH - 1, 2},
        {HIGH + 0x1000, 1},
        {HIGH, UINT64_MAX}, /* wraps */
        {HIGH + 1, UINT64_MAX},
        {UINT64_MAX, 1},
        {UINT64_MAX, 2},
        {UINT64_MAX, UINT64_MAX},
        {1, UINT64_MAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        if (guest_memory_range(&memory, gpa(refused[i].address),
                               refused[i].length) != NULL) {
            fail_msg("range %zu", i);
        }
    }
}

static void copies_cross_touching_slots(void **state)
{
    uint8_t out[0x20], in[0x20];

    (void)state;
    for (size_t i = 0; i < sizeof(in); i++) {
        in[i] = (uint8_t)(i + 1);
    }
    assert_true(guest_memory_write(&memory, gpa(SECOND - 0x10), in, 0x20));
    assert_memory_equal(a + 0x1ff0, in, 0x10);
    assert_memory_equal(b, in + 0x10, 0x10);
    assert_true(guest_memory_read(&memory, gpa(SECOND - 0x10), out, 0x20));
    assert_memory_equal(in, out, 0x20);
}

static void a_copy_is_whole_or_not_at_all(void **state)
{
    uint8_t bytes[0x20];

    (void)state;
    memset(bytes, 0x11, sizeof(bytes));
    memset(b, 0x22, sizeof(b));
    assert_false(guest_memory_write(&memory, gpa(SECOND + 0xff0), bytes, 0x20));
    assert_int_equal(b[0xff0], 0x22);
    assert_false(guest_memory_read(&memory, gpa(SECOND + 0xff0), bytes, 0x20));
    assert_int_equal(bytes[0], 0x11);
    assert_false(guest_memory_read(&memory, gpa(UINT64_MAX - 1), bytes, 0x20));
    assert_false(guest_memory_write(&memory, gpa(HIGH - 1), bytes, 2));
}

static void words_are_aligned_and_inside(void **state)
{
    uint64_t value = 0;
    uint64_t word = 0x1122334455667788;

    (void)state;
    memcpy(c + 0xff8, &word, sizeof(word));
    assert_true(guest_memory_read64(&memory, gpa(HIGH + 0xff8), &value));
    assert_int_equal(value, word);
    assert_false(guest_memory_read64(&memory, gpa(HIGH + 0xff4), &value));
    assert_false(guest_memory_read64(&memory, gpa(HIGH + 0x1000), &value));
}

static void words_change_only_from_what_is_expected(void **state)
{
    uint64_t word = 5, after = 0;

    (void)state;
    memcpy(c, &word, sizeof(word));
    assert_false(guest_memory_update64(&memory, gpa(HIGH), 4, 7));
    assert_true(guest_memory_update64(&memory, gpa(HIGH), 5, 7));
    memcpy(&after, c, sizeof(after));
    assert_int_equal(after, 7);
    assert_false(guest_memory_update64(&memory, gpa(HIGH + 4), 7, 8));
    assert_false(guest_memory_update64(&memory, gpa(HIGH + 0x1000), 7, 8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_inside_a_slot),
        cmocka_unit_test(ranges_that_are_refused),
        cmocka_unit_test(copies_cross_touching_slots),
        cmocka_unit_test(a_copy_is_whole_or_not_at_all),
        cmocka_unit_test(words_are_aligned_and_inside),
        cmocka_unit_test(words_change_only_from_what_is_expected),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
