/* arch/vmx/ept.c: what is mapped is found by a walk of our own, in the largest
 * pages that fit; nothing else is; every page comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/page_source.h"
#include "arch/vmx/ept.h"
#include "arch/vmx/vmx_state.h"
#include "kernel/base/log.h"

#define KIB4 0x1000ULL
#define MIB2 0x200000ULL
#define GIB1 0x40000000ULL

struct vmx_machine vmx_machine;
static unsigned long budget;
static unsigned flushes;

void log_at(enum log_level level, const char *format, ...)
{
    (void)level;
    (void)format;
}

void vmx_flush_ept(uint64_t pointer)
{
    (void)pointer;
    flushes++;
}

static void *take(struct page_source *source)
{
    if (source->taken == budget) {
        return NULL;
    }
    source->taken++;
    void *page = aligned_alloc(4096, 4096);
    return memset(page, 0, 4096);
}

static void give(struct page_source *source, void *page)
{
    source->taken--;
    free(page);
}

static struct page_source pages = {.alloc = take, .free = give};

/* The entry that maps `gpa`, and its level (SDM 3C 29.3.2); 0: none. */
static uint64_t walk(uint64_t pointer, uint64_t gpa, unsigned *level)
{
    uint64_t table = pointer & ~0xfffULL;
    for (*level = 4; *level >= 1; --*level) {
        uint64_t entry = ((
            uint64_t *)(uintptr_t)table)[gpa >> (12 + 9 * (*level - 1)) & 511];
        if (!(entry & 7)) {
            return 0;
        }
        if (*level == 1 || (entry & 0x80)) {
            return entry;
        }
        assert_int_equal(entry & 0xff8, 0);
        table = entry & 0xffffffffff000;
    }
    return 0;
}

static uint64_t translate(struct ept *ept, uint64_t gpa)
{
    unsigned level;
    uint64_t entry = walk(ept_pointer(ept), gpa, &level);
    if (!entry) {
        return ~0ULL;
    }
    assert_int_equal(entry >> 3 & 7, 6); /* write-back */
    assert_int_equal(entry >> 6 & 1, 1); /* whatever the guest's PAT says */
    uint64_t size = 1ULL << (12 + 9 * (level - 1));
    assert_int_equal(entry & 0xffffffffff000 & (size - 1), 0);
    return (entry & 0xffffffffff000) + (gpa & (size - 1));
}

static void start(struct ept *ept)
{
    vmx_machine.ept_vpid = EPT_CAP_2M | EPT_CAP_1G | EPT_CAP_ACCESSED_DIRTY;
    budget = 1000;
    flushes = 0;
    assert_int_equal(pages.taken, 0);
    assert_true(ept_init(ept, &pages));
}

static void the_largest_pages_are_used(void **state)
{
    struct ept ept;
    unsigned level;

    (void)state;
    start(&ept);
    assert_true(ept_map(&ept, 0, 4 * GIB1, 3 * GIB1 + MIB2 + KIB4, EPT_RWX));
    walk(ept_pointer(&ept), GIB1, &level);
    assert_int_equal(level, 3);
    walk(ept_pointer(&ept), 3 * GIB1, &level);
    assert_int_equal(level, 2);
    walk(ept_pointer(&ept), 3 * GIB1 + MIB2, &level);
    assert_int_equal(level, 1);
    assert_int_equal(pages.taken, 4);
    assert_int_equal(translate(&ept, 2 * GIB1 + 12345), 6 * GIB1 + 12345);
    assert_int_equal(translate(&ept, 3 * GIB1 + MIB2 + 1), 7 * GIB1 + MIB2 + 1);
    assert_true(translate(&ept, 3 * GIB1 + MIB2 + KIB4) == ~0ULL);
    assert_int_equal(flushes, 0);
    assert_int_equal(ept_pointer(&ept) & 0xfff, 0x5e);
    ept_destroy(&ept);
    assert_int_equal(pages.taken, 0);
    assert_int_equal(flushes, 1);
}

static void addresses_that_disagree_take_small_pages(void **state)
{
    struct ept ept;
    unsigned level;

    (void)state;
    start(&ept);
    assert_true(ept_map(&ept, KIB4, 2 * KIB4, 2 * MIB2, EPT_READ));
    uint64_t entry = walk(ept_pointer(&ept), MIB2, &level);
    assert_int_equal(level, 1);
    assert_int_equal(entry & 7, EPT_READ);
    assert_int_equal(translate(&ept, MIB2), MIB2 + KIB4);
    assert_true(translate(&ept, 0) == ~0ULL);
    assert_true(translate(&ept, 2 * MIB2 + KIB4) == ~0ULL);
    ept_destroy(&ept);

    start(&ept);
    vmx_machine.ept_vpid = 0; /* 4 KiB pages only */
    assert_true(ept_map(&ept, 0, 0, GIB1 / 64, EPT_RWX));
    walk(ept_pointer(&ept), 0, &level);
    assert_int_equal(level, 1);
    ept_destroy(&ept);
}

static void mapping_over_a_large_page_splits_it(void **state)
{
    struct ept ept;
    unsigned level;

    (void)state;
    start(&ept);
    assert_true(ept_map(&ept, 0, 0, GIB1, EPT_RWX));
    assert_true(ept_map(&ept, 5 * KIB4, 8 * GIB1, KIB4, EPT_READ));
    assert_int_equal(flushes, 1);
    assert_int_equal(translate(&ept, 5 * KIB4), 8 * GIB1);
    for (uint64_t gpa = 0; gpa < GIB1; gpa += 37 * KIB4) {
        assert_int_equal(translate(&ept, gpa), gpa);
    }
    assert_int_equal(translate(&ept, 6 * KIB4), 6 * KIB4);
    walk(ept_pointer(&ept), 6 * KIB4, &level);
    assert_int_equal(level, 1);
    walk(ept_pointer(&ept), MIB2, &level);
    assert_int_equal(level, 2);
    /* And back to one. */
    assert_true(ept_map(&ept, 0, 0, GIB1, EPT_RWX));
    walk(ept_pointer(&ept), 5 * KIB4, &level);
    assert_int_equal(level, 3);
    assert_int_equal(pages.taken, 2);
    ept_destroy(&ept);
    assert_int_equal(pages.taken, 0);
}

static void running_out_of_pages_leaks_none(void **state)
{
    struct ept ept;

    (void)state;
    for (unsigned long limit = 1; limit < 5; limit++) {
        start(&ept);
        budget = limit;
        assert_false(ept_map(&ept, KIB4, KIB4, 3 * MIB2, EPT_RWX));
        ept_destroy(&ept);
        assert_int_equal(pages.taken, 0);
    }
    budget = 0;
    assert_false(ept_init(&ept, &pages));
    ept_destroy(&ept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_largest_pages_are_used),
        cmocka_unit_test(addresses_that_disagree_take_small_pages),
        cmocka_unit_test(mapping_over_a_large_page_splits_it),
        cmocka_unit_test(running_out_of_pages_leaks_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
