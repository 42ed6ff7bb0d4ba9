/* A virtual processor over a processor that plays a script; see the header. */
#include "test/unit/support/vcpu_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/lapic_host.h"
#include "arch/regs.h"
#include "kernel/base/log.h"
#include "kernel/base/panic.h"
#include "kernel/log_pace.h"
#include "vmm/vm/vm_report.h"

struct vcpu_rig rig = {.vcpu = &rig.first};

/* ---- the processor ---- */

void guest_run(struct guest *which, struct exit *exit)
{
    memset(exit, 0, sizeof(*exit));
    exit->length = HLT_LENGTH;
    rig.entries++;
    if (*rig.script == NULL) {
        vm_stop(&rig.vm, VM_END_POWER_OFF);
        exit->reason = EXIT_PREEMPTION_TIMER;
        return;
    }
    /* The window opens before the guest's next instruction. */
    if (which->nmi_window && !which->nmi_blocked) {
        assert_true(rig.entries < 20);
        exit->reason = EXIT_NMI_WINDOW;
        return;
    }
    exit->reason = (*rig.script++)(which);
    which->injected = -1;
}

uint64_t guest_get(struct guest *which, enum guest_reg reg)
{
    return reg == GUEST_RFLAGS      ? which->rflags
           : reg == GUEST_RIP       ? which->rip
           : reg == GUEST_SS_RIGHTS ? which->ss_rights
                                    : 0;
}

void guest_set(struct guest *which, enum guest_reg reg, uint64_t value)
{
    if (reg == GUEST_RIP) {
        which->rip = value;
    }
}

uint64_t guest_gpr(struct guest *which, enum gpr gpr)
{
    (void)which;
    (void)gpr;
    return 0;
}

void guest_set_gpr(struct guest *which, enum gpr gpr, uint64_t value)
{
    if (gpr == GPR_RAX) {
        which->rax = value;
    }
}

void guest_skip(struct guest *which, uint8_t length)
{
    which->rip += length;
}

void guest_reset(struct guest *which)
{
    *which = (struct guest){.injected = -1,
                            .resets = which->resets + 1,
                            .clock_resets = which->clock_resets};
}

void guest_apic_set_mode(struct guest *which, enum guest_apic_mode mode)
{
    (void)which;
    (void)mode;
}

void vcpu_hide_apic_page(struct vcpu *which)
{
    (void)which;
}

void vcpu_tell_no_apic_page(struct vcpu *which, const struct access *access)
{
    (void)which;
    (void)access;
}

void guest_apic_set_vectors(struct guest *which, uint8_t irr, uint8_t isr)
{
    which->rvi = irr;
    which->svi = isr;
}

void guest_apic_raise(struct guest *which, uint8_t vector)
{
    which->rvi = vector > which->rvi ? vector : which->rvi;
}

void guest_apic_exit_on_eoi(struct guest *which, uint8_t vector, bool exits)
{
    (void)which;
    (void)vector;
    (void)exits;
}

bool guest_apic_takes_posts(const struct guest *which)
{
    return which->takes_posts;
}

bool guest_apic_post(struct guest *which, uint8_t vector)
{
    bool notify = !which->outstanding;

    which->posted[vector / 64] |= 1ULL << vector % 64;
    which->outstanding = true;
    return notify;
}

void guest_apic_take_posts(struct guest *which, uint64_t vectors[4])
{
    assert_false(rig.vcpu->outside);
    memcpy(vectors, which->posted, sizeof(which->posted));
    memset(which->posted, 0, sizeof(which->posted));
    which->outstanding = false;
}

bool guest_interruptible(struct guest *which)
{
    return which->injected < 0 && (which->rflags & RFLAGS_IF) != 0;
}

bool guest_nmi_deliverable(struct guest *which)
{
    return which->injected < 0 && !which->nmi_blocked;
}

void guest_inject_interrupt(struct guest *which, uint8_t vector)
{
    which->injected = vector;
}

void guest_inject_nmi(struct guest *which)
{
    which->injected = 2;
    which->nmi_blocked = true;
}

void guest_want_interrupt_window(struct guest *which, bool wanted)
{
    which->interrupt_window = wanted;
}

void guest_want_nmi_window(struct guest *which, bool wanted)
{
    which->nmi_window = wanted;
}

bool guest_inject_exception(struct guest *which, uint8_t vector, uint32_t code)
{
    (void)code;
    which->injected = vector;
    return true;
}

bool guest_reflect_exception(struct guest *which, const struct exit *exit)
{
    (void)which;
    (void)exit;
    return true;
}

bool guest_set_xcr0(struct guest *which, uint64_t value)
{
    (void)which;
    (void)value;
    return false;
}

/* ---- tasks and time ---- */

struct task *task_current(void)
{
    return NULL;
}

bool task_find_idle(unsigned *processor)
{
    *processor = 1;
    return rig.others_idle;
}

unsigned task_processor(const struct task *task)
{
    (void)task;
    return 0;
}

/* What the old processor holds of the guest is out of it before. */
void task_move(unsigned processor)
{
    assert_int_equal(rig.leaves, rig.moves + 1);
    rig.moves++;
    assert_int_equal(processor, 1);
}

bool task_outside_begin(bool known)
{
    (void)known;
    if (rig.refusals > 0) {
        rig.refusals--;
        return false;
    }
    return true;
}

void task_outside_end(void)
{
}

void task_notify(const struct task *task, uint8_t vector)
{
    (void)task;
    assert_int_equal(vector, LAPIC_HOST_VECTOR_POSTED);
    rig.notifications++;
}

