/* What differs between two processors' VMX; arch/vmx/vmx_difference.h has the
 * contract. SDM 4 table 2-2 has the registers' names. */
#include "arch/vmx/vmx_difference.h"

#include <stddef.h>
#include <stdint.h>

#include "arch/vmx/vmx_state.h"
#include "kernel/base/string.h"

#define FIELD(member, name)                                                    \
    {                                                                          \
        offsetof(struct vmx_machine, member),                                  \
            sizeof(((struct vmx_machine *)0)->member), name                    \
    }

static const struct {
    size_t at, size;
    const char *name;
} fields[] = {
    FIELD(revision, "IA32_VMX_BASIC (0x480)"),
    FIELD(controls[CONTROL_PIN], "IA32_VMX_PINBASED_CTLS (0x481, 0x48d)"),
    FIELD(controls[CONTROL_PRIMARY], "IA32_VMX_PROCBASED_CTLS (0x482, 0x48e)"),
    FIELD(controls[CONTROL_SECONDARY], "IA32_VMX_PROCBASED_CTLS2 (0x48b)"),
    FIELD(controls[CONTROL_EXIT], "IA32_VMX_EXIT_CTLS (0x483, 0x48f)"),
    FIELD(controls[CONTROL_ENTRY], "IA32_VMX_ENTRY_CTLS (0x484, 0x490)"),
    FIELD(ept_vpid, "IA32_VMX_EPT_VPID_CAP (0x48c)"),
    FIELD(cr0_fixed0, "IA32_VMX_CR0_FIXED0 (0x486)"),
    FIELD(cr0_fixed1, "IA32_VMX_CR0_FIXED1 (0x487)"),
    FIELD(cr4_fixed0, "IA32_VMX_CR4_FIXED0 (0x488)"),
    FIELD(cr4_fixed1, "IA32_VMX_CR4_FIXED1 (0x489)"),
    FIELD(timer_shift, "IA32_VMX_MISC (0x485)"),
    FIELD(apic, "its VMX controls for local APICs"),
    FIELD(posting, "its VMX control for posted interrupts"),
    FIELD(has_arch_capabilities, "CPUID leaf 7 (IA32_ARCH_CAPABILITIES)"),
    FIELD(arch_capabilities, "IA32_ARCH_CAPABILITIES (0x10a)"),
    FIELD(spec_bits, "CPUID leaf 7 (IA32_SPEC_CTRL)"),
    FIELD(xcr0, "CPUID leaf 0xd (XCR0)"),
    FIELD(xsave_size, "CPUID leaf 0xd (size of XSAVE's area)"),
    FIELD(xsaves, "CPUID leaf 0xd (XSAVES)"),
    FIELD(rdtscp, "CPUID leaf 0x80000001 (RDTSCP)"),
    FIELD(invpcid, "CPUID leaf 7 (INVPCID)"),
    FIELD(physical_bits, "CPUID leaf 0x80000008 (MAXPHYADDR)"),
    FIELD(efer_allowed, "CPUID leaf 0x80000001 (EFER)"),
    FIELD(cr4_supported, "CPUID (bits of CR4)"),
};

const char *vmx_difference(const struct vmx_machine *first,
                           const struct vmx_machine *here)
{
    const uint8_t *a = (const uint8_t *)first;
    const uint8_t *b = (const uint8_t *)here;

    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (memcmp(a + fields[i].at, b + fields[i].at, fields[i].size) != 0) {
            return fields[i].name;
        }
    }
    /* The rest follows from leaves 7 and 1. */
    return memcmp(a, b, sizeof *first) != 0 ? "CPUID leaf 7" : NULL;
}
