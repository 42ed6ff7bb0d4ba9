/* The life of a VM between vm_create() and vm_destroy(): its tasks, its
 * console, its end. */
#include "arch/processor.h"
#include "kernel/base/format.h"
#include "kernel/base/log.h"
#include "kernel/log_pace.h"
#include "kernel/page.h"
#include "vmm/report/code_place.h"
#include "vmm/vm/vm.h"

const char *vm_end_name(enum vm_end end)
{
    static const char *const names[] = {
        [VM_END_POWER_OFF] = "powered off",
        [VM_END_RESET] = "reset",
        [VM_END_CRASH] = "crashed",
        [VM_END_TIMEOUT] = "timed out",
        [VM_END_USER] = "ended by the user",
        [VM_END_DEBUG_EXIT] = "ended by isa-debug-exit",
        [VM_END_LINTEL] = "ended by Lintel",
    };

    return names[end];
}

static bool start_on(struct vm *vm, unsigned processor, const char *name,
                     task_entry entry, void *argument)
{
    if (task_create_on(processor, name, entry, argument) == NULL) {
        return false;
    }
    vm->tasks++;
    return true;
}

bool vm_task_start(struct vm *vm, const char *name, task_entry entry,
                   void *argument)
{
    return start_on(vm, pinning_service(&vm->pinning, vm->services++), name,
                    entry, argument);
}

void vm_task_done(struct vm *vm)
{
    vm->tasks--;
    event_signal(&vm->task_left);
}

void vm_stop(struct vm *vm, enum vm_end end)
{
    if (vm->stopping) {
        return;
    }
    vm->stopping = true;
    vm->end = end;
    log_pace_close(vm->domain);
    for (unsigned i = 0; i < vm->vcpu_count; i++) {
        vcpu_wake(vm->vcpus[i]);
    }
    vm_device_stop(vm);
    event_signal(console_event(&vm->console));
    screen_show_stop(vm);
    event_signal(&vm->task_left);
}

/* ---- console ---- */

void vm_serial_output(struct vm *vm, uint8_t byte)
{
    console_write(&vm->console, &byte, 1);
}

/* Gives input to the 16550. True: it has taken all of it. */
static bool console_to_uart(struct vm *vm)
{
    uint8_t byte = 0;

    while (uart_can_receive(&vm->uart) &&
           console_read(&vm->console, &byte, 1) == 1) {
        uart_receive(&vm->uart, byte);
    }
    return uart_can_receive(&vm->uart);
}

/* Input that a full 16550 did not take is offered again after this time. */
#define UART_RETRY (10 * TIME_MS)

/* Does what the Ctrl-A keys ask, in a task of the machine's own. */
static void obey(struct vm *vm)
{
    unsigned requests = console_requests(&vm->console);

    if (requests & CONSOLE_STATE) {
        vm_log_state(vm);
    }
    if (requests & CONSOLE_VIEW) {
        screen_show_switch(vm);
    }
    if (requests & CONSOLE_QUIT) {
        vm_stop(vm, VM_END_USER);
    }
}

static void console_task(void *argument)
{
    struct vm *vm = argument;
    struct event *event = console_event(&vm->console);

    while (!vm->stopping) {
        obey(vm);
        /* Input goes to the virtio console once its driver is up, before
         * that to the 16550. */
        if (vm_device_console_input(vm) || console_to_uart(vm)) {
            event_wait(event);
        } else {
            event_wait_until(event, time_now() + UART_RETRY);
        }
    }
    vm_task_done(vm);
}

/* ---- running ---- */

/* Seconds after which a guest that says nothing of `timeout` is ended, where no
 * key can end it. */
#define TIMEOUT_WITHOUT_KEYS 600U

/* A timer cannot wait for the log, so vm_run() logs the state. */
static void timed_out(void *argument)
{
    struct vm *vm = argument;

    if (vm->stopping) {
        return;
    }
    log_error("time-out: the guest ran for %u s without an end",
              (unsigned)vm->timeout_seconds);
    vm_stop(vm, VM_END_TIMEOUT);
}

/* Arms the timer that ends the machine, if it has one. */
static void arm_timeout(struct vm *vm)
{
    vm->timeout_seconds = vm->config->timeout;
    if (vm->timeout_seconds == 0 && !console_has_keys()) {
        vm->timeout_seconds = TIMEOUT_WITHOUT_KEYS;
        log_warn("no serial port and no keyboard: the guest is ended after "
                 "%u s; the entry's key `timeout` changes that",
                 TIMEOUT_WITHOUT_KEYS);
    }
    if (vm->timeout_seconds != 0) {
        vm->timeout.fire = timed_out;
        vm->timeout.argument = vm;
        timer_arm(&vm->timeout,
                  vm->started + vm->timeout_seconds * TIME_SECOND);
    }
}

