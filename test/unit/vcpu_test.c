/* The run loop of a virtual processor (vmm/vcpu.c, vcpu_events.c, exits.c) with
 * the real local APIC, over a processor that plays a script: each entry into
 * the guest calls the next step, which does what the guest does and says how
 * it exits. */
#include "vmm/vcpu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/log.h"
#include "kernel/panic.h"
#include "vmm/vm.h"

#define RFLAGS_TF  (1U << 8)
#define RFLAGS_IF  (1U << 9)
#define HLT_LENGTH 1

struct guest {
    uint64_t rflags;
    uint64_t rip;
    uint64_t rax;
    uint64_t ss_rights;
    bool nmi_blocked;
    bool interrupt_window;
    bool nmi_window;
    int injected; /* a vector for this entry; -1: none */
    uint8_t rvi;  /* of a virtual APIC */
    uint8_t svi;
    unsigned resets;
    unsigned clock_resets;
};

typedef enum exit_reason (*step)(struct guest *guest);

static struct guest guest;
static struct vm vm;
static struct vcpu first;
static struct vcpu second; /* its state alone counts */
static struct vcpu *vcpu = &first;
static const step *script; /* ends with NULL: the VM is stopped */
static unsigned entries;
static unsigned yields;
static unsigned ends; /* of turns */
static unsigned waits;
static unsigned refusals; /* times that other tasks want the processor first */
static unsigned logs;
static unsigned leaves; /* of the guest from its processor */
static unsigned moves;
static bool others_idle; /* there is a processor with nothing to do */
static struct config_entry config;
static unsigned interrupts;         /* of a run that another processor sees */
static void (*while_waiting)(void); /* what comes from outside, once */
static bool work;
static struct timer *armed;
static enum vm_end end;
static unsigned crashes;

/* ---- the processor ---- */

