/* arch/vmx/guest_cr.c and guest_regs.c over a VMCS that is an array: what a
 * guest may write to control registers and MSRs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch/msr.h"
#include "arch/regs.h"
#include "test/unit/support/guest_fake.h"

static void mode_follows_control_registers(void **state)
{
    struct guest *guest = fake_guest();
    struct exit exit;

    (void)state;
    assert_true(fake.field[VMCS_ENTRY_CONTROLS] & 1U << 9);
    assert_true(fake.field[VMCS_GUEST_CR4] & CR4_VMXE);
    assert_true(fake.field[VMCS_GUEST_CR4] & CR4_MCE);
    assert_int_equal(guest_get(guest, GUEST_CR4), CR4_PAE);
    guest_set(guest, GUEST_CS_RIGHTS, 0xc09b);
    assert_int_equal(guest_write_cr0(guest, CR0_PE | CR0_CD | CR0_NW, NULL),
                     GUEST_WRITE_DONE);
    assert_int_equal(guest_get(guest, GUEST_EFER), EFER_LME);
    fake_exit(guest, &exit, EXIT_HLT);
    assert_false(fake.field[VMCS_ENTRY_CONTROLS] & 1U << 9);
    assert_int_equal(fake.field[VMCS_GUEST_EFER], EFER_LME);
    /* The guest's caching bits never reach the processor. */
    assert_int_equal(fake.field[VMCS_GUEST_CR0], CR0_PE | CR0_ET | CR0_NE);
    assert_int_equal(guest_get(guest, GUEST_CR0),
                     CR0_PE | CR0_ET | CR0_CD | CR0_NW);
    assert_int_equal(fake.vpid_flushes, 1);
}

static void cr0_writes_are_checked(void **state)
{
    static const uint64_t refused[] = {
        1ULL << 32 | CR0_PG | CR0_PE, CR0_PG, /* without PE */
        CR0_PG | CR0_PE | CR0_NW,             /* without CD */
        CR0_PE,                               /* leaves paging in 64-bit code */
    };
    struct guest *guest = fake_guest();

    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assert_int_equal(guest_write_cr0(guest, refused[i], NULL),
                         GUEST_WRITE_FAULT);
    }
    guest_set(guest, GUEST_CS_RIGHTS, 0xc09b);
    guest_set(guest, GUEST_CR4, CR4_PAE | CR4_PCIDE);
    assert_int_equal(guest_write_cr0(guest, CR0_PE, NULL), GUEST_WRITE_FAULT);
    assert_int_equal(guest->dirty & REG_BIT(GUEST_CR0), 0);

    /* Into long mode: PAE, and a TSS that is not 16-bit. */
    guest_set(guest, GUEST_CR0, CR0_PE | CR0_ET);
    guest_set(guest, GUEST_EFER, EFER_LME);
    guest_set(guest, GUEST_CR4, 0);
    assert_int_equal(guest_write_cr0(guest, CR0_PE | CR0_PG, NULL),
                     GUEST_WRITE_FAULT);
    guest_set(guest, GUEST_CR4, CR4_PAE);
    guest_set(guest, GUEST_TR_RIGHTS, 0x83);
    assert_int_equal(guest_write_cr0(guest, CR0_PE | CR0_PG, NULL),
                     GUEST_WRITE_FAULT);
    guest_set(guest, GUEST_TR_RIGHTS, 0x8b);
    assert_int_equal(guest_write_cr0(guest, CR0_PE | CR0_PG, NULL),
                     GUEST_WRITE_DONE);
    assert_int_equal(guest_get(guest, GUEST_EFER), EFER_LME | EFER_LMA);
}

static void pae_paging_loads_its_pointers(void **state)
{
    static const uint64_t good[4] = {0x1001, 0x2001, 0, 0xfffffffffffffffe};
    static const uint64_t bad[4] = {0x1001, 0x2021, 0, 0};
    static const unsigned reserved[] = {1, 2, 5,
                                        6, 7, 8}; /* SDM 3A Table 4-8 */
    struct guest *guest = fake_guest();
    struct exit exit;

    (void)state;
    guest_set(guest, GUEST_EFER, 0);
    guest_set(guest, GUEST_CR0, CR0_PE | CR0_ET);
    guest_set(guest, GUEST_CR3, 0xffffffff12345678);
    assert_int_equal(guest_pdpte_address(guest), 0x12345660);
    assert_int_equal(guest_write_cr0(guest, CR0_PE | CR0_PG, NULL),
                     GUEST_WRITE_PDPTES);
    assert_int_equal(guest_write_cr0(guest, CR0_PE | CR0_PG, bad),
                     GUEST_WRITE_FAULT);
    assert_int_equal(guest_get(guest, GUEST_CR0), CR0_PE | CR0_ET);
    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
        const uint64_t one[4] = {0x1001 | 1ULL << reserved[i], 0, 0, 0};

        assert_int_equal(guest_write_cr0(guest, CR0_PE | CR0_PG, one),
                         GUEST_WRITE_FAULT);
    }
    assert_int_equal(guest_write_cr0(guest, CR0_PE | CR0_PG, good),
                     GUEST_WRITE_DONE);
    fake_exit(guest, &exit, EXIT_HLT);
    assert_int_equal(fake.field[VMCS_GUEST_PDPTE1], 0x2001);
    assert_int_equal(guest_write_cr4(guest, CR4_PAE | CR4_OSFXSR, NULL),
                     GUEST_WRITE_DONE);
    assert_int_equal(guest_write_cr4(guest, CR4_PAE | CR4_PGE, NULL),
                     GUEST_WRITE_PDPTES);
}

