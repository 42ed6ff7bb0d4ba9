/* The control fields of a VM entry that failed: a good set, and for each check
 * the one field that breaks it, by name in the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arch/vmx/vmx_entry_controls.h"
#include "arch/vmx/vmx_insn.h"
#include "arch/vmx/vmx_state.h"
#include "kernel/base/log.h"

struct vmx_machine vmx_machine;
static uint64_t fields[0x7000];
static uint64_t capabilities[CONTROL_WORDS];
static char logged[256];

uint64_t vmx_read(enum vmcs_field field)
{
    return fields[field];
}

void vmx_capabilities(uint64_t capability[CONTROL_WORDS])
{
    memcpy(capability, capabilities, sizeof(capabilities));
}

void log_at(enum log_level level, const char *format, ...)
{
    va_list arguments;

    (void)level;
    va_start(arguments, format);
    vsnprintf(logged, sizeof(logged), format, arguments);
    va_end(arguments);
}

#define SECONDARY                                                              \
    (SECONDARY_EPT | SECONDARY_VPID | SECONDARY_UNRESTRICTED_GUEST |           \
     SECONDARY_X2APIC | SECONDARY_APIC_REGISTERS |                             \
     SECONDARY_INTERRUPT_DELIVERY)

/* Everything that Lintel sets, on a processor with a virtual APIC. */
static int good(void **state)
{
    (void)state;
    memset(fields, 0, sizeof(fields));
    memset(logged, 0, sizeof(logged));
    for (unsigned i = 0; i < CONTROL_WORDS; i++) {
        capabilities[i] = 0x7fffffffULL << 32 | 2;
    }
    capabilities[CONTROL_SECONDARY] = 0x7fffffffULL << 32;
    vmx_machine.physical_bits = 40;
    vmx_machine.ept_vpid = 0;
    fields[VMCS_PIN_CONTROLS] = PIN_EXTERNAL_INTERRUPT | PIN_NMI |
                                PIN_VIRTUAL_NMI | PIN_POSTED_INTERRUPTS | 2;
    fields[VMCS_PRIMARY_CONTROLS] = PRIMARY_TPR_SHADOW | PRIMARY_NMI_WINDOW | 2;
    fields[VMCS_SECONDARY_CONTROLS] = SECONDARY;
    fields[VMCS_EXIT_CONTROLS] = EXIT_ACKNOWLEDGE | 2;
    fields[VMCS_POSTED_VECTOR] = 0xe2;
    fields[VMCS_POSTED_DESCRIPTOR] = 0x8040;
    fields[VMCS_ENTRY_CONTROLS] = 2;
    fields[VMCS_MSR_BITMAP] = 0x5000;
    fields[VMCS_VIRTUAL_APIC_ADDRESS] = 0x6000;
    fields[VMCS_EPT_POINTER] = 0x7000 | 0x1e;
    fields[VMCS_VPID] = 1;
    fields[VMCS_ENTRY_INTERRUPTION] = 0x80000b0e; /* #PF with its code */
    fields[VMCS_ENTRY_ERROR_CODE] = 2;
    return 0;
}

static void a_good_set_has_no_fault(void **state)
{
    (void)state;
    vmx_entry_controls_log();
    assert_string_equal(logged, "VM entry failed for a field that Lintel does "
                                "not check");
}

