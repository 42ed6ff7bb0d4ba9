/* The end for our own bugs, see kernel/base/panic.h. Called by CHECK() in every
 * room and by arch/idt.c, which has logged the registers of an exception
 * before.
 *
 * Everything that is shown may itself be what is broken, so each step is
 * counted: a panic inside a panic goes on with the next step, and after a few
 * the machine just halts. */
#include "kernel/base/panic.h"

#include <stdarg.h>

#include "arch/backtrace.h"
#include "arch/cpu.h"
#include "arch/machine.h"
#include "arch/processor.h"
#include "arch/spinlock.h"
#include "kernel/base/format.h"
#include "kernel/base/log.h"
#include "kernel/base/panic_env.h"

static unsigned step;

/* Those of steps[] before the first line. */
#define QUIET_STEPS 3U

static void show_backtrace(void)
{
    backtrace_log_here();
}

static void end(void)
{
    log_raw("lintel: exit 4 panic");
    log_flush();
    processor_leave_guests();
    machine_power_off();
}

/* The others stop where they are, with the locks they hold; one that panics
 * while another does stops here. */
static void stop_others(void)
{
    processor_stop_others();
    spinlock_broken = true;
}

static void (*const steps[])(void) = {
    stop_others,
    panic_env_stop_queueing,
    panic_env_seize_screen,
    panic_env_log_task,
    show_backtrace,
    panic_env_log_tasks,
    end,
};

_Noreturn void panic(const char *format, ...)
{
    char text[300];
    va_list values;

    cpu_cli();
    va_start(values, format);
    format_vsn(text, sizeof(text), format, values);
    va_end(values);
    while (step < QUIET_STEPS) {
        steps[step++]();
    }
    log_error("panic: %s", text);
    while (step < sizeof(steps) / sizeof(steps[0])) {
        steps[step++]();
    }
    machine_halt();
}
