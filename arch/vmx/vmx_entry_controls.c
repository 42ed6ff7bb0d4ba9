/* Finds the control field because of which a VM entry failed. guest_run()
 * calls it before it panics, since no guest can cause that. The order is
 * that of SDM 3C 27.2.1, for the fields that Lintel uses. */
#include "arch/vmx/vmx_entry_controls.h"

#include <stdbool.h>
#include <stddef.h>

#include "arch/regs.h"
#include "arch/vmx/guest_state.h"
#include "arch/vmx/vmx_controls.h"
#include "arch/vmx/vmx_entry_check.h"
#include "arch/vmx/vmx_insn.h"
#include "arch/vmx/vmx_state.h"
#include "kernel/base/log.h"

#define CR3_TARGETS     4U
#define THRESHOLD_CLASS 0xfULL

/* Interruption information of an entry: bits 30:12 are reserved (27.2.1.3). */
#define INTERRUPTION_RESERVED 0x7ffff000U
#define TYPE_RESERVED         1U
#define LENGTH_MAX            15U

struct entry_controls {
    uint64_t control[CONTROL_WORDS];
    uint64_t capability[CONTROL_WORDS]; /* as vmx_controls_fit() takes them */
    uint64_t cr3_target_count;
    uint64_t msr_bitmap;
    uint64_t ept_pointer;
    uint64_t vpid;
    uint64_t virtual_apic;
    uint64_t apic_access;
    uint64_t tpr_threshold;
    uint64_t posted_vector;
    uint64_t posted_descriptor;
    uint64_t exit_msr_counts; /* the sum of stores and loads */
    uint64_t entry_msr_count;
    uint64_t interruption;
    uint64_t error_code;
    uint64_t length;
    uint64_t ept_vpid; /* IA32_VMX_EPT_VPID_CAP */
    unsigned physical_bits;
};

static bool pin(const struct entry_controls *c, uint32_t bit)
{
    return c->control[CONTROL_PIN] & bit;
}

static bool primary(const struct entry_controls *c, uint32_t bit)
{
    return c->control[CONTROL_PRIMARY] & bit;
}

static bool secondary(const struct entry_controls *c, uint32_t bit)
{
    return c->control[CONTROL_SECONDARY] & bit;
}

static bool no_page(const struct entry_controls *c, uint64_t address)
{
    return (address & 0xfff) || address >> c->physical_bits;
}

static struct entry_fault check_words(const struct entry_controls *c)
{
    static const char *const beyond[CONTROL_WORDS] = {
        "pin controls: not offered",       "primary controls: not offered",
        "secondary controls: not offered", "exit controls: not offered",
        "entry controls: not offered",
    };
    static const char *const lacking[CONTROL_WORDS] = {
        "pin controls: must be 1",       "primary controls: must be 1",
        "secondary controls: must be 1", "exit controls: must be 1",
        "entry controls: must be 1",
    };

    for (unsigned i = 0; i < CONTROL_WORDS; i++) {
        uint64_t wrong = c->control[i] & ~(c->capability[i] >> 32);
        uint64_t missing = (uint32_t)c->capability[i] & ~c->control[i];

        REFUSE(wrong, beyond[i], wrong);
        REFUSE(missing, lacking[i], missing);
    }
    return ENTRY_FINE;
}

static struct entry_fault check_apic(const struct entry_controls *c)
{
    bool delivery = secondary(c, SECONDARY_INTERRUPT_DELIVERY);
    uint64_t virtual = c->control[CONTROL_SECONDARY] &
                       (SECONDARY_X2APIC | SECONDARY_APIC_REGISTERS |
                        SECONDARY_INTERRUPT_DELIVERY);

    if (!primary(c, PRIMARY_TPR_SHADOW)) {
        REFUSE(virtual, "secondary controls: virtual APIC without TPR shadow",
               virtual);
        return ENTRY_FINE;
    }
    REFUSE(no_page(c, c->virtual_apic), "virtual-APIC address",
           c->virtual_apic);
    REFUSE(secondary(c, SECONDARY_APIC_ACCESSES) && no_page(c, c->apic_access),
           "APIC-access address", c->apic_access);
    REFUSE(secondary(c, SECONDARY_APIC_ACCESSES) &&
               secondary(c, SECONDARY_X2APIC),
           "secondary controls: APIC accesses in x2APIC mode",
           c->control[CONTROL_SECONDARY]);
    REFUSE(!delivery && (c->tpr_threshold & ~THRESHOLD_CLASS), "TPR threshold",
           c->tpr_threshold);
    REFUSE(
        delivery && !pin(c, PIN_EXTERNAL_INTERRUPT),
        "pin controls: virtual-interrupt delivery without external-interrupt "
        "exiting",
        c->control[CONTROL_PIN]);
    return ENTRY_FINE;
}

