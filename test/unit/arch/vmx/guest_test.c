/* arch/vmx/guest*.c and exit_decode.c over a VMCS that is an array: what a hot
 * exit costs, skipping, events and their combinations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch/regs.h"
#include "test/unit/support/guest_fake.h"

#define INFO(vector, type) (1U << 31 | (type) << 8 | (vector))

/* At most ten VMREADs and four VMWRITEs on a hot exit: under another hypervisor
 * each may cost as much as an exit. */
static void cpuid_exit_is_cheap(void **state)
{
    struct guest *guest = fake_guest();
    struct exit exit;

    (void)state;
    fake.field[VMCS_EXIT_INSTRUCTION_LENGTH] = 2;
    fake_exit(guest, &exit, EXIT_CPUID);
    assert_int_equal(exit.reason, EXIT_CPUID);
    assert_int_equal(exit.length, 2);
    guest_set_gpr(guest, GPR_RAX, 1);
    guest_skip(guest, exit.length);
    fake_exit(guest, &exit, EXIT_EXTERNAL_INTERRUPT);
    assert_int_equal(fake.field[VMCS_GUEST_RIP], 0x1002);
    assert_true(fake.reads <= 7); /* two of them for the second exit */
    assert_int_equal(fake.writes, 1);
}

static void mmio_exit_is_cheap(void **state)
{
    struct guest *guest = fake_guest();
    struct exit exit;

    (void)state;
    fake.field[VMCS_EXIT_QUALIFICATION] = 0x182; /* a write, linear valid */
    fake.field[VMCS_GUEST_PHYSICAL_ADDRESS] = 0xfee00300;
    fake.field[VMCS_GUEST_LINEAR_ADDRESS] = 0xffff8000fee00300;
    fake_exit(guest, &exit, EXIT_EPT_VIOLATION);
    assert_true(exit.ept.write && !exit.ept.read && !exit.ept.fetch);
    assert_true(exit.ept.linear_valid && !exit.ept.page_walk);
    assert_int_equal(exit.ept.gpa, 0xfee00300);
    assert_int_equal(exit.ept.linear, 0xffff8000fee00300);
    guest_get(guest, GUEST_CS_RIGHTS);
    guest_get(guest, GUEST_CR3);
    guest_get(guest, GUEST_EFER);
    guest_skip(guest, 7);
    assert_true(fake.reads <= 10);
    fake_exit(guest, &exit, EXIT_EXTERNAL_INTERRUPT);
    assert_true(fake.writes <= 4);
}

/* Two of the same kernel have most of them alike. */
static void msrs_alike_are_not_written_at_a_switch(void **state)
{
    struct guest *guest = fake_guest();
    struct guest other = {0};
    struct exit exit;

    (void)state;
    fake.lstar = 0x1000;
    guest_regs_save_msrs(guest);
    assert_int_equal(guest_get(guest, GUEST_LSTAR), 0x1000);
    other = *guest;
    guest_regs_load_msrs(&other, guest);
    assert_int_equal(fake.msr_writes, 0);
    other.reg[GUEST_LSTAR] = 0x2000;
    guest_regs_load_msrs(&other, guest);
    assert_int_equal(fake.msr_writes, 1);
    assert_int_equal(fake.lstar, 0x2000);
    guest_regs_load_msrs(&other, NULL);
    assert_true(fake.msr_writes > 2);
    /* What waits for an entry is not in the processor yet. */
    fake.lstar = 0x1000;
    fake_exit(guest, &exit, EXIT_HLT);
    guest_set(guest, GUEST_LSTAR, 0x2000);
    guest_regs_save_msrs(guest);
    guest_regs_load_msrs(&other, guest);
    assert_int_equal(fake.lstar, 0x2000);
}

static void reads_are_cached_and_writes_wait(void **state)
{
    struct guest *guest = fake_guest();
    struct exit exit;

    (void)state;
    fake.field[VMCS_GUEST_CR3] = 0x5000;
    assert_int_equal(guest_get(guest, GUEST_CR3), 0x5000);
    assert_int_equal(guest_get(guest, GUEST_CR3), 0x5000);
    assert_int_equal(fake.reads, 1);
    guest_set(guest, GUEST_CR3, 0x6000);
    assert_int_equal(guest_get(guest, GUEST_CR3), 0x6000);
    assert_int_equal(fake.field[VMCS_GUEST_CR3], 0x5000);
    fake_exit(guest, &exit, EXIT_HLT);
    assert_int_equal(fake.field[VMCS_GUEST_CR3], 0x6000);
    fake.field[VMCS_GUEST_CR3] = 0x7000;
    assert_int_equal(guest_get(guest, GUEST_CR3), 0x7000);
}

