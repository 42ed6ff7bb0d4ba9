/* What the tests of tasks share: a processor whose time stands until it idles,
 * memory to make tasks of, and a trace of who ran. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/cpu.h"
#include "arch/idt.h"
#include "arch/lapic_host.h"
#include "arch/paging.h"
#include "arch/task_switch.h"
#include "kernel/base/log.h"
#include "kernel/base/panic.h"
#include "kernel/domain.h"
#include "kernel/page.h"
#include "kernel/rtc_host.h"
#include "kernel/task.h"
#include "kernel/time.h"

#define ARENA_PAGES 2048
#define PANICKED    99 /* a child's exit status */

struct task_rig {
    uint64_t tsc;
    unsigned idles;
    unsigned guards;
    bool guard_fails;
    char log_text[8192];
    char trace[256];
    bool in_child;
    struct event *interrupting; /* signalled by the next interrupt */
};

extern struct task_rig rig;

/* Before the first test: memory. Before each: an empty trace. After each: lets
 * all others run until they exit; every page must be back then. */
int rig_start(void **state);
int rig_clean(void **state);
int rig_all_gone(void **state);

/* Appends to the trace. */
void rig_note(const char *text);

/* Tasks that wait for an event: for ever, and note their name; or for 100 ns,
 * and note which came. */
void rig_waiter(void *argument);
void rig_timed_waiter(void *argument);