static struct entry_fault check_posted(const struct entry_controls *c)
{
    if (!pin(c, PIN_POSTED_INTERRUPTS)) {
        return ENTRY_FINE;
    }
    REFUSE(!secondary(c, SECONDARY_INTERRUPT_DELIVERY),
           "pin controls: posted interrupts without virtual-interrupt delivery",
           c->control[CONTROL_PIN]);
    REFUSE(!(c->control[CONTROL_EXIT] & EXIT_ACKNOWLEDGE),
           "exit controls: posted interrupts without acknowledge on exit",
           c->control[CONTROL_EXIT]);
    REFUSE(c->posted_vector >> 8, "posted-interrupt notification vector",
           c->posted_vector);
    REFUSE((c->posted_descriptor & 0x3f) ||
               c->posted_descriptor >> c->physical_bits,
           "posted-interrupt descriptor address", c->posted_descriptor);
    return ENTRY_FINE;
}

static struct entry_fault check_execution(const struct entry_controls *c)
{
    struct entry_fault fault = check_apic(c);

    if (fault.what) {
        return fault;
    }
    REFUSE(c->cr3_target_count > CR3_TARGETS, "CR3-target count",
           c->cr3_target_count);
    REFUSE(no_page(c, c->msr_bitmap), "MSR-bitmap address", c->msr_bitmap);
    REFUSE(!pin(c, PIN_NMI) && pin(c, PIN_VIRTUAL_NMI),
           "pin controls: virtual NMIs without NMI exiting",
           c->control[CONTROL_PIN]);
    REFUSE(!pin(c, PIN_VIRTUAL_NMI) && primary(c, PRIMARY_NMI_WINDOW),
           "primary controls: NMI window without virtual NMIs",
           c->control[CONTROL_PRIMARY]);
    REFUSE(secondary(c, SECONDARY_VPID) && c->vpid == 0, "VPID", c->vpid);
    REFUSE(secondary(c, SECONDARY_UNRESTRICTED_GUEST) &&
               !secondary(c, SECONDARY_EPT),
           "secondary controls: unrestricted guest without EPT",
           c->control[CONTROL_SECONDARY]);
    return ENTRY_FINE;
}

static struct entry_fault check_ept(const struct entry_controls *c)
{
    uint64_t pointer = c->ept_pointer;

    if (!secondary(c, SECONDARY_EPT)) {
        return ENTRY_FINE;
    }
    REFUSE((pointer & EPT_POINTER_TYPE) != MEMORY_WB,
           "EPT pointer: memory type", pointer);
    REFUSE((pointer & EPT_POINTER_LEVELS) != EPT_POINTER_4_LEVELS,
           "EPT pointer: levels", pointer);
    REFUSE((pointer & EPT_POINTER_ACCESSED_DIRTY) &&
               !(c->ept_vpid & EPT_CAP_ACCESSED_DIRTY),
           "EPT pointer: accessed/dirty bits", pointer);
    REFUSE((pointer & EPT_POINTER_RESERVED) || pointer >> c->physical_bits,
           "EPT pointer: reserved bit", pointer);
    return ENTRY_FINE;
}

static struct entry_fault check_msr_areas(const struct entry_controls *c)
{
    REFUSE(c->exit_msr_counts, "VM-exit MSR counts", c->exit_msr_counts);
    REFUSE(c->entry_msr_count, "VM-entry MSR-load count", c->entry_msr_count);
    return ENTRY_FINE;
}

/* True if the vector is possible for the type. */
static bool vector_fits(unsigned type, unsigned vector)
{
    switch (type) {
    case TYPE_NMI:
        return vector == VECTOR_NMI;
    case TYPE_EXCEPTION:
        return vector < 32;
    default:
        return true;
    }
}

