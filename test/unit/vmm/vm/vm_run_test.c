/* What Ctrl-A s and a time-out log (vmm/vm/vm_run.c): each virtual processor's
 * registers are read where its guest is, and reading leaves no guest in a
 * processor that its task does not run on. */
#include "vmm/vm/vm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernel/base/log.h"
#include "kernel/log_pace.h"
#include "vmm/report/code_place.h"

struct guest {
    bool here; /* this processor holds it */
};

struct task {
    unsigned processor;
};

static struct config_entry config = {.id = "one"};
static struct vm vm;
static struct guest guest;
static struct vcpu vcpu;
static struct task own = {.processor = 0};
static struct task elsewhere = {.processor = 1};
static struct task *current = &own;
static unsigned logged; /* places of guests */
static unsigned wakes;
static unsigned errors;
static unsigned warnings;
static bool closed; /* the machine's log has no budget any more */
static enum log_level level = LOG_DEBUG;

void vcpu_code_place(struct vcpu *which, struct code_place *place)
{
    *place = (struct code_place){0};
    assert_ptr_equal(which, &vcpu);
    which->guest->here = true;
    logged++;
}

void guest_leave(struct guest *which)
{
    which->here = false;
}

void vcpu_wake(struct vcpu *which)
{
    (void)which;
    wakes++;
}

void vcpu_main(void *argument)
{
    (void)argument;
}

const char *exit_reason_name(enum exit_reason reason)
{
    (void)reason;
    return "";
}

struct task *task_current(void)
{
    return current;
}

unsigned task_processor(const struct task *task)
{
    return task->processor;
}

void log_at(enum log_level at, const char *format, ...)
{
    (void)format;
    errors += at == LOG_ERROR ? 1 : 0;
    warnings += at == LOG_WARN ? 1 : 0;
}

void log_pace_close(struct domain *domain)
{
    (void)domain;
    closed = true;
}

void log_pace_wait(void)
{
}

enum log_level log_get_level(void)
{
    return level;
}

/* ---- what a machine that runs needs, and no test here ---- */

struct task *task_create_on(unsigned processor, const char *name,
                            task_entry entry, void *argument)
{
    (void)processor;
    (void)name;
    (void)entry;
    (void)argument;
    return &own;
}

struct domain *task_join(struct domain *domain)
{
    return domain;
}

/* The machine's time passes while vm_run() waits for its tasks. */
static void (*while_waiting)(void);

void event_wait(struct event *event)
{
    (void)event;
    assert_non_null(while_waiting);
    while_waiting();
}

bool event_wait_until(struct event *event, uint64_t deadline)
{
    (void)deadline;
    event_wait(event);
    return true;
}

void event_signal(struct event *event)
{
    (void)event;
}

uint64_t time_now(void)
{
    return 0;
}

void timer_arm(struct timer *timer, uint64_t deadline)
{
    timer->armed = true;
    timer->deadline = deadline;
}

void timer_cancel(struct timer *timer)
{
    timer->armed = false;
}

size_t task_memory(void)
{
    return 0;
}

unsigned pinning_vcpu(const struct pinning *pinning, unsigned index)
{
    (void)pinning;
    return index;
}

unsigned pinning_service(const struct pinning *pinning, unsigned index)
{
    (void)pinning;
    return index;
}

void console_attach(struct console *console, const char *name)
{
    (void)console;
    (void)name;
}

static bool has_keys;

bool console_has_keys(void)
{
    return has_keys;
}

void console_detach(struct console *console)
{
    (void)console;
}

void console_write(struct console *console, const void *bytes, size_t length)
{
    (void)console;
    (void)bytes;
    (void)length;
}

size_t console_read(struct console *console, void *buffer, size_t length)
{
    (void)console;
    (void)buffer;
    (void)length;
    return 0;
}

unsigned console_requests(struct console *console)
{
    (void)console;
    return 0;
}

struct event *console_event(struct console *console)
{
    return &console->input;
}

bool uart_can_receive(const struct uart *uart)
{
    (void)uart;
    return true;
}

bool uart_receive(struct uart *uart, uint8_t byte)
{
    (void)uart;
    (void)byte;
    return true;
}

bool vm_device_start(struct vm *which)
{
    (void)which;
    return true;
}

void vm_device_stop(struct vm *which)
{
    (void)which;
}

bool screen_show_start(struct vm *which)
{
    (void)which;
    return true;
}

void screen_show_switch(struct vm *which)
{
    (void)which;
}

void screen_show_stop(struct vm *which)
{
    (void)which;
}

void vm_device_log(struct vm *which)
{
    (void)which;
}

bool vm_device_console_input(struct vm *which)
{
    (void)which;
    return false;
}

/* ---- tests ---- */

