/* The control table against capability words, and the entry checks: a good
 * state, and for each check the one field that breaks it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/regs.h"
#include "arch/vmx/vmx_controls.h"
#include "arch/vmx/vmx_entry_check.h"
#include "kernel/base/log.h"

void log_at(enum log_level level, const char *format, ...)
{
    (void)level;
    (void)format;
}

/* Bochs' corei7_skylake_x: what may be 1 in the high half, what must in the
 * low one. */
static const uint64_t bochs[CONTROL_WORDS] = {
    [CONTROL_PIN] = 0x7f00000016,
    [CONTROL_PRIMARY] = 0xf7f9fffe04006172,
    [CONTROL_SECONDARY] = 0x02177fff00000000,
    [CONTROL_EXIT] = 0x7fffff00036dfb,
    [CONTROL_ENTRY] = 0xffff000011fb,
};

static void a_real_processor_fits(void **state)
{
    uint32_t fitted[CONTROL_WORDS];

    (void)state;
    assert_null(vmx_controls_fit(bochs, fitted));
    for (unsigned i = 0; i < CONTROL_WORDS; i++) {
        uint32_t forced = (uint32_t)bochs[i];
        assert_int_equal(fitted[i] & forced, forced);
        assert_int_equal(fitted[i] & ~(uint32_t)(bochs[i] >> 32), 0);
    }
    assert_true(fitted[CONTROL_SECONDARY] & SECONDARY_EPT);
    assert_true(fitted[CONTROL_SECONDARY] & SECONDARY_UNRESTRICTED_GUEST);
    assert_false(fitted[CONTROL_PRIMARY] & PRIMARY_INTERRUPT_WINDOW);
    assert_false(fitted[CONTROL_ENTRY] & ENTRY_IA32E_GUEST);
}

static const struct vmx_control *fit(enum vmx_control_word word, uint64_t off,
                                     uint64_t on, uint32_t *fitted)
{
    uint64_t capability[CONTROL_WORDS];

    memcpy(capability, bochs, sizeof capability);
    capability[word] = (capability[word] & ~off) | on;
    return vmx_controls_fit(capability, fitted);
}

static void what_is_missing_is_named(void **state)
{
    static const struct {
        enum vmx_control_word word;
        unsigned off; /* bit not offered, or 99 */
        unsigned on;  /* bit forced, or 99 */
        const char *name;
    } cases[] = {
        {CONTROL_SECONDARY, 1, 99, "enable EPT"},
        {CONTROL_SECONDARY, 7, 99, "unrestricted guest"},
        {CONTROL_PIN, 5, 99, "virtual NMIs"},
        {CONTROL_PRIMARY, 31, 99, "activate secondary controls"},
        {CONTROL_PRIMARY, 22, 99, "NMI-window exiting"},
        {CONTROL_PRIMARY, 99, 15, "CR3-load exiting"},
        {CONTROL_ENTRY, 15, 99, "load IA32_EFER"},
        {CONTROL_EXIT, 15, 99, "acknowledge interrupt on exit"},
    };
    uint32_t fitted[CONTROL_WORDS];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t off = cases[i].off < 32 ? 1ULL << (32 + cases[i].off) : 0;
        uint64_t on = cases[i].on < 32 ? 1ULL << cases[i].on : 0;
        const struct vmx_control *missing = fit(cases[i].word, off, on, fitted);
        assert_non_null(missing);
        assert_string_equal(missing->name, cases[i].name);
    }
}

static void wishes_may_fail(void **state)
{
    uint32_t fitted[CONTROL_WORDS];
    uint64_t wanted = SECONDARY_VPID | SECONDARY_RDTSCP | SECONDARY_INVPCID |
                      SECONDARY_XSAVES | SECONDARY_PAUSE_LOOP;

    (void)state;
    assert_null(fit(CONTROL_SECONDARY, wanted << 32, 0, fitted));
    assert_int_equal(fitted[CONTROL_SECONDARY] & wanted, 0);
    assert_null(fit(CONTROL_SECONDARY, 0, 0, fitted));
    assert_int_equal(fitted[CONTROL_SECONDARY] & wanted, wanted);
}

