/* What the tests of tasks share: a processor whose time stands until it idles;
 * see the header. */
#include "test/unit/support/task_rig.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct task_rig rig;

uint64_t cpu_rdtsc(void)
{
    return rig.tsc;
}

void cpu_pause(void)
{
}

/* Early by half, as a counter's interrupt may be. */
void cpu_idle(void)
{
    uint64_t deadline = processor_here()->next_timer;

    rig.idles++;
    if (rig.interrupting != NULL) {
        event_signal(rig.interrupting);
        rig.interrupting = NULL;
        return;
    }
    assert_true(deadline > rig.tsc && deadline != UINT64_MAX);
    rig.tsc =
        deadline - rig.tsc < 4 ? deadline : rig.tsc + (deadline - rig.tsc) / 2;
}

void lapic_host_timer_arm_tsc(uint64_t deadline)
{
    (void)deadline;
}

void lapic_host_timer_disarm(void)
{
}

void lapic_host_eoi(void)
{
}

void idt_set_handler(uint8_t vector, idt_handler handler)
{
    (void)vector;
    (void)handler;
}

bool rtc_host_read(uint64_t *seconds)
{
    *seconds = 0;
    return true;
}

void lapic_host_send(uint32_t apic_id, uint8_t vector)
{
    (void)apic_id;
    (void)vector;
}

void paging_catch_up(void)
{
}

bool paging_guard(void *page)
{
    if (rig.guard_fails) {
        return false;
    }
    rig.guards++;
    return mprotect(page, PAGE_SIZE, PROT_NONE) == 0;
}

bool paging_unguard(void *page)
{
    rig.guards--;
    return mprotect(page, PAGE_SIZE, PROT_READ | PROT_WRITE) == 0;
}

void log_at(enum log_level level, const char *format, ...)
{
    size_t length = strlen(rig.log_text);
    va_list values;

    (void)level;
    va_start(values, format);
    vsnprintf(rig.log_text + length, sizeof(rig.log_text) - length, format,
              values);
    va_end(values);
    strncat(rig.log_text, "\n",
            sizeof(rig.log_text) - strlen(rig.log_text) - 1);
}

_Noreturn void panic(const char *format, ...)
{
    va_list values;

    if (rig.in_child) {
        _exit(PANICKED);
    }
    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    abort();
}

void rig_note(const char *text)
{
    strncat(rig.trace, text, sizeof(rig.trace) - strlen(rig.trace) - 1);
}

int rig_clean(void **state)
{
    (void)state;
    rig.trace[0] = '\0';
    rig.log_text[0] = '\0';
    rig.idles = 0;
    return 0;
}

int rig_start(void **state)
{
    uint8_t *arena =
        mmap(NULL, (ARENA_PAGES + 1) * PAGE_SIZE, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)state;
    assert_true(arena != MAP_FAILED);
    page_add_range((uint64_t)(uintptr_t)arena, ARENA_PAGES);
    time_init(1000000000);
    task_init();
    return 0;
}

int rig_all_gone(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        task_yield();
    }
    assert_false(task_work_pending());
    assert_int_equal(page_free_count(), ARENA_PAGES);
    assert_true(page_valid());
    assert_int_equal(rig.guards, 0);
    return 0;
}

void rig_waiter(void *argument)
{
    event_wait(argument);
    rig_note(task_name(task_current()));
}

void rig_timed_waiter(void *argument)
{
    rig_note(event_wait_until(argument, time_now() + 100) ? "event " : "late ");
}