static struct entry_fault check_injection(const struct entry_controls *c)
{
    uint32_t info = (uint32_t)c->interruption;
    unsigned type = (unsigned)bits(info, 10, 8);
    bool software = type >= TYPE_SOFTWARE_INTERRUPT && type != 7;

    if (!(info & INTERRUPTION_VALID)) {
        return ENTRY_FINE;
    }
    REFUSE(info & INTERRUPTION_RESERVED, "entry interruption: reserved bit",
           info);
    REFUSE(type == TYPE_RESERVED, "entry interruption: type", info);
    REFUSE(!vector_fits(type, info & INTERRUPTION_VECTOR),
           "entry interruption: vector", info);
    REFUSE((info & INTERRUPTION_ERROR_CODE) && type != TYPE_EXCEPTION,
           "entry interruption: error code", info);
    REFUSE((info & INTERRUPTION_ERROR_CODE) && c->error_code >> 16,
           "entry exception error code", c->error_code);
    REFUSE(software && c->length > LENGTH_MAX, "entry instruction length",
           c->length);
    return ENTRY_FINE;
}

static struct entry_fault check(const struct entry_controls *controls)
{
    static struct entry_fault (*const checks[])(
        const struct entry_controls *) = {
        check_words, check_execution, check_posted,
        check_ept,   check_msr_areas, check_injection,
    };
    struct entry_fault fault = ENTRY_FINE;

    for (size_t i = 0; i < sizeof checks / sizeof *checks && !fault.what; i++) {
        fault = checks[i](controls);
    }
    return fault;
}

/* Reads fields that the processor may lack only if their control is on, so
 * that a failing VMREAD does not hide the reason. */
static void read_optional(struct entry_controls *c)
{
    if (secondary(c, SECONDARY_VPID)) {
        c->vpid = vmx_read(VMCS_VPID);
    }
    if (secondary(c, SECONDARY_APIC_ACCESSES)) {
        c->apic_access = vmx_read(VMCS_APIC_ACCESS_ADDRESS);
    }
    if (pin(c, PIN_POSTED_INTERRUPTS)) {
        c->posted_vector = vmx_read(VMCS_POSTED_VECTOR);
        c->posted_descriptor = vmx_read(VMCS_POSTED_DESCRIPTOR);
    }
    if (primary(c, PRIMARY_TPR_SHADOW)) {
        c->virtual_apic = vmx_read(VMCS_VIRTUAL_APIC_ADDRESS);
        c->tpr_threshold = vmx_read(VMCS_TPR_THRESHOLD);
    }
}

void vmx_entry_controls_log(void)
{
    struct entry_controls c = {
        .control = {[CONTROL_PIN] = vmx_read(VMCS_PIN_CONTROLS),
                    [CONTROL_PRIMARY] = vmx_read(VMCS_PRIMARY_CONTROLS),
                    [CONTROL_SECONDARY] = vmx_read(VMCS_SECONDARY_CONTROLS),
                    [CONTROL_EXIT] = vmx_read(VMCS_EXIT_CONTROLS),
                    [CONTROL_ENTRY] = vmx_read(VMCS_ENTRY_CONTROLS)},
        .cr3_target_count = vmx_read(VMCS_CR3_TARGET_COUNT),
        .msr_bitmap = vmx_read(VMCS_MSR_BITMAP),
        .ept_pointer = vmx_read(VMCS_EPT_POINTER),
        .exit_msr_counts = vmx_read(VMCS_EXIT_MSR_STORE_COUNT) +
                           vmx_read(VMCS_EXIT_MSR_LOAD_COUNT),
        .entry_msr_count = vmx_read(VMCS_ENTRY_MSR_LOAD_COUNT),
        .interruption = vmx_read(VMCS_ENTRY_INTERRUPTION),
        .error_code = vmx_read(VMCS_ENTRY_ERROR_CODE),
        .length = vmx_read(VMCS_ENTRY_INSTRUCTION_LENGTH),
        .ept_vpid = vmx_machine.ept_vpid,
        .physical_bits = vmx_machine.physical_bits,
    };
    struct entry_fault fault;

    read_optional(&c);
    vmx_capabilities(c.capability);
    fault = check(&c);
    if (fault.what) {
        log_error("VM entry failed for %s: %#llx", fault.what,
                  (unsigned long long)fault.value);
    } else {
        log_error("VM entry failed for a field that Lintel does not check");
    }
}