static int begin(void **state)
{
    (void)state;
    guest = (struct guest){0};
    vcpu = (struct vcpu){.vm = &vm, .guest = &guest};
    vm = (struct vm){.config = &config, .vcpu_count = 1, .vcpus = {&vcpu}};
    config.timeout = 0;
    has_keys = true;
    logged = wakes = errors = warnings = 0;
    closed = false;
    return 0;
}

static void one_whose_task_is_here_is_read_where_it_is(void **state)
{
    (void)state;
    guest.here = true;
    vcpu.task = &own;
    vm_log_state(&vm);
    assert_int_equal(logged, 1);
    assert_true(guest.here);
}

static void one_that_runs_elsewhere_logs_itself(void **state)
{
    (void)state;
    vcpu.task = &elsewhere;
    vm_log_state(&vm);
    assert_int_equal(logged, 0);
    assert_true(vcpu.log_wanted && vcpu.errands);
    assert_int_equal(wakes, 1);
}

/* A timer fires while the vCPU's task leaves: that is the current one still,
 * and where it goes to the guest is to be in no other processor. */
static void one_on_its_way_logs_itself(void **state)
{
    (void)state;
    vcpu.task = current = &elsewhere;
    vm_log_state(&vm);
    current = &own;
    assert_int_equal(logged, 0);
    assert_true(vcpu.log_wanted && vcpu.errands);
}

/* Its task may be about to begin, on another processor. */
static void one_that_has_not_begun_stays_in_no_processor(void **state)
{
    (void)state;
    vm_log_state(&vm);
    assert_int_equal(logged, 1);
    assert_false(guest.here);
}

static void ends_then_time_is_up(void)
{
    vm_stop(&vm, VM_END_POWER_OFF);
    vm.tasks = 0;
    if (vm.timeout.armed) {
        vm.timeout.fire(vm.timeout.argument);
    }
}

/* The timer stands until the machine is destroyed, behind its last report. */
static void no_time_out_is_told_of_a_machine_that_has_ended(void **state)
{
    (void)state;
    config.timeout = 5;
    while_waiting = ends_then_time_is_up;
    assert_int_equal(vm_run(&vm), VM_END_POWER_OFF);
    assert_true(vm.timeout.armed);
    assert_int_equal(errors, 0);
    assert_int_equal(logged, 0);
}

/* A timer cannot wait for room in the log, so it logs one line, and no state.
 */
static void time_is_up(void)
{
    vm.timeout.fire(vm.timeout.argument);
    assert_int_equal(errors, 1);
    assert_int_equal(logged, 0);
    assert_true(closed);
    vm.tasks = 0;
}

static void a_time_out_ends_the_machine(void **state)
{
    (void)state;
    config.timeout = 5;
    while_waiting = time_is_up;
    assert_int_equal(vm_run(&vm), VM_END_TIMEOUT);
    assert_int_equal(errors, 1);
    assert_int_equal(logged, 1);
}

static void powers_off(void)
{
    vm_stop(&vm, VM_END_POWER_OFF);
    vm.tasks = 0;
}

static void with_keys_a_machine_may_run_for_ever(void **state)
{
    (void)state;
    while_waiting = powers_off;
    assert_int_equal(vm_run(&vm), VM_END_POWER_OFF);
    assert_false(vm.timeout.armed);
    assert_int_equal(warnings, 0);
}

static void without_keys_a_machine_is_ended_after_ten_minutes(void **state)
{
    (void)state;
    has_keys = false;
    while_waiting = time_is_up;
    assert_int_equal(vm_run(&vm), VM_END_TIMEOUT);
    assert_int_equal(vm.timeout.deadline, 600 * TIME_SECOND);
    assert_int_equal(warnings, 1);
    assert_int_equal(errors, 1);
}

static void without_keys_an_entry_may_name_its_own_time(void **state)
{
    (void)state;
    has_keys = false;
    config.timeout = 5;
    while_waiting = powers_off;
    assert_int_equal(vm_run(&vm), VM_END_POWER_OFF);
    assert_int_equal(vm.timeout.deadline, 5 * TIME_SECOND);
    assert_int_equal(warnings, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(one_whose_task_is_here_is_read_where_it_is,
                               begin),
        cmocka_unit_test_setup(one_that_runs_elsewhere_logs_itself, begin),
        cmocka_unit_test_setup(one_on_its_way_logs_itself, begin),
        cmocka_unit_test_setup(one_that_has_not_begun_stays_in_no_processor,
                               begin),
        cmocka_unit_test_setup(no_time_out_is_told_of_a_machine_that_has_ended,
                               begin),
        cmocka_unit_test_setup(a_time_out_ends_the_machine, begin),
        cmocka_unit_test_setup(with_keys_a_machine_may_run_for_ever, begin),
        cmocka_unit_test_setup(
            without_keys_a_machine_is_ended_after_ten_minutes, begin),
        cmocka_unit_test_setup(without_keys_an_entry_may_name_its_own_time,
                               begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
