/* kernel/processors.c: who is started, who is left out and what the log says of
 * it, over processors that start as the test wants. */
#include "arch/vmx/vmx.h"
#include "kernel/processors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/boot.h"
#include "arch/gdt.h"
#include "arch/lapic_host.h"
#include "arch/page_source.h"
#include "arch/processor.h"
#include "arch/processor_start.h"
#include "kernel/base/log.h"
#include "kernel/page.h"
#include "kernel/task.h"
#include "kernel/time.h"

static struct boot_info info;
static char said[2048];
static unsigned running; /* processors, with the first */
static unsigned queues;  /* prepared and not taken away */
static bool sharing;
static bool no_low_memory;
static bool no_memory;
static const char *refusals[128]; /* by APIC id */

void log_at(enum log_level level, const char *format, ...)
{
    size_t length = strlen(said);
    va_list values;

    (void)level;
    va_start(values, format);
    vsnprintf(said + length, sizeof(said) - length, format, values);
    va_end(values);
    strncat(said, "\n", sizeof(said) - strlen(said) - 1);
}

/* What one of them gets; it lives on, or is of no use. */
void *page_alloc(size_t count, uint64_t alignment)
{
    static _Alignas(4096) uint8_t memory[(GDT_PAGES + 1) * PAGE_SIZE];

    assert_true(alignment == PAGE_SIZE && count * PAGE_SIZE <= sizeof(memory));
    return no_memory ? NULL : memset(memory, 0, sizeof(memory));
}

bool gdt_prepare(void *pages)
{
    (void)pages;
    return true;
}

bool lapic_host_reaches(uint32_t apic_id)
{
    return apic_id < 0xff;
}

bool processor_start_prepare(uint64_t low_page, struct page_source *pages)
{
    (void)pages;
    assert_int_equal(low_page, 0x9e000);
    return !no_low_memory;
}

const char *processor_start(const struct processor_start *start,
                            uint64_t tsc_hz)
{
    (void)tsc_hz;
    assert_true(sharing);
    assert_int_equal(start->processor->index, running);
    assert_ptr_equal(start->enable, vmx_enable);
    assert_int_equal(start->stack, 0x5000);
    if (refusals[start->processor->apic_id] == NULL) {
        running++;
    }
    return refusals[start->processor->apic_id];
}

const char *vmx_enable(struct page_source *pages)
{
    (void)pages;
    return NULL;
}

void processor_start_done(void)
{
}

unsigned processor_count(void)
{
    return running;
}

uint64_t time_tsc_hz(void)
{
    return 1000000;
}

void task_begin_sharing(void)
{
    sharing = true;
}

void task_end_sharing(void)
{
    sharing = false;
}

uint64_t task_prepare(unsigned processor, uint32_t apic_id)
{
    (void)apic_id;
    assert_int_equal(processor, queues);
    queues++;
    return 0x5000;
}

void task_unprepare(unsigned processor)
{
    queues--;
    assert_int_equal(processor, queues);
}

_Noreturn void task_run_here(void)
{
    abort();
}

static int begin(void **state)
{
    (void)state;
    info = (struct boot_info){.low_page = 0x9e000};
    info.processors[0] = (struct boot_processor){.enabled = true, .bsp = true};
    info.processor_count = 1;
    memset(refusals, 0, sizeof(refusals));
    said[0] = '\0';
    running = queues = 1;
    sharing = no_low_memory = no_memory = false;
    return 0;
}

static void add(uint32_t apic_id, bool enabled)
{
    info.processors[info.processor_count++] =
        (struct boot_processor){.apic_id = apic_id, .enabled = enabled};
}

static void one_processor_shares_nothing(void **state)
{
    (void)state;
    processors_start(&info, NULL);
    assert_false(sharing);
    assert_string_equal(said, "");
}

static void all_are_started(void **state)
{
    (void)state;
    add(2, true);
    add(4, true);
    processors_start(&info, NULL);
    assert_true(sharing);
    assert_int_equal(queues, 3);
    assert_string_equal(said, "3 processors in use\n");
    assert_int_equal(processors_count(), 3);
}

/* The next one gets its index. */
static void those_that_fail_are_left_out(void **state)
{
    (void)state;
    add(1, true);
    add(2, false);
    add(3, true);
    add(300, true);
    refusals[1] = "it does not start";
    processors_start(&info, NULL);
    assert_int_equal(queues, 2);
    assert_non_null(strstr(said, "APIC id 1 is left out: it does not start\n"));
    assert_non_null(
        strstr(said, "APIC id 2 is left out: the firmware has disabled it\n"));
    assert_non_null(strstr(said, "APIC id 300 is left out: its APIC id is"));
    assert_non_null(strstr(said, "2 processors in use\n"));
}

/* More than there is room for, some of them disabled: one line for all. */
static void those_beyond_the_most_are_counted(void **state)
{
    (void)state;
    for (uint32_t id = 1; id < 100; id++) {
        add(id, id != 80);
    }
    processors_start(&info, NULL);
    assert_int_equal(running, PROCESSORS_MAX);
    assert_string_equal(said,
                        "35 more processors are left out: Lintel uses 64 at "
                        "most\n64 processors in use\n");
}

static void where_all_fail_one_goes_on_alone(void **state)
{
    (void)state;
    add(1, true);
    refusals[1] = "it hangs while it starts";
    processors_start(&info, NULL);
    assert_false(sharing);
    assert_non_null(strstr(said, "1 processor in use\n"));
}

static void without_memory_none_is_started(void **state)
{
    (void)state;
    add(1, true);
    no_low_memory = true;
    processors_start(&info, NULL);
    assert_non_null(strstr(said, "no memory below 1 MiB"));
    no_low_memory = false;
    no_memory = true;
    processors_start(&info, NULL);
    assert_non_null(strstr(said, "APIC id 1 is left out: not enough memory"));
    assert_int_equal(running, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(one_processor_shares_nothing, begin),
        cmocka_unit_test_setup(all_are_started, begin),
        cmocka_unit_test_setup(those_that_fail_are_left_out, begin),
        cmocka_unit_test_setup(those_beyond_the_most_are_counted, begin),
        cmocka_unit_test_setup(where_all_fail_one_goes_on_alone, begin),
        cmocka_unit_test_setup(without_memory_none_is_started, begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
