/* The table of all VMX controls that Lintel asks for, and why. Controls that
 * are not in it are off, unless the processor forces them on. */
#include "arch/vmx/vmx_controls.h"

#include <stddef.h>

#include "kernel/base/log.h"

static const struct vmx_control table[] = {
    /* The host's interrupts end a guest's run, whatever its IF is. */
    {CONTROL_PIN, 0, WISH_MUST, "external-interrupt exiting"},
    {CONTROL_PIN, 3, WISH_MUST, "NMI exiting"},
    {CONTROL_PIN, 5, WISH_MUST, "virtual NMIs"},
    /* A second way to end the run of a guest that spins:
     * arch/vmx/guest_setup.c. */
    {CONTROL_PIN, 6, WISH_WANT, "VMX-preemption timer"},
    /* For arch/vmx/guest_apicv.c; the rest of the virtual APIC does not need
     * it. */
    {CONTROL_PIN, 7, WISH_POSTED, "process posted interrupts"},

    {CONTROL_PRIMARY, 2, WISH_LATER, "interrupt-window exiting"},
    {CONTROL_PRIMARY, 3, WISH_MUST, "use TSC offsetting"},
    {CONTROL_PRIMARY, 7, WISH_MUST, "HLT exiting"},
    {CONTROL_PRIMARY, 9, WISH_MUST_NOT, "INVLPG exiting"},
    {CONTROL_PRIMARY, 10, WISH_MUST, "MWAIT exiting"},
    {CONTROL_PRIMARY, 11, WISH_MUST, "RDPMC exiting"},
    {CONTROL_PRIMARY, 12, WISH_MUST_NOT, "RDTSC exiting"},
    {CONTROL_PRIMARY, 15, WISH_MUST_NOT, "CR3-load exiting"},
    {CONTROL_PRIMARY, 16, WISH_MUST_NOT, "CR3-store exiting"},
    {CONTROL_PRIMARY, 19, WISH_MUST, "CR8-load exiting"},
    {CONTROL_PRIMARY, 20, WISH_MUST, "CR8-store exiting"},
    /* The APIC that the processor plays: arch/vmx/guest_apicv.c. Such a
     * guest has no CR8 exits. */
    {CONTROL_PRIMARY, 21, WISH_GUEST, "use TPR shadow"},
    {CONTROL_PRIMARY, 22, WISH_LATER, "NMI-window exiting"},
    /* A guest has its own debug registers: arch/vmx/guest_switch.c. */
    {CONTROL_PRIMARY, 23, WISH_MUST_NOT, "MOV-DR exiting"},
    {CONTROL_PRIMARY, 24, WISH_MUST, "unconditional I/O exiting"},
    {CONTROL_PRIMARY, 25, WISH_MUST_NOT, "use I/O bitmaps"},
    {CONTROL_PRIMARY, 27, WISH_MUST_NOT, "monitor trap flag"},
    {CONTROL_PRIMARY, 28, WISH_MUST, "use MSR bitmaps"},
    {CONTROL_PRIMARY, 29, WISH_MUST, "MONITOR exiting"},
    {CONTROL_PRIMARY, 30, WISH_MUST_NOT, "PAUSE exiting"},
    {CONTROL_PRIMARY, 31, WISH_MUST, "activate secondary controls"},

    {CONTROL_SECONDARY, 0, WISH_GUEST, "virtualize APIC accesses"},
    {CONTROL_SECONDARY, 1, WISH_MUST, "enable EPT"},
    {CONTROL_SECONDARY, 2, WISH_MUST_NOT, "descriptor-table exiting"},
    {CONTROL_SECONDARY, 3, WISH_WANT, "enable RDTSCP"},
    {CONTROL_SECONDARY, 4, WISH_GUEST, "virtualize x2APIC mode"},
    {CONTROL_SECONDARY, 5, WISH_WANT, "enable VPID"},
    /* Guest memory is cached host memory. WBINVD is of no use for it, and
     * would stall every VM. */
    {CONTROL_SECONDARY, 6, WISH_WANT, "WBINVD exiting"},
    {CONTROL_SECONDARY, 7, WISH_MUST, "unrestricted guest"},
    {CONTROL_SECONDARY, 8, WISH_GUEST, "APIC-register virtualization"},
    {CONTROL_SECONDARY, 9, WISH_GUEST, "virtual-interrupt delivery"},
    /* A virtual processor that spins for another one of its VM lets that one
     * run. */
    {CONTROL_SECONDARY, 10, WISH_WANT, "PAUSE-loop exiting"},
    {CONTROL_SECONDARY, 11, WISH_MUST_NOT, "RDRAND exiting"},
    {CONTROL_SECONDARY, 12, WISH_WANT, "enable INVPCID"},
    {CONTROL_SECONDARY, 13, WISH_MUST_NOT, "enable VM functions"},
    {CONTROL_SECONDARY, 14, WISH_MUST_NOT, "VMCS shadowing"},
    {CONTROL_SECONDARY, 15, WISH_MUST_NOT, "enable ENCLS exiting"},
    {CONTROL_SECONDARY, 16, WISH_MUST_NOT, "RDSEED exiting"},
    {CONTROL_SECONDARY, 17, WISH_MUST_NOT, "enable PML"},
    {CONTROL_SECONDARY, 20, WISH_WANT, "enable XSAVES/XRSTORS"},
    {CONTROL_SECONDARY, 25, WISH_MUST_NOT, "use TSC scaling"},
    {CONTROL_SECONDARY, 26, WISH_MUST_NOT, "enable user wait and pause"},

    {CONTROL_EXIT, 2, WISH_MUST, "save debug controls"},
    {CONTROL_EXIT, 9, WISH_MUST, "host address-space size"},
    {CONTROL_EXIT, 15, WISH_MUST, "acknowledge interrupt on exit"},
    /* The guest's PAT and EFER change only by WRMSR and MOV to CR0, which
     * exit, so an exit need not save them. */
    {CONTROL_EXIT, 18, WISH_MUST_NOT, "save IA32_PAT"},
    {CONTROL_EXIT, 19, WISH_MUST, "load IA32_PAT"},
    {CONTROL_EXIT, 20, WISH_MUST_NOT, "save IA32_EFER"},
    {CONTROL_EXIT, 21, WISH_MUST, "load IA32_EFER"},

    {CONTROL_ENTRY, 2, WISH_MUST, "load debug controls"},
    {CONTROL_ENTRY, 9, WISH_LATER, "IA-32e mode guest"},
    {CONTROL_ENTRY, 14, WISH_MUST, "load IA32_PAT"},
    {CONTROL_ENTRY, 15, WISH_MUST, "load IA32_EFER"},
};

