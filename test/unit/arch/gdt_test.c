/* arch/gdt.c: what stands in the tables that gdt_load.asm loads, and when. */
#include "arch/gdt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch/cpu.h"
#include "arch/paging.h"
#include "arch/processor.h"
#include "arch/processor_setup.h"
#include "arch/regs.h"

struct processor processor_boot;

static bool shadow_stack; /* the firmware's, as CR4.CET says */
static struct descriptor_table loaded;
static struct processor *set;
static unsigned guards;

void gdt_load(const struct descriptor_table *table);

/* Its far return would compare CS with a shadow stack (SDM 1 17.2). */
void gdt_load(const struct descriptor_table *table)
{
    assert_false(shadow_stack);
    assert_null(set);
    loaded = *table;
}

void processor_setup_cet(void)
{
    shadow_stack = false;
}

void processor_set_here(struct processor *processor)
{
    set = processor;
}

bool paging_guard(void *page)
{
    assert_int_equal((uintptr_t)page % PAGE_SIZE, 0);
    guards++;
    return true;
}

static int begin(void **state)
{
    (void)state;
    shadow_stack = true;
    set = NULL;
    guards = 0;
    return 0;
}

static void shadow_stacks_end_before_the_far_return(void **state)
{
    (void)state;
    gdt_init();
    assert_ptr_equal(set, &processor_boot);
    assert_false(shadow_stack);
}

/* SDM 3A figure 8-4: the base and the limit of a TSS; figure 8-11: its stacks.
 */
static void the_task_state_has_three_stacks(void **state)
{
    const uint64_t *entries;
    const uint32_t *tss;
    uint64_t low, high, last = 0;

    (void)state;
    gdt_init();
    assert_int_equal(loaded.limit, GDT_TSS + 15);
    entries = (const uint64_t *)(uintptr_t)loaded.base;
    assert_int_equal(entries[0], 0);
    assert_int_equal(entries[GDT_CODE / 8], DESCRIPTOR_CODE_64);
    assert_int_equal(entries[GDT_DATA / 8], DESCRIPTOR_DATA);
    low = entries[GDT_TSS / 8];
    high = entries[GDT_TSS / 8 + 1];
    assert_int_equal(bits(low, 15, 0), 103);
    assert_int_equal(bits(low, 47, 40), 0x89);
    tss = (const uint32_t *)(uintptr_t)(bits(low, 39, 16) |
                                        bits(low, 63, 56) << 24 | high << 32);
    for (unsigned ist = 1; ist < GDT_IST_END; ist++) {
        uint64_t top = tss[7 + 2 * ist] | (uint64_t)tss[8 + 2 * ist] << 32;

        assert_int_equal(top % PAGE_SIZE, 0);
        assert_true(top > last);
        last = top;
    }
    assert_true(last <= loaded.base);
    gdt_guard_stacks();
    assert_int_equal(guards, GDT_IST_END - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(shadow_stacks_end_before_the_far_return, begin),
        cmocka_unit_test_setup(the_task_state_has_three_stacks, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
