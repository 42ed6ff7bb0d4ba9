/* A virtual processor that halts, and what wakes it; NMIs, INIT, hypercalls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/msr.h"
#include "arch/regs.h"
#include "test/unit/support/vcpu_rig.h"

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
    static const rig_step steps[] = {
        calls_from_the_kernel, calls_from_a_program, is_not_allowed, NULL};

    (void)state;
    rig_run(steps);
    assert_int_equal(rig.guest.rip, 2 * HLT_LENGTH);
    assert_int_equal(rig.guest.injected, -1);
}

static void an_interrupt_ends_hlt(void **state)
{
    static const rig_step steps[] = {rig_halts, rig_interrupted_by_0x41, NULL};

    (void)state;
    rig.while_waiting = rig_send_0x41;
    rig_run(steps);
    assert_int_equal(rig.guest.rip, HLT_LENGTH);
    assert_int_equal(rig.end, VM_END_POWER_OFF);
}

static enum exit_reason is_sent_0x41(struct guest *which)
{
    (void)which;
    assert_int_equal(rig.interrupts, 0);
    rig_send_0x41();
    assert_true(rig.interrupts > 0); /* so that it exits, wherever it runs */
    return EXIT_PREEMPTION_TIMER;
}

static void one_that_comes_while_it_runs_makes_it_exit(void **state)
{
    static const rig_step steps[] = {is_sent_0x41, rig_interrupted_by_0x41,
                                     NULL};

    (void)state;
    rig_run(steps);
    rig.interrupts = 0;
    rig_send_nmi();
    assert_int_equal(rig.interrupts, 0);
}

static void one_that_came_before_hlt_needs_no_wait(void **state)
{
    static const rig_step steps[] = {rig_halts, rig_interrupted_by_0x41, NULL};

    (void)state;
    *lapic_register(&rig.vcpu->lapic, LAPIC_REG_TPR) = 0;
    rig.guest.rflags = 0;
    rig_send_0x41();
    rig.guest.rflags = RFLAGS_IF;
    rig.vcpu->state = VCPU_HALTED;
    rig.script = steps + 1;
    vcpu_main(rig.vcpu);
    assert_int_equal(rig.waits, 0);
}

static void hlt_that_nothing_can_end_is_a_crash(void **state)
{
    static const rig_step steps[] = {halts_with_interrupts_off, NULL};

    (void)state;
    rig_run(steps);
    assert_int_equal(rig.crashes, 1);
    assert_int_equal(rig.end, VM_END_CRASH);
}

static void hlt_with_interrupts_off_is_left_to_the_others(void **state)
{
    static const rig_step steps[] = {halts_with_interrupts_off, rig_takes_nmi,
                                     NULL};
    static const enum vcpu_state states[] = {VCPU_RUNNING, VCPU_HALTED};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        rig_start(NULL);
        rig_add_second(states[i]);
        rig.while_waiting = rig_send_nmi;
        rig_run(steps);
        assert_int_equal(rig.waits, 1);
        assert_int_equal(rig.crashes, 0);
    }
}

static void unless_they_hear_nothing_either(void **state)
{
    static const rig_step steps[] = {halts_with_interrupts_off, NULL};

    (void)state;
    rig_add_second(VCPU_WAIT_SIPI);
    rig_run(steps);
    assert_int_equal(rig.crashes, 1);
    rig_start(NULL);
    rig_add_second(VCPU_HALTED);
    rig.second.halted_without_interrupts = true;
    rig_run(steps);
    assert_int_equal(rig.crashes, 1);
    /* What is on its way to the other one counts. */
    for (unsigned i = 0; i < 3; i++) {
        rig_start(NULL);
        rig_add_second(i == 2 ? VCPU_WAIT_SIPI : VCPU_HALTED);
        rig.second.halted_without_interrupts = true;
        lapic_receive(&rig.second.lapic, (enum apic_mode)(APIC_NMI + i), 0,
                      false);
        rig.while_waiting = rig_send_nmi;
        rig_run(
            (const rig_step[]){halts_with_interrupts_off, rig_takes_nmi, NULL});
        assert_int_equal(rig.crashes, 0);
    }
}

/* The trap after it ends it, with interrupts off, too. */
static void hlt_single_stepped_does_not_wait(void **state)
{
    static const rig_step steps[] = {halts_single_stepped, NULL};

    (void)state;
    rig_run(steps);
    assert_int_equal(rig.guest.rip, HLT_LENGTH);
    assert_int_equal(rig.vcpu->state, VCPU_RUNNING);
    assert_int_equal(rig.waits, 0);
    assert_int_equal(rig.crashes, 0);
}

