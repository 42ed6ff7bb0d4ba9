/* The run loop of a virtual processor; see the header. */
#include "vmm/vm/vcpu.h"

#include "arch/lapic_host.h"
#include "kernel/base/log.h"
#include "kernel/log_pace.h"
#include "vmm/vm/vm.h"
#include "vmm/vm/vm_device.h"
#include "vmm/vm/vm_report.h"

static void log_if_wanted(struct vcpu *vcpu)
{
    if (vcpu->log_wanted) {
        log_pace_wait();
        vcpu->log_wanted = false;
        vcpu_log(vcpu);
    }
}

static const char *unreachable_words(const struct vcpu *vcpu)
{
    return vcpu->vm->vcpu_count == 1
               ? "HLT with interrupts off: nothing can wake this processor "
                 "again"
               : "every processor is in HLT with interrupts off or waits for "
                 "a SIPI: nothing can wake one again";
}

/* Waits as the guest waits, in HLT or for a SIPI. Meanwhile other tasks run,
 * or the processor halts. */
static void wait_awake(struct vcpu *vcpu)
{
    while (vcpu->state != VCPU_RUNNING && !vcpu->vm->stopping) {
        if (vcpu_wakes(vcpu)) {
            if (vcpu->state == VCPU_HALTED) {
                vcpu->state = VCPU_RUNNING;
            }
            continue;
        }
        if (vcpu_unreachable(vcpu)) {
            vcpu_crash(vcpu, "%s", unreachable_words(vcpu));
            return;
        }
        timer_cancel(&vcpu->slice);
        event_wait(&vcpu->wake);
        log_if_wanted(vcpu);
    }
}

/* Does nothing: the timer's interrupt is enough, since it makes the guest
 * exit. */
static void slice_over(void *argument)
{
    (void)argument;
}

/* Moves the vCPU's task. Its guest's state leaves the old processor first. */
static void move_to(struct vcpu *vcpu, unsigned processor)
{
    timer_cancel(&vcpu->slice);
    guest_leave(vcpu->guest);
    task_move(processor);
}

/* Makes the guest exit at the end of its turn, if other tasks wait. */
static void limit_run(struct vcpu *vcpu)
{
    uint64_t end = task_run_end();

    if (task_work_pending() &&
        (!vcpu->slice.armed || vcpu->slice.deadline != end)) {
        timer_arm(&vcpu->slice, end);
    }
}

/* Finds a processor without work; at the beginning of a turn, also one with
 * less work. False: there is none. */
static bool better_place(struct vcpu *vcpu, unsigned *processor)
{
    if (!spinlock_needed || !pinning_may_move(&vcpu->vm->pinning)) {
        return false;
    }
    if (task_find_idle(processor)) {
        return true;
    }
    if (vcpu->turn_end == task_turn_end()) {
        return false;
    }
    vcpu->turn_end = task_turn_end();
    return task_find_lighter(processor);
}

/* Lets every waiting task run once. If work remains, moves the vCPU to a
 * processor where it has more time. If there is none, or the entry pins the
 * vCPU, limits the next run to the rest of its turn. */
static void let_others_run(struct vcpu *vcpu)
{
    unsigned processor = 0;

    /* The timer would interrupt the tasks that run meanwhile. */
    timer_cancel(&vcpu->slice);
    task_yield();
    if (task_work_pending() && better_place(vcpu, &processor)) {
        move_to(vcpu, processor);
    }
    limit_run(vcpu);
}

/* Work that is rarely needed between an exit and the next entry. It may wait or
 * move, so the caller then lets others run, which limits the next run anew. */
static void do_errands(struct vcpu *vcpu)
{
    vcpu->errands = vcpu->roams;
    timer_cancel(&vcpu->slice);
    if (vcpu->vm->reported) {
        vm_report_pace(vcpu->vm);
    }
    log_if_wanted(vcpu);
    if (vcpu->settling != NULL) {
        vm_device_settle(vcpu->vm, vcpu->settling);
        vcpu->settling = NULL;
    }
    if (vcpu->roams) {
        move_to(vcpu,
                pinning_next(&vcpu->vm->pinning, task_processor(vcpu->task)));
    }
}

/* Runs the guest. Host interrupts are off from vcpu_deliver() on, so a
 * wake-up that comes after it ends the run at once. False: other tasks want
 * the processor first. */
static bool run_guest(struct vcpu *vcpu)
{
    if (!spinlock_needed) {
        /* no other task of the machine runs on this processor meanwhile */
        guest_run(vcpu->guest, &vcpu->exit);
        return true;
    }
    vcpu->outside = true;
    /* With the timer armed, the tasks that wait have had their turn. */
    if (!task_outside_begin(vcpu->slice.armed)) {
        vcpu->outside = false;
        return false;
    }
    guest_run(vcpu->guest, &vcpu->exit);
    task_outside_end();
    vcpu->outside = false;
    return true;
}

void vcpu_main(void *argument)
{
    struct vcpu *vcpu = argument;
    struct vm *vm = vcpu->vm;

    vcpu->task = task_current();
    vcpu->slice.fire = slice_over;
    vcpu->errands = vcpu->roams = vm->config->pin_roam;
    task_take_turns();
    while (!vm->stopping) {
        if (vcpu->state != VCPU_RUNNING) {
            wait_awake(vcpu);
            limit_run(vcpu);
            continue;
        }
        if (lapic_has_work(&vcpu->lapic)) {
            vcpu_deliver(vcpu);
            if (vcpu->state != VCPU_RUNNING) {
                continue;
            }
        } else {
            guest_want_interrupt_window(vcpu->guest, false);
        }
        if (run_guest(vcpu)) {
            exits_handle(vcpu, &vcpu->exit);
        }
        if (vcpu->errands) {
            do_errands(vcpu);
        }
        if (task_work_pending()) {
            let_others_run(vcpu);
        }
    }
    log_if_wanted(vcpu);
    guest_leave(vcpu->guest);
    vcpu->task = NULL;
    vm_task_done(vm);
}

void vcpu_exception(struct vcpu *vcpu, uint8_t vector, uint32_t error_code)
{
    if (!guest_inject_exception(vcpu->guest, vector, error_code)) {
        vcpu_crash(vcpu, "triple fault");
    }
}

bool vcpu_post(struct vcpu *vcpu, uint8_t vector)
{
    if (!vcpu->outside || !guest_apic_takes_posts(vcpu->guest)) {
        return false;
    }
    if (guest_apic_post(vcpu->guest, vector)) {
        task_notify(vcpu->task, LAPIC_HOST_VECTOR_POSTED);
    }
    return true;
}

void vcpu_wake(struct vcpu *vcpu)
{
    event_signal(&vcpu->wake);
    if (vcpu->outside) {
        task_interrupt(vcpu->task);
    }
}
