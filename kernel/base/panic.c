/* Ends Lintel because of a bug of its own, see kernel/base/panic.h. Called by
 * CHECK() in every room and by arch/idt.c, which logs the registers of an
 * exception first.
 *
 * The bug may have broken the very code that reports it. So panic() works in
 * steps and counts them: a panic inside a step goes on with the next step.
 * After the last step the processor halts. */
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

/* The index in steps[] of the next step. */
static unsigned step;

/* How many steps come before panic() logs its message. */
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

/* Stops the other processors where they are, with the locks they hold. From
 * here on nothing waits for a lock. Of several processors that panic at once,
 * the first continues and the others stop here. */
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