#define TABLE_LENGTH (sizeof table / sizeof *table)

static const char *const word_names[CONTROL_WORDS] = {
    [CONTROL_PIN] = "pin",
    [CONTROL_PRIMARY] = "primary",
    [CONTROL_SECONDARY] = "secondary",
    [CONTROL_EXIT] = "exit",
    [CONTROL_ENTRY] = "entry",
};

const struct vmx_control *
vmx_controls_fit(const uint64_t capability[CONTROL_WORDS],
                 uint32_t fitted[CONTROL_WORDS])
{
    for (unsigned word = 0; word < CONTROL_WORDS; word++) {
        fitted[word] = (uint32_t)capability[word];
    }
    for (size_t i = 0; i < TABLE_LENGTH; i++) {
        const struct vmx_control *control = &table[i];
        uint32_t bit = 1U << control->bit;
        bool forced = capability[control->word] & bit;
        bool offered = capability[control->word] >> 32 & bit;

        switch ((enum vmx_control_wish)control->wish) {
        case WISH_MUST:
            if (!offered) {
                return control;
            }
            fitted[control->word] |= bit;
            break;
        case WISH_WANT:
            fitted[control->word] |= offered ? bit : 0;
            break;
        case WISH_LATER:
            if (!offered || forced) {
                return control;
            }
            break;
        case WISH_MUST_NOT:
        case WISH_GUEST:
        case WISH_POSTED:
            if (forced) {
                return control;
            }
            break;
        }
    }
    return NULL;
}

const char *vmx_controls_no_apic(const uint64_t capability[CONTROL_WORDS])
{
    const uint32_t cr8 = PRIMARY_CR8_LOAD | PRIMARY_CR8_STORE;

    for (size_t i = 0; i < TABLE_LENGTH; i++) {
        const struct vmx_control *control = &table[i];

        if (control->wish == WISH_GUEST &&
            !(capability[control->word] >> 32 >> control->bit & 1)) {
            return control->name;
        }
    }
    return capability[CONTROL_PRIMARY] & cr8 ? "CR8 without exits" : NULL;
}

void vmx_controls_log(const uint64_t capability[CONTROL_WORDS],
                      const uint32_t fitted[CONTROL_WORDS])
{
    static const char *const wish_names[] = {
        [WISH_MUST] = "must",         [WISH_WANT] = "want",
        [WISH_LATER] = "later",       [WISH_MUST_NOT] = "must not",
        [WISH_GUEST] = "some guests", [WISH_POSTED] = "some guests",
    };
    for (unsigned word = 0; word < CONTROL_WORDS; word++) {
        log_debug("vmx: %s controls %#x (forced %#x, offered %#x)",
                  word_names[word], fitted[word], (uint32_t)capability[word],
                  (uint32_t)(capability[word] >> 32));
    }
    for (size_t i = 0; i < TABLE_LENGTH; i++) {
        const struct vmx_control *control = &table[i];
        log_debug("vmx: %s %u: %s: %s, %s", word_names[control->word],
                  control->bit, control->name, wish_names[control->wish],
                  fitted[control->word] >> control->bit & 1 ? "on" : "off");
    }
}
