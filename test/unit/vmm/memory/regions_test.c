/* The region array: order of adding does not matter, look-ups are exact at the
 * edges, and a mistake of ours is a panic. */
#include "vmm/memory/regions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static enum access_result answer(void *context, struct access *access)
{
    (void)context;
    (void)access;
    return ACCESS_HANDLED;
}

static struct region region(uint64_t base, uint64_t size)
{
    return (struct region){.base = base, .size = size, .access = answer};
}

static void add(struct regions *regions, uint64_t base, uint64_t size)
{
    struct region one = region(base, size);

    regions_add(regions, &one);
}

static void edges(void **state)
{
    struct regions regions = {0};

    (void)state;
    add(&regions, 0x3000, 0x1000);
    add(&regions, 0x1000, 0x200);
    add(&regions, 0x2000, 1);
    assert_null(regions_find(&regions, 0));
    assert_null(regions_find(&regions, 0xfff));
    assert_int_equal(regions_find(&regions, 0x1000)->base, 0x1000);
    assert_int_equal(regions_find(&regions, 0x11ff)->base, 0x1000);
    assert_null(regions_find(&regions, 0x1200));
    assert_int_equal(regions_find(&regions, 0x2000)->base, 0x2000);
    assert_null(regions_find(&regions, 0x2001));
    assert_int_equal(regions_find(&regions, 0x3fff)->base, 0x3000);
    assert_null(regions_find(&regions, 0x4000));
    assert_null(regions_find(&regions, UINT64_MAX));
}

/* Every order of adding gives the same answers. */
static void orders(void **state)
{
    static const uint64_t bases[] = {0x10, 0x20, 0x30, 0x40, 0x50};

    (void)state;
    for (unsigned order = 0; order < 5 * 5 * 5 * 5 * 5; order++) {
        struct regions regions = {0};
        unsigned used = 0;
        unsigned digits = order;

        for (unsigned i = 0; i < 5; i++, digits /= 5) {
            unsigned pick = digits % 5;

            if (!(used & (1U << pick))) {
                used |= 1U << pick;
                add(&regions, bases[pick], 0x10);
            }
        }
        for (uint64_t at = 0; at < 0x70; at++) {
            bool there =
                at >= 0x10 && at < 0x60 && used & (1U << (at / 0x10 - 1));

            assert_int_equal(regions_find(&regions, at) != NULL, there);
        }
    }
}

static void overlaps(void **state)
{
    struct regions regions = {0};
    struct region over = region(0x1100, 0x10);

    (void)state;
    add(&regions, 0x1000, 0x200);
    expect_assert_failure(regions_add(&regions, &over));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edges),
        cmocka_unit_test(orders),
        cmocka_unit_test(overlaps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