void guest_run(struct guest *which, struct exit *exit)
{
    memset(exit, 0, sizeof(*exit));
    exit->length = HLT_LENGTH;
    entries++;
    if (*script == NULL) {
        vm_stop(&vm, VM_END_POWER_OFF);
        exit->reason = EXIT_PREEMPTION_TIMER;
        return;
    }
    /* The window opens before the guest's next instruction. */
    if (which->nmi_window && !which->nmi_blocked) {
        assert_true(entries < 20);
        exit->reason = EXIT_NMI_WINDOW;
        return;
    }
    exit->reason = (*script++)(which);
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

/* ---- the other exit subjects, which no step comes to ---- */

void cpuid_emulate(struct guest *which, const struct cpuid_policy *policy,
                   uint32_t apic_id, uint32_t leaf, uint32_t subleaf,
                   struct cpuid_regs *regs)
{
    (void)which;
    (void)policy;
    (void)apic_id;
    (void)leaf;
    (void)subleaf;
    (void)regs;
    fail();
}

bool cpuid_xcr0_valid(const struct cpuid_policy *policy, uint64_t xcr0)
{
    (void)policy;
    (void)xcr0;
    return false;
}

void kvmclock_cpu_reset(struct kvmclock *clock, unsigned cpu)
{
    (void)clock;
    (void)cpu;
    guest.clock_resets++;
}

enum msr_result msr_read(struct msr_context *context, uint32_t msr,
                         uint64_t *value)
{
    (void)context;
    (void)msr;
    (void)value;
    return MSR_GP;
}

enum msr_result msr_write(struct msr_context *context, uint32_t msr,
                          uint64_t value)
{
    (void)context;
    (void)msr;
    (void)value;
    return MSR_GP;
}

void cr_exit(struct vcpu *which, const struct exit *exit)
{
    (void)which;
    (void)exit;
}

void io_exit(struct vcpu *which, const struct exit *exit)
{
    (void)which;
    (void)exit;
}

void mmio_exit(struct vcpu *which, const struct exit *exit)
{
    (void)which;
    (void)exit;
}

void mmio_apic_exit(struct vcpu *which, const struct exit *exit)
{
    (void)which;
    (void)exit;
}

void vcpu_crash(struct vcpu *which, const char *format, ...)
{
    (void)format;
    crashes++;
    vm_stop(which->vm, VM_END_CRASH);
}

void virtio_host_settle(struct vm *which, struct virtio_device *device)
{
    (void)which;
    (void)device;
}

/* ---- tasks and time ---- */

struct task *task_current(void)
{
    return NULL;
}

bool task_find_idle(unsigned *processor)
{
    *processor = 1;
    return others_idle;
}

unsigned task_processor(const struct task *task)
{
    (void)task;
    return 0;
}

/* What the old processor holds of the guest is out of it before. */
void task_move(unsigned processor)
{
    assert_int_equal(leaves, moves + 1);
    moves++;
    assert_int_equal(processor, 1);
}

bool task_outside_begin(bool known)
{
    (void)known;
    if (refusals > 0) {
        refusals--;
        return false;
    }
    return true;
}

void task_outside_end(void)
{
}

void task_interrupt(const struct task *task)
{
    (void)task;
    interrupts++;
}

void vcpu_log(struct vcpu *which)
{
    (void)which;
    logs++;
}

void guest_leave(struct guest *which)
{
    (void)which;
    leaves++;
    assert_false(vcpu->outside);
}

void task_yield(void)
{
    yields++;
}

void task_take_turns(void)
{
}

uint64_t task_turn_end(void)
{
    return TASK_TURN;
}

void task_end_turn(void)
{
    ends++;
}

bool task_work_pending(void)
{
    return work;
}

void event_signal(struct event *event)
{
    event->signalled = true;
}

void event_wait(struct event *event)
{
    waits++;
    assert_non_null(while_waiting); /* else it would wait for ever */
    if (!event->signalled) {
        void (*now)(void) = while_waiting;

        while_waiting = NULL;
        now();
    }
    event->signalled = false;
}

void timer_arm(struct timer *timer, uint64_t deadline)
{
    (void)deadline;
    assert_non_null(timer->fire);
    armed = timer;
}

void timer_cancel(struct timer *timer)
{
    if (armed == timer) {
        armed = NULL;
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
        end = how;
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

static int start(void **state)
{
    (void)state;
    memset(&vm, 0, sizeof(vm));
    memset(&first, 0, sizeof(first));
    memset(&second, 0, sizeof(second));
    guest = (struct guest){.rflags = RFLAGS_IF, .injected = -1};
    vm.vcpus[0] = vcpu;
    vm.vcpu_count = 1;
    vm.tasks = 1;
    vm.bus.ioapic = &vm.ioapic;
    vm.bus.pic = &vm.pic;
    vm.bus.lapics[0] = &vcpu->lapic;
    vm.bus.count = 1;
    ioapic_init(&vm.ioapic, &vm.bus, 0);
    vcpu->vm = &vm;
    vcpu->guest = &guest;
    lapic_init(&vcpu->lapic, &vm.bus, vcpu, 0, true);
    lapic_firmware_state(&vcpu->lapic);
    entries = yields = ends = waits = crashes = 0;
    spinlock_needed = true;
    refusals = interrupts = leaves = moves = 0;
    others_idle = false;
    config = (struct config_entry){.cpus = 1};
    vm.config = &config;
    placement_init(&vm.placement, &config, 2);
    while_waiting = NULL;
    work = false;
    armed = NULL;
    return 0;
}

static void add_second(enum vcpu_state its)
{
    second.vm = &vm;
    second.index = 1;
    second.state = its;
    lapic_init(&second.lapic, &vm.bus, &second, 1, false);
    vm.vcpus[1] = &second;
    vm.vcpu_count = 2;
}

static void run(const step *steps)
{
    script = steps;
    vcpu_main(vcpu);
    assert_int_equal(vm.tasks, 0);
    assert_true(vm.stopping);
}

/* ---- what guests do ---- */

static enum exit_reason halts(struct guest *which)
{
    (void)which;
    return EXIT_HLT;
}

static enum exit_reason halts_with_interrupts_off(struct guest *which)
{
    which->rflags &= ~(uint64_t)RFLAGS_IF;
    return EXIT_HLT;
}

static enum exit_reason halts_single_stepped(struct guest *which)
{
    which->rflags = RFLAGS_TF;
    return EXIT_HLT;
}

static enum exit_reason interrupted_by_0x41(struct guest *which)
{
    assert_int_equal(which->injected, 0x41);
    return EXIT_PREEMPTION_TIMER;
}

static enum exit_reason has_0x41_in_its_apic(struct guest *which)
{
    assert_int_equal(which->injected, -1);
    assert_false(which->interrupt_window);
    assert_int_equal(which->rvi, 0x41);
    return EXIT_PREEMPTION_TIMER;
}

static enum exit_reason takes_extint(struct guest *which)
{
    assert_int_equal(which->injected, 8);
    assert_int_equal(which->rvi, 0x41);
    return EXIT_PREEMPTION_TIMER;
}

static enum exit_reason waits_for_extint(struct guest *which)
{
    assert_true(which->interrupt_window);
    assert_int_equal(which->injected, -1);
    which->rflags |= RFLAGS_IF;
    return EXIT_INTERRUPT_WINDOW;
}

static enum exit_reason takes_nmi(struct guest *which)
{
    assert_int_equal(which->injected, 2);
    return EXIT_PREEMPTION_TIMER;
}

static void send_0x41(void)
{
    lapic_receive(&vcpu->lapic, APIC_FIXED, 0x41, false);
}

static void send_nmi(void)
{
    lapic_receive(&vcpu->lapic, APIC_NMI, 0, false);
}

static enum exit_reason calls_from_the_kernel(struct guest *which)
{
    which->ss_rights = 0x93;
    return EXIT_VMCALL;
}

static enum exit_reason calls_from_a_program(struct guest *which)
{
    assert_int_equal((int64_t)which->rax, -1000);
    which->ss_rights = 0xf3;
    return EXIT_VMCALL;
}

static enum exit_reason is_not_allowed(struct guest *which)
{
    assert_int_equal((int64_t)which->rax, -1);
    return EXIT_PREEMPTION_TIMER;
}

static void hypercalls_are_answered(void **state)
{
    static const step steps[] = {calls_from_the_kernel, calls_from_a_program,
                                 is_not_allowed, NULL};

    (void)state;
    run(steps);
    assert_int_equal(guest.rip, 2 * HLT_LENGTH);
    assert_int_equal(guest.injected, -1);
}

static void an_interrupt_ends_hlt(void **state)
{
    static const step steps[] = {halts, interrupted_by_0x41, NULL};

    (void)state;
    while_waiting = send_0x41;
    run(steps);
    assert_int_equal(guest.rip, HLT_LENGTH);
    assert_int_equal(end, VM_END_POWER_OFF);
}

static enum exit_reason is_sent_0x41(struct guest *which)
{
    (void)which;
    assert_int_equal(interrupts, 0);
    send_0x41();
    assert_true(interrupts > 0); /* so that it exits, wherever it runs */
    return EXIT_PREEMPTION_TIMER;
}

static void one_that_comes_while_it_runs_makes_it_exit(void **state)
{
    static const step steps[] = {is_sent_0x41, interrupted_by_0x41, NULL};

    (void)state;
    run(steps);
    interrupts = 0;
    send_nmi();
    assert_int_equal(interrupts, 0);
}

/* A run that did not begin has no exit to be answered. */
static void other_tasks_may_come_first(void **state)
{
    static const step steps[] = {interrupted_by_0x41, NULL};

    (void)state;
    refusals = 3;
    vcpu->exit.reason = EXIT_HLT;
    send_0x41();
    vcpu->log_wanted = true;
    vcpu->extra = true;
    logs = 0;
    run(steps);
    assert_int_equal(entries, 2);
    assert_int_equal(vcpu->exits[EXIT_HLT], 0);
    assert_int_equal(logs, 1);
}

static void one_that_came_before_hlt_needs_no_wait(void **state)
{
    static const step steps[] = {halts, interrupted_by_0x41, NULL};

    (void)state;
    *lapic_register(&vcpu->lapic, LAPIC_REG_TPR) = 0;
    guest.rflags = 0;
    send_0x41();
    guest.rflags = RFLAGS_IF;
    vcpu->state = VCPU_HALTED;
    script = steps + 1;
    vcpu_main(vcpu);
    assert_int_equal(waits, 0);
}

static void hlt_that_nothing_can_end_is_a_crash(void **state)
{
    static const step steps[] = {halts_with_interrupts_off, NULL};

    (void)state;
    run(steps);
    assert_int_equal(crashes, 1);
    assert_int_equal(end, VM_END_CRASH);
}

static void hlt_with_interrupts_off_is_left_to_the_others(void **state)
{
    static const step steps[] = {halts_with_interrupts_off, takes_nmi, NULL};
    static const enum vcpu_state states[] = {VCPU_RUNNING, VCPU_HALTED};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        start(NULL);
        add_second(states[i]);
        while_waiting = send_nmi;
        run(steps);
        assert_int_equal(waits, 1);
        assert_int_equal(crashes, 0);
    }
}

static void unless_they_hear_nothing_either(void **state)
{
    static const step steps[] = {halts_with_interrupts_off, NULL};

    (void)state;
    add_second(VCPU_WAIT_SIPI);
    run(steps);
    assert_int_equal(crashes, 1);
    start(NULL);
    add_second(VCPU_HALTED);
    second.halted_without_interrupts = true;
    run(steps);
    assert_int_equal(crashes, 1);
    /* What is on its way to the other one counts. */
    for (unsigned i = 0; i < 3; i++) {
        start(NULL);
        add_second(i == 2 ? VCPU_WAIT_SIPI : VCPU_HALTED);
        second.halted_without_interrupts = true;
        lapic_receive(&second.lapic, (enum apic_mode)(APIC_NMI + i), 0, false);
        while_waiting = send_nmi;
        run((const step[]){halts_with_interrupts_off, takes_nmi, NULL});
        assert_int_equal(crashes, 0);
    }
}

/* The trap after it ends it, with interrupts off, too. */
static void hlt_single_stepped_does_not_wait(void **state)
{
    static const step steps[] = {halts_single_stepped, NULL};

    (void)state;
    run(steps);
    assert_int_equal(guest.rip, HLT_LENGTH);
    assert_int_equal(vcpu->state, VCPU_RUNNING);
    assert_int_equal(waits, 0);
    assert_int_equal(crashes, 0);
}

static void interrupts_do_not_end_hlt_without_if(void **state)
{
    static const step steps[] = {halts_with_interrupts_off, takes_nmi, NULL};

    (void)state;
    vm.ioapic.redirection[3] = (uint64_t)APIC_NMI << 8; /* can still come */
    send_0x41();
    guest.rflags = 0;
    while_waiting = send_nmi;
    run(steps);
    assert_true(waits > 0);
    assert_int_equal(crashes, 0);
}

static enum exit_reason halts_in_its_nmi_handler(struct guest *which)
{
    assert_int_equal(which->injected, 2);
    assert_true(which->nmi_blocked);
    send_nmi(); /* to itself: held back until IRET */
    return EXIT_HLT;
}

static void an_nmi_held_back_does_not_end_hlt(void **state)
{
    static const step steps[] = {halts_in_its_nmi_handler, interrupted_by_0x41,
                                 NULL};

    (void)state;
    send_nmi();
    while_waiting = send_0x41;
    run(steps);
    assert_true(waits > 0);
    assert_true(guest.nmi_window);
}

static enum exit_reason turns_its_apic_off(struct guest *which)
{
    (void)which;
    assert_true(guest.nmi_window);
    lapic_base_write(&vcpu->lapic, LAPIC_BASE | LAPIC_BASE_BSP);
    assert_false(vcpu->lapic.nmi_pending);
    return EXIT_PREEMPTION_TIMER;
}

static enum exit_reason returns_from_nmi(struct guest *which)
{
    which->nmi_blocked = false;
    return EXIT_PREEMPTION_TIMER;
}

static enum exit_reason goes_on(struct guest *which)
{
    assert_int_equal(which->injected, -1);
    return EXIT_PREEMPTION_TIMER;
}

static enum exit_reason sends_itself_another_nmi(struct guest *which)
{
    assert_int_equal(which->injected, 2);
    send_nmi();
    return EXIT_PREEMPTION_TIMER;
}

/* The wish for a window outlived the NMI, and the guest never ran again. */
static void an_nmi_that_is_gone_leaves_no_window(void **state)
{
    static const step steps[] = {sends_itself_another_nmi, turns_its_apic_off,
                                 returns_from_nmi, goes_on, NULL};

    (void)state;
    send_nmi();
    run(steps);
    assert_false(guest.nmi_window);
}

static void a_second_nmi_waits_for_the_first(void **state)
{
    static const step steps[] = {sends_itself_another_nmi, returns_from_nmi,
                                 takes_nmi, NULL};

    (void)state;
    send_nmi();
    run(steps);
    assert_false(guest.nmi_window);
}

static enum exit_reason sends_itself_init(struct guest *which)
{
    (void)which;
    lapic_receive(&vcpu->lapic, APIC_INIT, 0, false);
    return EXIT_PREEMPTION_TIMER;
}

static void init_of_the_bootstrap_processor_is_a_reset(void **state)
{
    static const step steps[] = {sends_itself_init, NULL};

    (void)state;
    run(steps);
    assert_int_equal(end, VM_END_RESET);
    assert_int_equal(entries, 1);
}

static void send_init_and_sipi(void)
{
    lapic_receive(&vcpu->lapic, APIC_INIT, 0, false);
    lapic_receive(&vcpu->lapic, APIC_SIPI, 0x12, false);
}

static void another_processor_starts_by_init_and_sipi(void **state)
{
    static const step steps[] = {goes_on, NULL};

    (void)state;
    lapic_init(&vcpu->lapic, &vm.bus, vcpu, 0, false);
    add_second(VCPU_RUNNING);
    vcpu->state = VCPU_WAIT_SIPI;
    while_waiting = send_init_and_sipi;
    run(steps);
    assert_int_equal(guest.resets, 1);
    assert_int_equal(guest.clock_resets, 1);
    assert_int_equal(end, VM_END_POWER_OFF);
}

/* Tasks that still have work after their turn must not wait for an exit that
 * the guest makes when it likes. */
static void a_guest_has_a_slice_while_others_wait(void **state)
{
    static const step steps[] = {goes_on, NULL};

    (void)state;
    work = true;
    run(steps);
    assert_true(yields > 0);
    assert_ptr_equal(armed, &vcpu->slice);
}

static void it_moves_where_nothing_is_to_do(void **state)
{
    static const step steps[] = {goes_on, goes_on, NULL};

    (void)state;
    work = true;
    others_idle = true;
    run(steps);
    assert_int_equal(moves, 3);
}

static void one_that_is_pinned_stays(void **state)
{
    static const step steps[] = {goes_on, NULL};

    (void)state;
    work = true;
    others_idle = true;
    config.pin_count = 1;
    run(steps);
    assert_int_equal(moves, 0);
    assert_ptr_equal(armed, &vcpu->slice);
}

static void one_that_roams_moves_each_time(void **state)
{
    static const step steps[] = {goes_on, goes_on, NULL};

    (void)state;
    config.pin_roam = true;
    run(steps);
    assert_int_equal(moves, 3);
}

static enum exit_reason spins(struct guest *which)
{
    (void)which;
    return EXIT_PAUSE;
}

static void one_that_spins_lets_the_others_run(void **state)
{
    static const step steps[] = {spins, NULL};

    (void)state;
    run(steps);
    assert_int_equal(ends, 1);
    assert_int_equal(guest.rip, HLT_LENGTH);
}

static void a_guest_alone_has_none(void **state)
{
    static const step steps[] = {goes_on, NULL};

    (void)state;
    run(steps);
    assert_int_equal(yields, 0);
    assert_null(armed);
}

/* ---- with a local APIC that the processor plays ---- */

static void play_by_processor(void)
{
    static uint32_t page[1024];

    memset(page, 0, sizeof(page));
    lapic_virtual_start(&vcpu->lapic, &guest, page);
}

static void its_interrupt_is_not_injected(void **state)
{
    static const step steps[] = {halts, has_0x41_in_its_apic, NULL};

    (void)state;
    play_by_processor();
    while_waiting = send_0x41;
    run(steps);
    assert_int_equal(waits, 1);
    assert_int_equal(guest.rip, HLT_LENGTH);
}

/* It came by the guest's own hand, and nobody was told. */
static void what_is_in_the_page_ends_hlt(void **state)
{
    static const step steps[] = {halts, goes_on, NULL};

    (void)state;
    play_by_processor();
    *lapic_register(&vcpu->lapic, LAPIC_REG_IRR + 0x20) = 1U << 1;
    run(steps);
    assert_int_equal(waits, 0);
}

static void raise_priority_and_send(void)
{
    *lapic_register(&vcpu->lapic, LAPIC_REG_TPR) = 0x40;
    *lapic_register(&vcpu->lapic, LAPIC_REG_PPR) = 0x40;
    send_0x41();
    while_waiting = send_nmi;
}

static void its_priority_holds_hlt(void **state)
{
    static const step steps[] = {halts, takes_nmi, NULL};

    (void)state;
    play_by_processor();
    while_waiting = raise_priority_and_send;
    run(steps);
    assert_int_equal(waits, 2);
}

static void an_extint_comes_first(void **state)
{
    static const step steps[] = {waits_for_extint, takes_extint, NULL};

    (void)state;
    play_by_processor();
    guest.rflags = 0;
    pic_init(&vm.pic, &vm.bus);
    send_0x41();
    pic_set_irq(&vm.pic, 0, true);
    run(steps);
    assert_false(guest.interrupt_window);
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(hypercalls_are_answered),
        TEST(an_interrupt_ends_hlt),
        TEST(one_that_comes_while_it_runs_makes_it_exit),
        TEST(other_tasks_may_come_first),
        TEST(one_that_came_before_hlt_needs_no_wait),
        TEST(hlt_that_nothing_can_end_is_a_crash),
        TEST(hlt_with_interrupts_off_is_left_to_the_others),
        TEST(unless_they_hear_nothing_either),
        TEST(hlt_single_stepped_does_not_wait),
        TEST(interrupts_do_not_end_hlt_without_if),
        TEST(an_nmi_held_back_does_not_end_hlt),
        TEST(an_nmi_that_is_gone_leaves_no_window),
        TEST(a_second_nmi_waits_for_the_first),
        TEST(init_of_the_bootstrap_processor_is_a_reset),
        TEST(another_processor_starts_by_init_and_sipi),
        TEST(a_guest_has_a_slice_while_others_wait),
        TEST(one_that_spins_lets_the_others_run),
        TEST(a_guest_alone_has_none),
        TEST(it_moves_where_nothing_is_to_do),
        TEST(one_that_is_pinned_stays),
        TEST(one_that_roams_moves_each_time),
        TEST(its_interrupt_is_not_injected),
        TEST(what_is_in_the_page_ends_hlt),
        TEST(its_priority_holds_hlt),
        TEST(an_extint_comes_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