static void skip_ends_the_shadow_and_keeps_the_trap(void **state)
{
    struct guest *guest = fake_guest();
    struct exit exit;

    (void)state;
    fake.field[VMCS_GUEST_INTERRUPTIBILITY] = BLOCKING_STI | BLOCKING_NMI;
    fake.field[VMCS_GUEST_RFLAGS] =
        RFLAGS_ONE | RFLAGS_IF | RFLAGS_TF | RFLAGS_RF;
    fake_exit(guest, &exit, EXIT_CPUID);
    assert_false(guest_interruptible(guest));
    guest_skip(guest, 2);
    assert_true(guest_interruptible(guest));
    fake_exit(guest, &exit, EXIT_HLT);
    assert_int_equal(fake.field[VMCS_GUEST_INTERRUPTIBILITY], BLOCKING_NMI);
    assert_int_equal(fake.field[VMCS_GUEST_PENDING_DEBUG], PENDING_DEBUG_BS);
    assert_int_equal(fake.field[VMCS_GUEST_RFLAGS],
                     RFLAGS_ONE | RFLAGS_IF | RFLAGS_TF);
}

static void skip_at_the_edges(void **state)
{
    struct guest *guest = fake_guest();

    (void)state;
    guest_set(guest, GUEST_RIP, 0xffffffff); /* 64-bit mode: no wrap */
    guest_skip(guest, 2);
    assert_int_equal(guest_get(guest, GUEST_RIP), 0x100000001);
    guest_set(guest, GUEST_CS_RIGHTS, 0xc09b); /* compatibility mode */
    guest_set(guest, GUEST_RIP, 0xffffffff);
    guest_skip(guest, 2);
    assert_int_equal(guest_get(guest, GUEST_RIP), 1);
    guest_set(guest, GUEST_CS_RIGHTS, 0xa09b);
    /* Not canonical after: the guest's next fetch raises #GP there. */
    guest_set(guest, GUEST_RIP, 0x7ffffffffffe);
    guest_skip(guest, 2);
    assert_int_equal(guest_get(guest, GUEST_RIP), 0x800000000000);
    assert_int_equal(guest->event.info, 0);
    guest_set(guest, GUEST_RIP, UINT64_MAX);
    guest_skip(guest, 2);
    assert_int_equal(guest_get(guest, GUEST_RIP), 1);
}

/* SDM 3A Tables 6-4 and 6-5. -1: triple fault. */
static void exceptions_combine(void **state)
{
    static const struct {
        int first;
        int second;
        int result;
    } cases[] = {
        {0, 13, 8},   {13, 0, 8},  {13, 14, 14}, {14, 13, 8},  {14, 14, 8},
        {13, 13, 8},  {6, 13, 13}, {1, 14, 14},  {13, 6, 6},   {14, 17, 17},
        {8, 13, -1},  {8, 14, -1}, {8, 6, 6},    {10, 11, 8},  {12, 10, 8},
        {17, 14, 14}, {14, 0, 8},  {14, 21, 8},  {21, 14, 14}, {7, 7, 7},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct guest *guest = fake_guest();
        assert_true(guest_inject_exception(guest, (uint8_t)cases[i].first, 1));
        bool alive = guest_inject_exception(guest, (uint8_t)cases[i].second, 7);
        assert_int_equal(alive, cases[i].result >= 0);
        if (alive) {
            assert_int_equal(guest->event.info & 0xff, cases[i].result);
        }
        if (cases[i].result == 8) {
            assert_int_equal(guest->event.error_code, 0);
            assert_true(guest->event.info & INTERRUPTION_ERROR_CODE);
        }
    }
}

