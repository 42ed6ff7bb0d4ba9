/* A virtual processor with a local APIC that the processor plays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/regs.h"
#include "test/unit/support/vcpu_rig.h"

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

static void play_by_processor(void)
{
    static uint32_t page[1024];

    memset(page, 0, sizeof(page));
    lapic_virtual_start(&rig.vcpu->lapic, &rig.guest, page);
}

static void its_interrupt_is_not_injected(void **state)
{
    static const rig_step steps[] = {rig_halts, has_0x41_in_its_apic, NULL};

    (void)state;
    play_by_processor();
    rig.while_waiting = rig_send_0x41;
    rig_run(steps);
    assert_int_equal(rig.waits, 1);
    assert_int_equal(rig.guest.rip, HLT_LENGTH);
}

/* It came by the guest's own hand, and nobody was told. */
static void what_is_in_the_page_ends_hlt(void **state)
{
    static const rig_step steps[] = {rig_halts, rig_goes_on, NULL};

    (void)state;
    play_by_processor();
    *lapic_register(&rig.vcpu->lapic, LAPIC_REG_IRR + 0x20) = 1U << 1;
    rig_run(steps);
    assert_int_equal(rig.waits, 0);
}

static void raise_priority_and_send(void)
{
    *lapic_register(&rig.vcpu->lapic, LAPIC_REG_TPR) = 0x40;
    *lapic_register(&rig.vcpu->lapic, LAPIC_REG_PPR) = 0x40;
    rig_send_0x41();
    rig.while_waiting = rig_send_nmi;
}

static void its_priority_holds_hlt(void **state)
{
    static const rig_step steps[] = {rig_halts, rig_takes_nmi, NULL};

    (void)state;
    play_by_processor();
    rig.while_waiting = raise_priority_and_send;
    rig_run(steps);
    assert_int_equal(rig.waits, 2);
}

/* The guest exits before the notification comes. */
static enum exit_reason is_posted_too_late(struct guest *which)
{
    rig_send_0x41();
    rig_send_0x41();
    assert_int_equal(rig.notifications, 1);
    assert_int_equal(rig.interrupts, 0);
    assert_int_equal(which->posted[1], 2);
    return EXIT_HLT;
}

static enum exit_reason is_posted_in_time(struct guest *which)
{
    uint64_t taken[4];

    assert_int_equal(which->rvi, 0x41);
    *lapic_register(&rig.vcpu->lapic, LAPIC_REG_IRR + 0x20) = 0;
    rig_send_0x41();
    assert_int_equal(rig.notifications, 2);
    rig.vcpu->outside = false; /* as for the processor */
    guest_apic_take_posts(which, taken);
    rig.vcpu->outside = true;
    which->rvi = 0;
    which->takes_posts = false;
    return EXIT_PREEMPTION_TIMER;
}

static enum exit_reason cannot_be_posted(struct guest *which)
{
    assert_int_equal(which->rvi, 0);
    rig_send_0x41();
    assert_int_equal(rig.notifications, 2);
    assert_int_equal(rig.interrupts, 1);
    return EXIT_PREEMPTION_TIMER;
}

static void posted_while_it_runs_it_does_not_exit(void **state)
{
    static const rig_step steps[] = {is_posted_too_late, is_posted_in_time,
                                     cannot_be_posted, NULL};

    (void)state;
    play_by_processor();
    rig.guest.takes_posts = true;
    rig_run(steps);
    assert_int_equal(rig.waits, 0);
    assert_int_equal(rig.guest.rip, HLT_LENGTH);
    rig.notifications = 0;
    rig.guest.takes_posts = true;
    rig_send_0x41(); /* nor does one that does not run */
    assert_int_equal(rig.notifications, 0);
}

static void an_extint_comes_first(void **state)
{
    static const rig_step steps[] = {waits_for_extint, takes_extint, NULL};

    (void)state;
    play_by_processor();
    rig.guest.rflags = 0;
    pic_init(&rig.vm.pic, &rig.vm.bus);
    rig_send_0x41();
    pic_set_irq(&rig.vm.pic, 0, true);
    rig_run(steps);
    assert_false(rig.guest.interrupt_window);
}

#define TEST(name) cmocka_unit_test_setup(name, rig_start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(its_interrupt_is_not_injected),
        TEST(what_is_in_the_page_ends_hlt),
        TEST(its_priority_holds_hlt),
        TEST(an_extint_comes_first),
        TEST(posted_while_it_runs_it_does_not_exit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