/* Local APICs by the processor: all of it is offered, or it is not used. */
static void apics_are_virtual_or_not(void **state)
{
    static const struct {
        enum vmx_control_word word;
        unsigned bit;
        const char *name;
    } cases[] = {
        {CONTROL_PRIMARY, 21, "use TPR shadow"},
        {CONTROL_SECONDARY, 0, "virtualize APIC accesses"},
        {CONTROL_SECONDARY, 4, "virtualize x2APIC mode"},
        {CONTROL_SECONDARY, 8, "APIC-register virtualization"},
        {CONTROL_SECONDARY, 9, "virtual-interrupt delivery"},
    };
    uint64_t capability[CONTROL_WORDS];
    uint32_t fitted[CONTROL_WORDS];

    (void)state;
    assert_null(vmx_controls_no_apic(bochs));
    assert_null(vmx_controls_fit(bochs, fitted));
    assert_false(fitted[CONTROL_PRIMARY] & PRIMARY_TPR_SHADOW);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memcpy(capability, bochs, sizeof capability);
        capability[cases[i].word] &= ~(1ULL << (32 + cases[i].bit));
        assert_null(vmx_controls_fit(capability, fitted));
        assert_string_equal(vmx_controls_no_apic(capability), cases[i].name);
    }
    /* Posted interrupts are not part of that, but must not be forced. */
    assert_false(bochs[CONTROL_PIN] >> 32 & PIN_POSTED_INTERRUPTS);
    memcpy(capability, bochs, sizeof capability);
    capability[CONTROL_PIN] |= (uint64_t)PIN_POSTED_INTERRUPTS << 32;
    assert_null(vmx_controls_no_apic(capability));
    assert_null(vmx_controls_fit(capability, fitted));
    assert_false(fitted[CONTROL_PIN] & PIN_POSTED_INTERRUPTS);
    capability[CONTROL_PIN] |= PIN_POSTED_INTERRUPTS;
    assert_string_equal(vmx_controls_fit(capability, fitted)->name,
                        "process posted interrupts");
    memcpy(capability, bochs, sizeof capability);
    capability[CONTROL_PRIMARY] |= PRIMARY_CR8_STORE;
    assert_string_equal(vmx_controls_no_apic(capability), "CR8 without exits");
}

/* A 64-bit kernel at rest. */
static struct entry_state kernel_state(void)
{
    struct entry_state s = {
        .entry_controls = 0xd1ff | ENTRY_IA32E_GUEST,
        .cr0 = 0x80050033,
        .cr3 = 0x1000,
        .cr4 = 0x2020,
        .dr7 = 0x400,
        .pat = 0x0007040600070406,
        .efer = 0xd01,
        .gdtr_limit = 0x7f,
        .idtr_limit = 0xfff,
        .rip = 0xffffffff81000000,
        .rflags = 0x202,
        .link_pointer = ~0ULL,
        .cr0_fixed0 = 0x20,
        .cr0_fixed1 = 0xffffffff,
        .cr4_fixed0 = 0x2000,
        .cr4_fixed1 = 0x3727ff,
        .physical_bits = 40,
    };
    for (unsigned i = SEGMENT_ES; i <= SEGMENT_GS; i++) {
        s.segment[i] = (struct entry_segment){0x10, 0, 0xffffffff, 0xc093};
    }
    s.segment[SEGMENT_CS] = (struct entry_segment){8, 0, 0xffffffff, 0xa09b};
    s.segment[SEGMENT_LDTR] = (struct entry_segment){0, 0, 0, 0x10000};
    s.segment[SEGMENT_TR] = (struct entry_segment){0x40, 0x5000, 0x67, 0x8b};
    return s;
}

/* As INIT leaves it, with VMX's fixed bits. */
static struct entry_state init_state(void)
{
    struct entry_state s = kernel_state();
    s.entry_controls = 0xd1ff & ~ENTRY_IA32E_GUEST;
    s.cr0 = 0x30;
    s.cr3 = 0;
    s.cr4 = 0x2000;
    s.efer = 0;
    s.rip = 0xfff0;
    s.rflags = 2;
    for (unsigned i = SEGMENT_ES; i <= SEGMENT_GS; i++) {
        s.segment[i] = (struct entry_segment){0, 0, 0xffff, 0x93};
    }
    s.segment[SEGMENT_CS] =
        (struct entry_segment){0xf000, 0xffff0000, 0xffff, 0x9b};
    s.segment[SEGMENT_LDTR] = (struct entry_segment){0, 0, 0xffff, 0x82};
    s.segment[SEGMENT_TR] = (struct entry_segment){0, 0, 0xffff, 0x8b};
    return s;
}

static void good_states_pass(void **state)
{
    struct entry_state kernel = kernel_state();
    struct entry_state init = init_state();

    (void)state;
    assert_null(vmx_entry_check(&kernel).what);
    assert_null(vmx_entry_check(&init).what);
    kernel.activity = 1; /* HLT in ring 0 */
    assert_null(vmx_entry_check(&kernel).what);
}

#define BREAKS(member, wrong, beginning)                                       \
    do {                                                                       \
        struct entry_state s = kernel_state();                                 \
        s.member = wrong;                                                      \
        struct entry_fault fault = vmx_entry_check(&s);                        \
        assert_non_null(fault.what);                                           \
        assert_memory_equal(fault.what, beginning, sizeof(beginning) - 1);     \
    } while (0)

/* SDM 3C 27.3.1.4. */
static void rip_need_not_be_canonical(void **state)
{
    struct entry_state s = kernel_state();

    (void)state;
    s.rip = 1ULL << 47;
    assert_null(vmx_entry_check(&s).what);
}