static void a_software_interrupt_is_no_fault(void **state)
{
    struct guest *guest = fake_guest();
    struct exit exit;

    (void)state;
    /* INT 13 met #PF on the way: not a double fault. */
    fake.field[VMCS_IDT_VECTORING] = INFO(13, TYPE_SOFTWARE_INTERRUPT);
    fake_exit(guest, &exit, EXIT_EPT_VIOLATION);
    assert_true(exit.delivering);
    assert_true(guest_inject_page_fault(guest, 0x123000, 2));
    assert_int_equal(guest->event.info & 0xff, 14);
    assert_int_equal(guest_get(guest, GUEST_CR2), 0x123000);
}

static void interrupted_delivery_is_queued_again(void **state)
{
    struct guest *guest = fake_guest();
    struct exit exit;

    (void)state;
    fake.field[VMCS_IDT_VECTORING] =
        INFO(0x80, TYPE_SOFTWARE_INTERRUPT) | 1U << 12; /* undefined bit */
    fake.field[VMCS_EXIT_INSTRUCTION_LENGTH] = 2;
    fake_exit(guest, &exit, EXIT_EPT_VIOLATION);
    assert_true(exit.delivering);
    assert_false(guest_interruptible(guest));
    fake.field[VMCS_IDT_VECTORING] = 0;
    fake_exit(guest, &exit, EXIT_HLT);
    assert_int_equal(fake.field[VMCS_ENTRY_INTERRUPTION] | 1U << 31,
                     INFO(0x80, TYPE_SOFTWARE_INTERRUPT));
    assert_int_equal(fake.field[VMCS_ENTRY_INSTRUCTION_LENGTH], 2);

    fake.field[VMCS_IDT_VECTORING] = INFO(14, TYPE_EXCEPTION) | 1U << 11;
    fake.field[VMCS_IDT_VECTORING_ERROR_CODE] = 0x15;
    fake_exit(guest, &exit, EXIT_EPT_VIOLATION);
    fake.field[VMCS_IDT_VECTORING] = 0;
    fake_exit(guest, &exit, EXIT_HLT);
    assert_int_equal(fake.field[VMCS_ENTRY_ERROR_CODE], 0x15);
    assert_true(guest_interruptible(guest));
    /* Delivered once only. */
    fake.field[VMCS_ENTRY_INTERRUPTION] = 0;
    fake_exit(guest, &exit, EXIT_HLT);
    assert_int_equal(fake.field[VMCS_ENTRY_INTERRUPTION], 0);
}

static void nmi_blocking_follows_delivery_and_iret(void **state)
{
    struct guest *guest = fake_guest();
    struct exit exit;

    (void)state;
    fake.field[VMCS_GUEST_INTERRUPTIBILITY] = BLOCKING_NMI;
    fake.field[VMCS_IDT_VECTORING] = INFO(2, TYPE_NMI);
    fake_exit(guest, &exit, EXIT_EPT_VIOLATION);
    fake.field[VMCS_IDT_VECTORING] = 0;
    fake_exit(guest, &exit, EXIT_HLT);
    assert_int_equal(fake.field[VMCS_GUEST_INTERRUPTIBILITY], 0);

    /* IRET of an NMI handler met an EPT violation: it will run again. */
    fake.field[VMCS_EXIT_QUALIFICATION] = 1U << 12 | 1;
    fake_exit(guest, &exit, EXIT_EPT_VIOLATION);
    assert_false(guest_nmi_deliverable(guest));
    fake.field[VMCS_EXIT_QUALIFICATION] = 0;
    fake_exit(guest, &exit, EXIT_HLT);
    assert_int_equal(fake.field[VMCS_GUEST_INTERRUPTIBILITY], BLOCKING_NMI);
}

/* Bochs 2.7 says so of a guest that runs after one that left the processor in
 * its NMI's handler. */