static void each_field_is_named(void **state)
{
    static const struct {
        enum vmcs_field field;
        uint64_t value;
        const char *name;
    } cases[] = {
        {VMCS_PIN_CONTROLS, 0x80000000, "pin controls: not offered"},
        {VMCS_EXIT_CONTROLS, 0, "exit controls: must be 1"},
        {VMCS_PRIMARY_CONTROLS, 2,
         "secondary controls: virtual APIC without TPR shadow"},
        {VMCS_VIRTUAL_APIC_ADDRESS, 0x6010, "virtual-APIC address"},
        {VMCS_VIRTUAL_APIC_ADDRESS, 1ULL << 40, "virtual-APIC address"},
        {VMCS_PIN_CONTROLS, PIN_NMI | PIN_VIRTUAL_NMI | 2,
         "pin controls: virtual-interrupt delivery without external-"},
        {VMCS_SECONDARY_CONTROLS, SECONDARY | SECONDARY_APIC_ACCESSES,
         "secondary controls: APIC accesses in x2APIC mode"},
        {VMCS_SECONDARY_CONTROLS, SECONDARY & ~SECONDARY_INTERRUPT_DELIVERY,
         "pin controls: posted interrupts without virtual-interrupt delivery"},
        {VMCS_EXIT_CONTROLS, 2,
         "exit controls: posted interrupts without acknowledge on exit"},
        {VMCS_POSTED_VECTOR, 0x1e2, "posted-interrupt notification vector"},
        {VMCS_POSTED_DESCRIPTOR, 0x8020, "posted-interrupt descriptor address"},
        {VMCS_POSTED_DESCRIPTOR, 1ULL << 40, "posted-interrupt descriptor"},
        {VMCS_CR3_TARGET_COUNT, 5, "CR3-target count"},
        {VMCS_MSR_BITMAP, 0x5001, "MSR-bitmap address"},
        {VMCS_PIN_CONTROLS, PIN_EXTERNAL_INTERRUPT | PIN_VIRTUAL_NMI | 2,
         "pin controls: virtual NMIs without NMI exiting"},
        {VMCS_PIN_CONTROLS, PIN_EXTERNAL_INTERRUPT | PIN_NMI | 2,
         "primary controls: NMI window without virtual NMIs"},
        {VMCS_VPID, 0, "VPID"},
        {VMCS_SECONDARY_CONTROLS, SECONDARY & ~SECONDARY_EPT,
         "secondary controls: unrestricted guest without EPT"},
        {VMCS_EPT_POINTER, 0x7018, "EPT pointer: memory type"},
        {VMCS_EPT_POINTER, 0x7006, "EPT pointer: levels"},
        {VMCS_EPT_POINTER, 0x705e, "EPT pointer: accessed/dirty"},
        {VMCS_EPT_POINTER, 0x709e, "EPT pointer: reserved bit"},
        {VMCS_EXIT_MSR_LOAD_COUNT, 1, "VM-exit MSR counts"},
        {VMCS_ENTRY_MSR_LOAD_COUNT, 1, "VM-entry MSR-load count"},
        {VMCS_ENTRY_INTERRUPTION, 0x80001030, "entry interruption: reserved"},
        {VMCS_ENTRY_INTERRUPTION, 0x80000130, "entry interruption: type"},
        {VMCS_ENTRY_INTERRUPTION, 0x80000203, "entry interruption: vector"},
        {VMCS_ENTRY_INTERRUPTION, 0x80000320, "entry interruption: vector"},
        {VMCS_ENTRY_INTERRUPTION, 0x80000830, "entry interruption: error code"},
        {VMCS_ENTRY_ERROR_CODE, 0x10000, "entry exception error code"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char expected[128];

        good(state);
        fields[cases[i].field] = cases[i].value;
        vmx_entry_controls_log();
        snprintf(expected, sizeof(expected), "VM entry failed for %s",
                 cases[i].name);
        assert_memory_equal(logged, expected, strlen(expected));
    }
}

static void a_length_belongs_to_software_events(void **state)
{
    (void)state;
    fields[VMCS_ENTRY_INSTRUCTION_LENGTH] = 16;
    vmx_entry_controls_log();
    assert_non_null(strstr(logged, "does not check"));
    fields[VMCS_ENTRY_INTERRUPTION] = 0x80000480;
    vmx_entry_controls_log();
    assert_non_null(strstr(logged, "entry instruction length: 0x10"));
}

/* Without the control, the field is not even read. */
static void fields_that_do_not_count_are_left(void **state)
{
    (void)state;
    fields[VMCS_PIN_CONTROLS] &= ~(uint64_t)PIN_POSTED_INTERRUPTS;
    fields[VMCS_POSTED_VECTOR] = 0xffff;
    fields[VMCS_PRIMARY_CONTROLS] = 2;
    fields[VMCS_SECONDARY_CONTROLS] = SECONDARY_EPT;
    fields[VMCS_VPID] = 0;
    fields[VMCS_VIRTUAL_APIC_ADDRESS] = 1;
    vmx_entry_controls_log();
    assert_non_null(strstr(logged, "does not check"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_good_set_has_no_fault, good),
        cmocka_unit_test_setup(each_field_is_named, good),
        cmocka_unit_test_setup(a_length_belongs_to_software_events, good),
        cmocka_unit_test_setup(fields_that_do_not_count_are_left, good),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
