/* The VMX state of the machine: the controls and features that every guest
 * gets, computed once for all processors; and what one processor holds now.
 * Private to arch/vmx/. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/processor.h"
#include "arch/vmx/vmx_controls.h"

/* IA32_VMX_EPT_VPID_CAP (SDM 3D A.10). */
#define EPT_CAP_4_LEVEL        (1ULL << 6)
#define EPT_CAP_WRITE_BACK     (1ULL << 14)
#define EPT_CAP_2M             (1ULL << 16)
#define EPT_CAP_1G             (1ULL << 17)
#define EPT_CAP_INVEPT         (1ULL << 20)
#define EPT_CAP_ACCESSED_DIRTY (1ULL << 21)
#define EPT_CAP_INVEPT_SINGLE  (1ULL << 25)
#define EPT_CAP_INVEPT_ALL     (1ULL << 26)
#define EPT_CAP_INVVPID        (1ULL << 32)
#define EPT_CAP_INVVPID_SINGLE (1ULL << 41)
#define EPT_CAP_INVVPID_ALL    (1ULL << 42)

/* The EPT pointer (SDM 3C table 25-9). */
#define EPT_POINTER_TYPE           7ULL        /* a memory type */
#define EPT_POINTER_LEVELS         (7ULL << 3) /* levels less one */
#define EPT_POINTER_4_LEVELS       (3ULL << 3)
#define EPT_POINTER_ACCESSED_DIRTY (1ULL << 6)
#define EPT_POINTER_RESERVED       0xf80ULL

/* What has to be done around every entry on processors that need it.
 * arch/vmx/guest_entry.asm uses the bits, too. */
#define MITIGATION_VERW 1U /* before entry: clear internal buffers */
#define MITIGATION_SPEC_CTRL                                                   \
    2U /* after exit: saves the guest's, loads the host's */
#define MITIGATION_FILL_RSB 4U /* after exit: all return predictions */
#define MITIGATION_ONE_RSB  8U /* after exit: the one that IBRS leaves */

struct vmx_machine {
    bool ready; /* vmx_enable() has filled the rest in */
    uint32_t revision;
    uint32_t controls[CONTROL_WORDS];
    uint64_t ept_vpid;   /* IA32_VMX_EPT_VPID_CAP */
    uint64_t cr0_fixed0; /* for guests: PE and PG may be 0 */
    uint64_t cr0_fixed1;
    uint64_t cr4_fixed0;
    uint64_t cr4_fixed1;
    uint64_t cr4_supported; /* bits that a guest may set */
    uint64_t xcr0; /* the components that are saved and offered; 0: there is no
                      XSAVE */
    uint32_t xsave_size; /* bytes of their area, or of FXSAVE's */
    bool rdtscp;
    bool invpcid;
    bool xsaves;
    bool tsc_aux;
    bool apic;              /* the processor can play guests' local APICs */
    bool posting;           /* interrupts can be posted to guests */
    unsigned physical_bits; /* MAXPHYADDR */
    unsigned timer_shift;   /* the VMX-preemption timer counts TSC >> this */
    uint32_t efer_allowed;

    uint32_t mitigations; /* MITIGATION_* for every guest */
    bool flush_l1d;       /* at a switch of guests */
    bool barrier;         /* IBPB at a switch of guests */
    uint64_t spec_bits;   /* bits of IA32_SPEC_CTRL that exist; 0: there is no
                             such MSR */
    uint64_t spec_host;   /* IA32_SPEC_CTRL while Lintel runs */
    bool has_arch_capabilities;
    uint64_t arch_capabilities; /* the MSR */
};

extern struct vmx_machine vmx_machine;

/* The calling processor's VMX state. */
static inline struct vmx_processor *vmx_processor(void)
{
    return &processor_here()->vmx;
}

/* The capability words of this processor, for vmx_controls_fit(). */
void vmx_capabilities(uint64_t capability[CONTROL_WORDS]);

/* Flush what this processor has cached for an EPT pointer, or a VPID. Other
 * processors may still hold translations of a VM that has ended. Each flushes
 * them before it runs a guest that may have the same numbers
 * (guest_switch.c). */
void vmx_flush_ept(uint64_t pointer);
void vmx_flush_vpid(uint16_t vpid);