static void cr4_writes_are_checked(void **state)
{
    struct guest *guest = fake_guest();

    (void)state;
    assert_int_equal(guest_write_cr4(guest, CR4_PAE | CR4_VMXE, NULL),
                     GUEST_WRITE_FAULT);
    assert_int_equal(guest_write_cr4(guest, CR4_PAE | CR4_LA57, NULL),
                     GUEST_WRITE_FAULT);
    assert_int_equal(guest_write_cr4(guest, 0, NULL), GUEST_WRITE_FAULT);
    guest_set(guest, GUEST_CR3, 0x8001);
    assert_int_equal(guest_write_cr4(guest, CR4_PAE | CR4_PCIDE, NULL),
                     GUEST_WRITE_FAULT);
    guest_set(guest, GUEST_CR3, 0x8000);
    assert_int_equal(guest_write_cr4(guest, CR4_PAE | CR4_PCIDE, NULL),
                     GUEST_WRITE_DONE);
    guest_allow_cr4(guest, CR4_PAE | CR4_PGE);
    assert_int_equal(guest_write_cr4(guest, CR4_PAE | CR4_SMEP, NULL),
                     GUEST_WRITE_FAULT);
}

static void model_specific_writes_are_checked(void **state)
{
    struct guest *guest = fake_guest();

    (void)state;
    assert_int_equal(guest_write_efer(guest, 1U << 12), GUEST_WRITE_FAULT);
    assert_int_equal(guest_write_efer(guest, 0), GUEST_WRITE_FAULT);
    assert_int_equal(guest_write_efer(guest, EFER_LME | EFER_NXE),
                     GUEST_WRITE_DONE);
    assert_int_equal(guest_get(guest, GUEST_EFER),
                     EFER_LME | EFER_LMA | EFER_NXE);
    assert_int_equal(guest_write_pat(guest, 2), GUEST_WRITE_FAULT);
    assert_int_equal(guest_write_pat(guest, 8ULL << 56), GUEST_WRITE_FAULT);
    assert_int_equal(guest_write_pat(guest, 0x0407050600010406),
                     GUEST_WRITE_DONE);
    assert_int_equal(guest_write_xss(guest, 0x100), GUEST_WRITE_FAULT);
    assert_false(guest_write_spec_ctrl(guest, 1));
    assert_false(guest_write_pred_cmd(guest, 1));
}

/* Where its value is exchanged at every exit for the host's sake, the guest
 * still gets the MSR to itself when it first uses it. */
static void speculation_control_is_the_guests_once_used(void **state)
{
    struct guest *guest = fake_guest();
    struct exit exit;

    (void)state;
    vmx_machine.spec_bits = 7;
    guest->mitigations = MITIGATION_SPEC_CTRL;
    assert_true(guest_write_spec_ctrl(guest, 0));
    assert_int_equal(fake.spec_passed, 0);
    assert_true(guest_write_spec_ctrl(guest, 4));
    assert_int_equal(fake.spec_passed, FAKE_READ | FAKE_WRITE);
    assert_int_equal(guest_read_spec_ctrl(guest), 4);
    for (unsigned i = 0; i < 2; i++) {
        fake.spec_ctrl = 1; /* the exit's doing */
        fake_exit(guest, &exit, EXIT_CPUID);
        assert_int_equal(fake.spec_ctrl, 4);
    }
    vmx_machine.spec_bits = 0;
}

static void xcr0_follows_its_rules(void **state)
{
    static const struct {
        uint64_t value;
        bool good;
    } cases[] = {
        {0, false},    {1, true},     {2, false},     {3, true},
        {5, false},    {7, true},     {0x27, false},  {0xe7, true},
        {0xe3, false}, {0x1f, false}, {0x207, false},
    };
    struct guest *guest = fake_guest();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(guest_set_xcr0(guest, cases[i].value), cases[i].good);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mode_follows_control_registers),
        cmocka_unit_test(cr0_writes_are_checked),
        cmocka_unit_test(pae_paging_loads_its_pointers),
        cmocka_unit_test(cr4_writes_are_checked),
        cmocka_unit_test(model_specific_writes_are_checked),
        cmocka_unit_test(speculation_control_is_the_guests_once_used),
        cmocka_unit_test(xcr0_follows_its_rules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