static void interrupts_do_not_end_hlt_without_if(void **state)
{
    static const rig_step steps[] = {halts_with_interrupts_off, rig_takes_nmi,
                                     NULL};

    (void)state;
    rig.vm.ioapic.redirection[3] = (uint64_t)APIC_NMI << 8; /* can still come */
    rig_send_0x41();
    rig.guest.rflags = 0;
    rig.while_waiting = rig_send_nmi;
    rig_run(steps);
    assert_true(rig.waits > 0);
    assert_int_equal(rig.crashes, 0);
}

static enum exit_reason halts_in_its_nmi_handler(struct guest *which)
{
    assert_int_equal(which->injected, 2);
    assert_true(which->nmi_blocked);
    rig_send_nmi(); /* to itself: held back until IRET */
    return EXIT_HLT;
}

static void an_nmi_held_back_does_not_end_hlt(void **state)
{
    static const rig_step steps[] = {halts_in_its_nmi_handler,
                                     rig_interrupted_by_0x41, NULL};

    (void)state;
    rig_send_nmi();
    rig.while_waiting = rig_send_0x41;
    rig_run(steps);
    assert_true(rig.waits > 0);
    assert_true(rig.guest.nmi_window);
}

static enum exit_reason turns_its_apic_off(struct guest *which)
{
    (void)which;
    assert_true(rig.guest.nmi_window);
    lapic_base_write(&rig.vcpu->lapic, LAPIC_BASE | APIC_BASE_BSP);
    assert_false(rig.vcpu->lapic.nmi_pending);
    return EXIT_PREEMPTION_TIMER;
}

static enum exit_reason returns_from_nmi(struct guest *which)
{
    which->nmi_blocked = false;
    return EXIT_PREEMPTION_TIMER;
}

static enum exit_reason sends_itself_another_nmi(struct guest *which)
{
    assert_int_equal(which->injected, 2);
    rig_send_nmi();
    return EXIT_PREEMPTION_TIMER;
}

/* The wish for a window outlived the NMI, and the guest never ran again. */
static void an_nmi_that_is_gone_leaves_no_window(void **state)
{
    static const rig_step steps[] = {sends_itself_another_nmi,
                                     turns_its_apic_off, returns_from_nmi,
                                     rig_goes_on, NULL};

    (void)state;
    rig_send_nmi();
    rig_run(steps);
    assert_false(rig.guest.nmi_window);
}

static void a_second_nmi_waits_for_the_first(void **state)
{
    static const rig_step steps[] = {sends_itself_another_nmi, returns_from_nmi,
                                     rig_takes_nmi, NULL};

    (void)state;
    rig_send_nmi();
    rig_run(steps);
    assert_false(rig.guest.nmi_window);
}

static enum exit_reason sends_itself_init(struct guest *which)
{
    (void)which;
    lapic_receive(&rig.vcpu->lapic, APIC_INIT, 0, false);
    return EXIT_PREEMPTION_TIMER;
}

static void init_of_the_bootstrap_processor_is_a_reset(void **state)
{
    static const rig_step steps[] = {sends_itself_init, NULL};

    (void)state;
    rig_run(steps);
    assert_int_equal(rig.end, VM_END_RESET);
    assert_int_equal(rig.entries, 1);
}

static void send_init_and_sipi(void)
{
    lapic_receive(&rig.vcpu->lapic, APIC_INIT, 0, false);
    lapic_receive(&rig.vcpu->lapic, APIC_SIPI, 0x12, false);
}

static void another_processor_starts_by_init_and_sipi(void **state)
{
    static const rig_step steps[] = {rig_goes_on, NULL};

    (void)state;
    lapic_init(&rig.vcpu->lapic, &rig.vm.bus, rig.vcpu, 0, false);
    rig_add_second(VCPU_RUNNING);
    rig.vcpu->state = VCPU_WAIT_SIPI;
    rig.while_waiting = send_init_and_sipi;
    rig_run(steps);
    assert_int_equal(rig.guest.resets, 1);
    assert_int_equal(rig.guest.clock_resets, 1);
    assert_int_equal(rig.end, VM_END_POWER_OFF);
}

#define TEST(name) cmocka_unit_test_setup(name, rig_start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(hypercalls_are_answered),
        TEST(an_interrupt_ends_hlt),
        TEST(one_that_comes_while_it_runs_makes_it_exit),
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