static bool start_tasks(struct vm *vm)
{
    bool good = vm_device_start(vm) &&
                vm_task_start(vm, "console", console_task, vm) &&
                screen_show_start(vm);

    for (unsigned i = 0; good && i < vm->vcpu_count; i++) {
        char name[24];

        format_sn(name, sizeof(name), "%s vcpu%u", vm->config->id, i);
        good = start_on(vm, pinning_vcpu(&vm->pinning, i), name, vcpu_main,
                        vm->vcpus[i]);
    }
    return good;
}

/* Logs the memory that the VM takes beside what its guest sees: stacks,
 * VMCSs, tables. */
static void log_memory(const struct vm *vm)
{
    size_t pages = vm->pages_built + vm->tasks * task_memory();
    size_t seen = (size_t)(vm->config->memory / PAGE_SIZE);

    for (unsigned i = 0; i < vm->device_count; i++) {
        seen += vm->devices[i].guest_pages;
    }
    log_debug("own memory: %llu KiB in %u tasks, %u processors and tables",
              (unsigned long long)(pages - seen) * (PAGE_SIZE >> 10), vm->tasks,
              vm->vcpu_count);
}

enum vm_end vm_run(struct vm *vm)
{
    struct domain *before = NULL;

    vm->started = time_now();
    console_attach(&vm->console, vm->config->id);
    before = task_join(vm->domain);
    arm_timeout(vm);
    if (!start_tasks(vm)) {
        log_error("not enough memory for the tasks of %s", vm->config->id);
        vm_stop(vm, VM_END_LINTEL);
    }
    log_memory(vm);
    while (!vm->stopping || vm->tasks > 0) {
        event_wait(&vm->task_left);
    }
    if (vm->end == VM_END_TIMEOUT) {
        vm_log_state(vm);
    }
    task_join(before);
    console_detach(&vm->console);
    return vm->end;
}

/* Called in the vCPU's own task, or while its guest is in no processor.
 * Otherwise its registers could not be read here. */
void vcpu_log(struct vcpu *vcpu)
{
    static const char *const states[] = {
        [VCPU_RUNNING] = "running",
        [VCPU_HALTED] = "halted",
        [VCPU_WAIT_SIPI] = "waits for SIPI",
    };
    char address[CODE_PLACE_ADDRESS];
    char code[CODE_PLACE_BYTES];
    struct code_place place;

    vcpu_code_place(vcpu, &place);
    code_place_format_address(address, sizeof(address), &place);
    code_place_format_code(code, sizeof(code), &place);
    log_info("  vcpu%u: %s%s at %s, last exit %s", vcpu->index,
             states[vcpu->state],
             vcpu->state == VCPU_HALTED && vcpu->halted_without_interrupts
                 ? " with interrupts off"
                 : "",
             address, exit_reason_name(vcpu->exit.reason));
    log_info("    code: %s", code);
    for (unsigned i = 0; i < EXIT_REASON_COUNT; i++) {
        if (vcpu->exits[i] > 0) {
            log_info("    %s: %llu", exit_reason_name((enum exit_reason)i),
                     (unsigned long long)vcpu->exits[i]);
        }
    }
}

/* Logs a vCPU. If it is on another processor, or moves to one, its own task
 * does it as soon as it can. A vCPU that has not begun yet may begin on
 * another processor, and its registers are not in this one. */
static void log_vcpu(struct vcpu *vcpu)
{
    if (vcpu->task == NULL) {
        vcpu_log(vcpu);
        guest_leave(vcpu->guest);
    } else if (task_processor(vcpu->task) != processor_here()->index) {
        vcpu->log_wanted = true;
        vcpu->errands = true;
        vcpu_wake(vcpu);
    } else {
        vcpu_log(vcpu);
    }
}

void vm_log_state(struct vm *vm)
{
    log_info("%s: up %llu ms", vm->config->id,
             (unsigned long long)((time_now() - vm->started) / TIME_MS));
    for (unsigned i = 0; i < vm->vcpu_count; i++) {
        log_pace_wait();
        log_vcpu(vm->vcpus[i]);
    }
    vm_device_log(vm);
}