static void an_other_guests_nmi_blocks_nobody(void **state)
{
    struct guest *guest = fake_guest();
    struct exit exit;

    (void)state;
    fake.field[VMCS_GUEST_INTERRUPTIBILITY] = BLOCKING_NMI;
    fake_exit(guest, &exit, EXIT_EXTERNAL_INTERRUPT);
    assert_true(guest_nmi_deliverable(guest));
    guest_inject_nmi(guest);
    fake_exit(guest, &exit, EXIT_EXTERNAL_INTERRUPT);
    assert_int_equal(fake.field[VMCS_GUEST_INTERRUPTIBILITY], 0);

    /* Its own blocks it, though others run meanwhile, until its IRET. */
    fake.field[VMCS_GUEST_INTERRUPTIBILITY] = BLOCKING_NMI;
    fake_exit(guest, &exit, EXIT_EXTERNAL_INTERRUPT);
    processor_boot.vmx.ready = NULL;
    fake_exit(guest, &exit, EXIT_EXTERNAL_INTERRUPT);
    assert_false(guest_nmi_deliverable(guest));
    fake.field[VMCS_GUEST_INTERRUPTIBILITY] = 0;
    fake_exit(guest, &exit, EXIT_EXTERNAL_INTERRUPT);
    processor_boot.vmx.ready = NULL;
    fake_exit(guest, &exit, EXIT_EXTERNAL_INTERRUPT);
    fake.field[VMCS_GUEST_INTERRUPTIBILITY] = BLOCKING_NMI;
    fake_exit(guest, &exit, EXIT_EXTERNAL_INTERRUPT);
    assert_true(guest_nmi_deliverable(guest));
}

static void host_nmi_is_handled(void **state)
{
    struct guest *guest = fake_guest();
    struct exit exit;

    (void)state;
    fake.field[VMCS_EXIT_INTERRUPTION] = INFO(2, TYPE_NMI);
    fake_exit(guest, &exit, EXIT_EXCEPTION_NMI);
    assert_int_equal(fake.dispatched, 2);
    assert_int_equal(exit.event.type, 2);
    assert_true(guest_reflect_exception(guest, &exit));
    assert_int_equal(guest->event.info, 0);
}

static void debug_exception_is_reflected(void **state)
{
    struct guest *guest = fake_guest();
    struct exit exit;

    (void)state;
    fake.dr6 = 0xffff0ff2;
    fake.field[VMCS_GUEST_DR7] = 0x2400; /* GD */
    fake.field[VMCS_GUEST_RFLAGS] = RFLAGS_ONE | RFLAGS_IF | RFLAGS_TF;
    fake.field[VMCS_GUEST_INTERRUPTIBILITY] = BLOCKING_STI;
    fake.field[VMCS_EXIT_QUALIFICATION] = 0x4001; /* BS, B0 */
    fake.field[VMCS_EXIT_INTERRUPTION] = INFO(1, TYPE_EXCEPTION);
    fake_exit(guest, &exit, EXIT_EXCEPTION_NMI);
    assert_true(guest_reflect_exception(guest, &exit));
    assert_int_equal(fake.dr6, 0xffff4ff1);
    assert_int_equal(guest_get(guest, GUEST_DR7), 0x400);
    assert_int_equal(guest->event.info, INFO(1, TYPE_EXCEPTION));
    /* What the entry checks ask for in the shadow (27.3.1.5). */
    fake.field[VMCS_EXIT_INTERRUPTION] = 0;
    fake_exit(guest, &exit, EXIT_HLT);
    assert_int_equal(fake.field[VMCS_GUEST_PENDING_DEBUG], PENDING_DEBUG_BS);
}

static void real_mode_has_no_error_codes(void **state)
{
    struct guest *guest = fake_guest();
    struct exit exit;

    (void)state;
    guest_set(guest, GUEST_EFER, 0);
    guest_set(guest, GUEST_CR0, CR0_ET);
    guest_inject_exception(guest, 13, 5);
    fake_exit(guest, &exit, EXIT_HLT);
    assert_int_equal(fake.field[VMCS_ENTRY_INTERRUPTION] | 1U << 31,
                     INFO(13, TYPE_EXCEPTION));
}

static void windows_change_one_control(void **state)
{
    struct guest *guest = fake_guest();
    struct exit exit;

    (void)state;
    guest_want_interrupt_window(guest, false);
    fake_exit(guest, &exit, EXIT_HLT);
    assert_int_equal(fake.writes, 0);
    guest_want_interrupt_window(guest, true);
    guest_want_nmi_window(guest, true);
    fake_exit(guest, &exit, EXIT_HLT);
    assert_int_equal(fake.field[VMCS_PRIMARY_CONTROLS], 1U << 2 | 1U << 22);
    guest_want_interrupt_window(guest, false);
    fake_exit(guest, &exit, EXIT_HLT);
    assert_int_equal(fake.field[VMCS_PRIMARY_CONTROLS], 1U << 22);
}