void task_interrupt(const struct task *task)
{
    (void)task;
    rig.interrupts++;
}

void log_pace_wait(void)
{
}

void vm_report_pace(struct vm *vm)
{
    vm->reported = false;
    rig.paces++;
    assert_false(rig.vcpu->outside);
}

void vcpu_log(struct vcpu *which)
{
    (void)which;
    rig.logs++;
}

void guest_leave(struct guest *which)
{
    (void)which;
    rig.leaves++;
    assert_false(rig.vcpu->outside);
}

void task_yield(void)
{
    rig.yields++;
}

void task_take_turns(void)
{
}

uint64_t task_run_end(void)
{
    return task_turn_end();
}

bool task_find_lighter(unsigned *processor)
{
    (void)processor;
    return false;
}

uint64_t task_turn_end(void)
{
    return TASK_TURN;
}

void task_end_turn(void)
{
    rig.ends++;
}

bool task_work_pending(void)
{
    return rig.work;
}

void event_signal(struct event *event)
{
    event->signalled = true;
}

void event_wait(struct event *event)
{
    rig.waits++;
    assert_non_null(rig.while_waiting); /* else it would wait for ever */
    if (!event->signalled) {
        void (*now)(void) = rig.while_waiting;

        rig.while_waiting = NULL;
        now();
    }
    event->signalled = false;
}

void timer_arm(struct timer *timer, uint64_t deadline)
{
    (void)deadline;
    assert_non_null(timer->fire);
    rig.armed = timer;
}

void timer_cancel(struct timer *timer)
{
    if (rig.armed == timer) {
        rig.armed = NULL;
    }
}

uint64_t time_now(void)
{
    return 0;
}

uint64_t time_from_tsc(uint64_t ticks)
{
    return ticks;
}

uint64_t time_tsc(void)
{
    return time_now();
}

uint64_t time_tsc_at(uint64_t ns)
{
    return ns;
}

/* ---- the machine ---- */

void vm_stop(struct vm *which, enum vm_end how)
{
    if (!which->stopping) {
        which->stopping = true;
        rig.end = how;
    }
}

void vm_task_done(struct vm *which)
{
    which->tasks--;
}

void vm_irq_set(struct vm *which, unsigned gsi, bool level)
{
    (void)which;
    (void)gsi;
    (void)level;
}

void log_at(enum log_level level, const char *format, ...)
{
    (void)level;
    (void)format;
}

_Noreturn void panic(const char *format, ...)
{
    (void)format;
    fail();
    __builtin_unreachable();
}

int rig_start(void **state)
{
    (void)state;
    memset(&rig.vm, 0, sizeof(rig.vm));
    memset(&rig.first, 0, sizeof(rig.first));
    memset(&rig.second, 0, sizeof(rig.second));
    rig.guest = (struct guest){.rflags = RFLAGS_IF, .injected = -1};
    rig.vm.vcpus[0] = rig.vcpu;
    rig.vm.vcpu_count = 1;
    rig.vm.tasks = 1;
    rig.vm.bus.ioapic = &rig.vm.ioapic;
    rig.vm.bus.pic = &rig.vm.pic;
    rig.vm.bus.lapics[0] = &rig.vcpu->lapic;
    rig.vm.bus.count = 1;
    ioapic_init(&rig.vm.ioapic, &rig.vm.bus, 0);
    rig.vcpu->vm = &rig.vm;
    rig.vcpu->guest = &rig.guest;
    lapic_init(&rig.vcpu->lapic, &rig.vm.bus, rig.vcpu, 0, true);
    lapic_firmware_state(&rig.vcpu->lapic);
    rig.entries = rig.yields = rig.ends = rig.waits = rig.crashes = 0;
    spinlock_needed = true;
    rig.refusals = rig.interrupts = rig.notifications = rig.leaves = rig.moves =
        0;
    rig.others_idle = false;
    rig.config = (struct config_entry){.cpus = 1};
    rig.vm.config = &rig.config;
    pinning_init(&rig.vm.pinning, &rig.config, 2);
    rig.while_waiting = NULL;
    rig.work = false;
    rig.armed = NULL;
    return 0;
}

void rig_add_second(enum vcpu_state its)
{
    rig.second.vm = &rig.vm;
    rig.second.index = 1;
    rig.second.state = its;
    lapic_init(&rig.second.lapic, &rig.vm.bus, &rig.second, 1, false);
    rig.vm.vcpus[1] = &rig.second;
    rig.vm.vcpu_count = 2;
}

void rig_run(const rig_step *steps)
{
    rig.script = steps;
    vcpu_main(rig.vcpu);
    assert_int_equal(rig.vm.tasks, 0);
    assert_true(rig.vm.stopping);
}

/* ---- what guests do ---- */

enum exit_reason rig_halts(struct guest *which)
{
    (void)which;
    return EXIT_HLT;
}

enum exit_reason rig_interrupted_by_0x41(struct guest *which)
{
    assert_int_equal(which->injected, 0x41);
    return EXIT_PREEMPTION_TIMER;
}

enum exit_reason rig_takes_nmi(struct guest *which)
{
    assert_int_equal(which->injected, 2);
    return EXIT_PREEMPTION_TIMER;
}

void rig_send_0x41(void)
{
    lapic_receive(&rig.vcpu->lapic, APIC_FIXED, 0x41, false);
}

void rig_send_nmi(void)
{
    lapic_receive(&rig.vcpu->lapic, APIC_NMI, 0, false);
}

enum exit_reason rig_goes_on(struct guest *which)
{
    assert_int_equal(which->injected, -1);
    return EXIT_PREEMPTION_TIMER;
}
