/* kernel/page.c over an arena that stands in for the machine's memory: random
 * requests against a map of who owns what, exhaustion, alignment, misuse. */
#include "kernel/page.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <sys/mman.h>

#include <cmocka.h>

#define GIB        (1ULL << 30)
#define ARENA      (8 * GIB) /* address space; only what is touched is real */
#define MODEL_SIZE 4096      /* pages given to the random test */
#define HELD       200

static uint8_t *arena; /* 1 GiB aligned */
static size_t arena_pages;

static uint64_t address(const void *pointer)
{
    return (uint64_t)(uintptr_t)pointer;
}

/* Takes everything out of the allocator, so each test starts with none. */
static int empty_heap(void **state)
{
    (void)state;
    while (page_free_count() > 0) {
        assert_non_null(page_alloc_dirty(page_longest_run(), PAGE_SIZE));
    }
    assert_true(page_valid());
    return 0;
}

static int map_arena(void **state)
{
    uint8_t *mapped = mmap(NULL, ARENA + GIB, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    (void)state;
    assert_true(mapped != MAP_FAILED);
    arena = mapped + (GIB - address(mapped) % GIB);
    arena_pages = (size_t)(ARENA / PAGE_SIZE);
    return 0;
}

static void exhaustion_gives_null_and_all_comes_back(void **state)
{
    void *taken[64];

    (void)state;
    page_add_range(address(arena), 64);
    for (size_t i = 0; i < 64; i++) {
        taken[i] = page_alloc(1, PAGE_SIZE);
        assert_non_null(taken[i]);
    }
    assert_null(page_alloc(1, PAGE_SIZE));
    assert_int_equal(page_free_count(), 0);
    assert_int_equal(page_longest_run(), 0);
    for (size_t i = 0; i < 64; i += 2) {
        page_free(taken[i], 1);
    }
    assert_int_equal(page_free_count(), 32);
    assert_null(page_alloc(2, PAGE_SIZE));
    for (size_t i = 1; i < 64; i += 2) {
        page_free(taken[i], 1);
    }
    assert_int_equal(page_longest_run(), 64);
    assert_true(page_valid());
}

static void runs_of_whole_units(void **state)
{
    (void)state;
    assert_int_equal(page_free_in_runs(4, PAGE_SIZE), 0);
    /* From 1 to 13, from 16 to 24, from 33 to 35, and 40. */
    page_add_range(address(arena) + 1 * PAGE_SIZE, 12);
    page_add_range(address(arena) + 16 * PAGE_SIZE, 8);
    page_add_range(address(arena) + 33 * PAGE_SIZE, 2);
    page_add_range(address(arena) + 40 * PAGE_SIZE, 1);
    assert_int_equal(page_free_in_runs(4, PAGE_SIZE), 23);
    assert_int_equal(page_free_in_runs(3, PAGE_SIZE), 22);
    assert_int_equal(page_free_in_runs(1, PAGE_SIZE), 12);
    assert_int_equal(page_free_in_runs(4, 8 * PAGE_SIZE), 8);
    assert_int_equal(page_free_in_runs(4, 4 * PAGE_SIZE), 8 + 8);
    assert_int_equal(page_free_in_runs(4, 2 * PAGE_SIZE), 10 + 8);
    assert_int_equal(page_free_in_runs(8, GIB), 0);
}

static void huge_counts_do_not_wrap(void **state)
{
    (void)state;
    page_add_range(address(arena), 64);
    assert_null(page_alloc_dirty(SIZE_MAX, PAGE_SIZE));
    assert_null(page_alloc_dirty(SIZE_MAX / PAGE_SIZE + 2, PAGE_SIZE));
    assert_null(page_alloc_dirty(1, 1ULL << 63));
    assert_true(page_valid());
}

static void guest_memory_of_gibibytes_is_aligned(void **state)
{
    uint8_t *guest;
    uint8_t *small;

    (void)state;
    page_add_range(address(arena) + PAGE_SIZE, arena_pages - 1);
    small = page_alloc_dirty(1, PAGE_SIZE);
    guest = page_alloc_dirty((size_t)(3 * GIB / PAGE_SIZE), GIB);
    assert_non_null(guest);
    assert_int_equal(address(guest) % GIB, 0);
    /* From the two ends, so that they do not cut each other's runs. */
    assert_ptr_equal(small, arena + PAGE_SIZE);
    assert_ptr_equal(guest, arena + 5 * GIB);
    assert_null(page_alloc_dirty((size_t)(5 * GIB / PAGE_SIZE), GIB));
    page_free(small, 1);
#ifndef LINTEL_DEBUG
    /* A debug build writes all of what is given back: gibibytes, which take
     * this test's machine ten seconds to find. */
    page_free(guest, (size_t)(3 * GIB / PAGE_SIZE));
    assert_int_equal(page_longest_run(), arena_pages - 1);
#endif
}

static void alloc_is_zeroed_and_dirty_is_junk_only_in_debug(void **state)
{
    uint8_t *page;

    (void)state;
    page_add_range(address(arena), 8);
    memset(arena + 2 * PAGE_SIZE, 0x77, PAGE_SIZE);
    page = page_alloc(8, PAGE_SIZE);
    for (size_t i = 0; i < 8 * PAGE_SIZE; i++) {
        assert_int_equal(page[i], 0);
    }
    memset(page, 0x77, 8 * PAGE_SIZE);
    page_free(page, 8);
    page = page_alloc_dirty(8, PAGE_SIZE);
#ifdef LINTEL_DEBUG
    assert_int_equal(page[5000], 0xd5);
#else
    assert_int_equal(page[5000], 0x77);
#endif
}

static void page_zero_is_never_given(void **state)
{
    (void)state;
    /* Only the count may be looked at: this host has nothing there. */
    page_add_range(0, 1);
    assert_int_equal(page_free_count(), 0);
    page_add_range(0, 0);
    assert_int_equal(page_free_count(), 0);
}

static void misuse_is_caught(void **state)
{
    uint8_t *pages;

    (void)state;
    page_add_range(address(arena), 64);
    pages = page_alloc(4, PAGE_SIZE);
    page_free(pages, 4);
    expect_assert_failure(page_free(pages, 4));
    expect_assert_failure(page_free(pages + PAGE_SIZE, 1));
    expect_assert_failure(page_free(arena + 63 * PAGE_SIZE, 2));
    expect_assert_failure(page_free(pages + 8, 1));
    expect_assert_failure(page_free(NULL, 1));
    expect_assert_failure(page_free(pages, 0));
    expect_assert_failure(page_alloc(0, PAGE_SIZE));
    expect_assert_failure(page_alloc(1, 100));
    expect_assert_failure(page_alloc(1, 3 * PAGE_SIZE));
    assert_true(page_valid());
    assert_int_equal(page_free_count(), 64);
}

/* Who owns each page of the model: 0 nobody, else the request's number. */
static uint16_t owner[MODEL_SIZE];

struct held {
    uint8_t *pages;
    size_t count;
};

static size_t model_longest(void)
{
    size_t longest = 0;
    size_t length = 0;

    for (size_t i = 0; i < MODEL_SIZE; i++) {
        length = owner[i] == 0 ? length + 1 : 0;
        longest = length > longest ? length : longest;
    }
    return longest;
}

static void model_set(const struct held *held, uint16_t from, uint16_t to)
{
    size_t first = (size_t)(held->pages - arena) / PAGE_SIZE;

    assert_true(first + held->count <= MODEL_SIZE);
    for (size_t i = 0; i < held->count; i++) {
        assert_int_equal(owner[first + i], from);
        owner[first + i] = to;
    }
}

static void random_requests_never_overlap(void **state)
{
    struct held held[HELD] = {0};
    size_t free_pages = MODEL_SIZE;

    (void)state;
    srand(20);
    page_add_range(address(arena), MODEL_SIZE / 2);
    page_add_range(address(arena) + MODEL_SIZE / 2 * PAGE_SIZE, MODEL_SIZE / 2);
    assert_int_equal(page_longest_run(), MODEL_SIZE);
    for (int step = 0; step < 40000; step++) {
        uint16_t i = (uint16_t)(rand() % HELD);
        uint64_t alignment = PAGE_SIZE << (rand() % 5);

        if (held[i].pages != NULL) {
            model_set(&held[i], (uint16_t)(i + 1), 0);
            free_pages += held[i].count;
            page_free(held[i].pages, held[i].count);
            held[i].pages = NULL;
        } else {
            held[i].count = (size_t)(rand() % (rand() % 16 ? 24 : 700)) + 1;
            held[i].pages = page_alloc_dirty(held[i].count, alignment);
            if (held[i].pages == NULL) {
                assert_true(alignment > PAGE_SIZE ||
                            model_longest() < held[i].count);
            } else {
                assert_int_equal(address(held[i].pages) % alignment, 0);
                model_set(&held[i], 0, (uint16_t)(i + 1));
                free_pages -= held[i].count;
            }
        }
        assert_true(page_valid());
        assert_int_equal(page_free_count(), free_pages);
        if (step % 64 == 0) {
            assert_int_equal(page_longest_run(), model_longest());
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(exhaustion_gives_null_and_all_comes_back,
                               empty_heap),
        cmocka_unit_test_setup(runs_of_whole_units, empty_heap),
        cmocka_unit_test_setup(huge_counts_do_not_wrap, empty_heap),
        cmocka_unit_test_setup(guest_memory_of_gibibytes_is_aligned,
                               empty_heap),
        cmocka_unit_test_setup(alloc_is_zeroed_and_dirty_is_junk_only_in_debug,
                               empty_heap),
        cmocka_unit_test_setup(page_zero_is_never_given, empty_heap),
        cmocka_unit_test_setup(misuse_is_caught, empty_heap),
        cmocka_unit_test_setup(random_requests_never_overlap, empty_heap),
    };

    return cmocka_run_group_tests(tests, map_arena, NULL);
}