static void failed_entry_leaves_no_event(void **state)
{
    struct guest *guest = fake_guest();
    struct exit exit;

    (void)state;
    guest_inject_interrupt(guest, 0x40);
    fake.field[VMCS_EXIT_REASON] = 0x80000021;
    guest_run(guest, &exit);
    assert_true(exit.entry_failed);
    assert_int_equal(exit.reason, EXIT_ENTRY_GUEST_STATE);
    assert_int_equal(fake.field[VMCS_ENTRY_INTERRUPTION], 0);
}

/* The machine's error is the host's, however the processor tells it. */
static void a_machine_check_is_the_hosts(void **state)
{
    struct guest *guest = fake_guest();
    struct exit exit;

    (void)state;
    fake.machine_checks = 0;
    fake.field[VMCS_EXIT_REASON] = 0x80000000 | EXIT_ENTRY_GUEST_STATE;
    guest_run(guest, &exit);
    assert_int_equal(fake.machine_checks, 0);
    fake.field[VMCS_EXIT_REASON] = 0x80000000 | EXIT_ENTRY_MACHINE_CHECK;
    guest_run(guest, &exit);
    assert_int_equal(fake.machine_checks, 1);
    fake.field[VMCS_EXIT_INTERRUPTION] = 0x80000300 | VECTOR_MC;
    fake_exit(guest, &exit, EXIT_EXCEPTION_NMI);
    assert_int_equal(fake.machine_checks, 2);
}

static void qualifications_are_split(void **state)
{
    struct guest *guest = fake_guest();
    struct exit exit;

    (void)state;
    fake.field[VMCS_EXIT_QUALIFICATION] = 0x03f8003b; /* REP INSD 3F8h */
    fake_exit(guest, &exit, EXIT_IO);
    assert_int_equal(exit.io.port, 0x3f8);
    assert_int_equal(exit.io.size, 4);
    assert_true(exit.io.in && exit.io.string && exit.io.rep);
    fake.field[VMCS_EXIT_QUALIFICATION] = 0x918; /* MOV R9, CR8 */
    fake_exit(guest, &exit, EXIT_CR_ACCESS);
    assert_int_equal(exit.cr.number, 8);
    assert_int_equal(exit.cr.access, CR_MOV_FROM);
    assert_int_equal(exit.cr.gpr, 9);
    fake.field[VMCS_EXIT_QUALIFICATION] = 0x3;
    fake_exit(guest, &exit, EXIT_EPT_VIOLATION);
    assert_true(exit.ept.read && exit.ept.write && !exit.ept.linear_valid);
    assert_false(exit.ept.page_walk);
    fake.field[VMCS_EXIT_QUALIFICATION] = 0x81;
    fake_exit(guest, &exit, EXIT_EPT_VIOLATION);
    assert_true(exit.ept.page_walk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cpuid_exit_is_cheap),
        cmocka_unit_test(mmio_exit_is_cheap),
        cmocka_unit_test(msrs_alike_are_not_written_at_a_switch),
        cmocka_unit_test(reads_are_cached_and_writes_wait),
        cmocka_unit_test(skip_ends_the_shadow_and_keeps_the_trap),
        cmocka_unit_test(skip_at_the_edges),
        cmocka_unit_test(exceptions_combine),
        cmocka_unit_test(a_software_interrupt_is_no_fault),
        cmocka_unit_test(interrupted_delivery_is_queued_again),
        cmocka_unit_test(nmi_blocking_follows_delivery_and_iret),
        cmocka_unit_test(an_other_guests_nmi_blocks_nobody),
        cmocka_unit_test(host_nmi_is_handled),
        cmocka_unit_test(debug_exception_is_reflected),
        cmocka_unit_test(real_mode_has_no_error_codes),
        cmocka_unit_test(windows_change_one_control),
        cmocka_unit_test(failed_entry_leaves_no_event),
        cmocka_unit_test(a_machine_check_is_the_hosts),
        cmocka_unit_test(qualifications_are_split),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