static void each_register_is_named(void **state)
{
    (void)state;
    BREAKS(cr0, 0x80050013, "CR0: a bit that VMX fixes");
    BREAKS(cr0, 0x80050032, "CR0: PG without PE");
    BREAKS(cr0, 0x50033, "CR0: IA-32e mode without PG");
    BREAKS(cr4, 0x20, "CR4: a bit that VMX fixes");
    BREAKS(cr4, 0x2000, "CR4: IA-32e mode without PAE");
    BREAKS(cr3, 1ULL << 40, "CR3");
    BREAKS(dr7, 1ULL << 32, "DR7");
    BREAKS(debugctl, 4, "DEBUGCTL");
    BREAKS(sysenter_eip, 1ULL << 47, "SYSENTER_EIP");
    BREAKS(pat, 0x0207040600070406, "PAT");
    BREAKS(efer, 0x501 | 2, "EFER: reserved bit");
    BREAKS(efer, 0x101, "EFER: LMA differs from the entry control");
    BREAKS(efer, 0x401, "EFER: LMA differs from LME");
    BREAKS(gdtr_base, 1ULL << 47, "GDTR base");
    BREAKS(idtr_limit, 0x10000, "IDTR limit");
    BREAKS(rip, 1ULL << 48, "RIP: bits 63:48 differ");
    BREAKS(rflags, 0x200, "RFLAGS: reserved bit");
    BREAKS(rflags, 0x20202, "segment base in virtual-8086 mode");
    BREAKS(link_pointer, 0, "VMCS link pointer");
}

static void each_segment_is_named(void **state)
{
    (void)state;
    BREAKS(segment[SEGMENT_CS].rights, 0x1a09b, "CS rights: unusable");
    BREAKS(segment[SEGMENT_CS].rights, 0xa091, "CS rights: type");
    BREAKS(segment[SEGMENT_CS].rights, 0xa0f3, "CS rights: data type");
    BREAKS(segment[SEGMENT_CS].rights, 0xa0fb, "CS rights: DPL differs");
    BREAKS(segment[SEGMENT_CS].rights, 0xa0ff, "CS rights: DPL above");
    BREAKS(segment[SEGMENT_CS].rights, 0xe09b, "CS rights: L and D");
    BREAKS(segment[SEGMENT_CS].rights, 0xa01b, "segment rights: not present");
    BREAKS(segment[SEGMENT_CS].base, 1ULL << 32, "CS base");
    BREAKS(segment[SEGMENT_CS].limit, 0xffff0000, "segment rights: G");
    BREAKS(segment[SEGMENT_SS].rights, 0xc09b, "SS rights: type");
    BREAKS(segment[SEGMENT_SS].rights, 0xc083, "SS rights: a system");
    BREAKS(segment[SEGMENT_DS].rights, 0xc092, "data segment rights: not acc");
    BREAKS(segment[SEGMENT_ES].rights, 0xc099, "data segment rights: code");
    BREAKS(segment[SEGMENT_GS].base, 1ULL << 47, "FS or GS base");
    BREAKS(segment[SEGMENT_FS].rights, 0xc193, "segment rights: reserved");
    BREAKS(segment[SEGMENT_TR].rights, 0x82, "TR rights: type");
    BREAKS(segment[SEGMENT_TR].rights, 0x1008b, "TR rights: unusable");
    BREAKS(segment[SEGMENT_TR].selector, 0x44, "TR selector");
    BREAKS(segment[SEGMENT_TR].limit, 0x100000, "segment limit");
    BREAKS(segment[SEGMENT_LDTR].rights, 0x83, "LDTR rights: type");
}

static void each_combination_is_named(void **state)
{
    (void)state;
    BREAKS(activity, 4, "activity state: unknown");
    BREAKS(interruptibility, 3, "interruptibility: STI and MOV SS");
    BREAKS(interruptibility, 0x20, "interruptibility: reserved");
    BREAKS(pending_debug, 0x20, "pending debug exceptions: reserved");

    struct entry_state s = kernel_state();
    s.interruption = 0x80000040;
    s.rflags = 2;
    assert_string_equal(vmx_entry_check(&s).what,
                        "RFLAGS: IF clear, but an external interrupt is "
                        "injected");
    s.rflags = 0x202;
    assert_null(vmx_entry_check(&s).what);
    s.interruptibility = 1;
    assert_string_equal(vmx_entry_check(&s).what,
                        "interruptibility: an interrupt injected in a shadow");
    s.interruption = 0x80000202;
    s.interruptibility = 8;
    assert_string_equal(vmx_entry_check(&s).what,
                        "interruptibility: an NMI injected while blocked");
    s.interruption = 0;
    s.interruptibility = 1;
    s.rflags = 0x302;
    assert_string_equal(vmx_entry_check(&s).what,
                        "pending debug exceptions: BS differs from RFLAGS.TF");
    s.pending_debug = 0x4000;
    assert_null(vmx_entry_check(&s).what);
    s.activity = 1;
    assert_string_equal(vmx_entry_check(&s).what,
                        "activity state: not active in the shadow of STI or "
                        "MOV SS");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_real_processor_fits),
        cmocka_unit_test(what_is_missing_is_named),
        cmocka_unit_test(wishes_may_fail),
        cmocka_unit_test(apics_are_virtual_or_not),
        cmocka_unit_test(good_states_pass),
        cmocka_unit_test(rip_need_not_be_canonical),
        cmocka_unit_test(each_register_is_named),
        cmocka_unit_test(each_segment_is_named),
        cmocka_unit_test(each_combination_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
