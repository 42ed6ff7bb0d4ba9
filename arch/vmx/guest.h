/* One virtual processor as VMX knows it: its registers, and the call that runs
 * it. VMCS names end behind this header; vmm/ and its host tests see only
 * these functions (tests link a fake of guest_get and guest_set).
 *
 * Who calls it: vmm/vm/vcpu.c runs the guest, the exit subjects read and write
 * its registers. Implemented by arch/vmx/guest*.c.  SDM 3C chapters 24 to 27.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/vmx/exit_reason.h"

struct guest;

/* Index = the encoding of the register in an instruction. */
enum gpr {
    GPR_RAX,
    GPR_RCX,
    GPR_RDX,
    GPR_RBX,
    GPR_RSP,
    GPR_RBP,
    GPR_RSI,
    GPR_RDI,
    GPR_R8,
    GPR_R15 = 15,
    GPR_COUNT
};

/* Everything beside the general registers. Segments stand in the order of
 * their encoding (ES CS SS DS FS GS), then LDTR and TR. */
enum guest_reg {
    GUEST_RIP,
    GUEST_RFLAGS,
    GUEST_CR0, /* as the guest reads it (mask and shadow applied) */
    GUEST_CR2,
    GUEST_CR3,
    GUEST_CR4, /* as the guest reads it */
    GUEST_XCR0,
    GUEST_DR7,
    GUEST_EFER,
    GUEST_PAT,
    GUEST_SYSENTER_CS,
    GUEST_SYSENTER_ESP,
    GUEST_SYSENTER_EIP,
    GUEST_STAR,
    GUEST_LSTAR,
    GUEST_CSTAR,
    GUEST_FMASK,
    GUEST_KERNEL_GS_BASE,
    GUEST_TSC_AUX,
    GUEST_XSS,
    GUEST_TSC_OFFSET,
    GUEST_GDTR_BASE,
    GUEST_GDTR_LIMIT,
    GUEST_IDTR_BASE,
    GUEST_IDTR_LIMIT,
    GUEST_ES_SELECTOR,
    GUEST_CS_SELECTOR,
    GUEST_SS_SELECTOR,
    GUEST_DS_SELECTOR,
    GUEST_FS_SELECTOR,
    GUEST_GS_SELECTOR,
    GUEST_LDTR_SELECTOR,
    GUEST_TR_SELECTOR,
    GUEST_ES_BASE,
    GUEST_CS_BASE,
    GUEST_SS_BASE,
    GUEST_DS_BASE,
    GUEST_FS_BASE,
    GUEST_GS_BASE,
    GUEST_LDTR_BASE,
    GUEST_TR_BASE,
    GUEST_ES_LIMIT,
    GUEST_CS_LIMIT,
    GUEST_SS_LIMIT,
    GUEST_DS_LIMIT,
    GUEST_FS_LIMIT,
    GUEST_GS_LIMIT,
    GUEST_LDTR_LIMIT,
    GUEST_TR_LIMIT,
    GUEST_ES_RIGHTS, /* VMX access-rights format, SDM 3C 25.4.1 */
    GUEST_CS_RIGHTS,
    GUEST_SS_RIGHTS,
    GUEST_DS_RIGHTS,
    GUEST_FS_RIGHTS,
    GUEST_GS_RIGHTS,
    GUEST_LDTR_RIGHTS,
    GUEST_TR_RIGHTS,
    GUEST_REG_COUNT
};

/* Reads are cached until the next entry; writes go to the VMCS before it. */
uint64_t guest_get(struct guest *guest, enum guest_reg reg);
void guest_set(struct guest *guest, enum guest_reg reg, uint64_t value);

/* General registers, RSP included; all 64 bits. */
uint64_t guest_gpr(struct guest *guest, enum gpr gpr);
void guest_set_gpr(struct guest *guest, enum gpr gpr, uint64_t value);

/* What one exit was, split into fields. Which member of the union counts
 * follows from `reason`. */
struct exit {
    enum exit_reason reason;
    bool entry_failed;      /* the VM entry failed: reason 33, 34 or 41 */
    bool delivering;        /* the exit came while an event was delivered: the
                             * instruction at RIP is not the one that did it,
                             * and must not be emulated */
    uint8_t length;         /* of the instruction, where the SDM defines it */
    uint64_t qualification; /* raw, for dumps */
    union {
        struct {
            uint64_t gpa;
            uint64_t linear; /* meaningful if linear_valid */
            bool linear_valid;
            bool page_walk; /* the access was the walk's, not the operand's */
            bool read;
            bool write;
            bool fetch;
        } ept;
        struct {
            uint16_t port;
            uint8_t size; /* 1, 2, 4 */
            bool in;
            bool string;
            bool rep;
        } io;
        struct {
            uint8_t number; /* 0, 3, 4, 8 */
            enum {
                CR_MOV_TO,
                CR_MOV_FROM,
                CR_CLTS,
                CR_LMSW
            } access;
            enum gpr gpr;
            uint16_t lmsw_source;
        } cr;
        struct {
            uint8_t vector;
            uint8_t type; /* SDM 3C 25.9.2: 0 external, 2 NMI, 3 exception,
                           * 5 INT1, 6 INT3 or INTO */
            bool has_error_code;
            uint32_t error_code;
        } event; /* EXCEPTION_NMI, EXTERNAL_INTERRUPT */
        struct {
            uint16_t offset; /* in the xAPIC's page */
            bool fetch;
            bool other; /* a table's or a delivery's, not an operand */
        } apic;         /* APIC_ACCESS */
    };
};

/* Runs the guest until it exits; returns what happened. Events that were being
 * delivered when the exit came (IDT-vectoring) are queued to be delivered
 * again. Host interrupts that caused the exit have been handled on return. */
void guest_run(struct guest *guest, struct exit *exit);

/* The longest run without an exit, where the processor has a timer for it.
 * Before the first guest. */
void guest_limit_runs(uint64_t ticks);

/* Takes what this processor holds of the guest out of it, VMCS and registers:
 * after that any processor may run it. To be called where it ran last; does
 * nothing if it never did. */
void guest_leave(struct guest *guest);

/* Queues the exception that EXCEPTION_NMI reports for the guest itself. Only
 * #DB and #AC exit (a guest could keep the processor busy delivering them for
 * ever), so this is what vmm/ does with them; for type 2 (NMI) there is nothing
 * left to do. False: triple fault. */
bool guest_reflect_exception(struct guest *guest, const struct exit *exit);

/* Skips the instruction that exited: RIP += length, the interrupt shadow ends,
 * a pending single-step trap is set. */
void guest_skip(struct guest *guest, uint8_t length);

/* Queues an exception for the next entry; `error_code` counts only for the
 * vectors that have one. Contributory faults become a double fault and a
 * triple fault by the rules of SDM 3A 6.15; returns false when it is the
 * triple fault (the vCPU is to be stopped). */
bool guest_inject_exception(struct guest *guest, uint8_t vector,
                            uint32_t error_code);
bool guest_inject_page_fault(struct guest *guest, uint64_t linear,
                             uint32_t error_code);

/* True if an external interrupt (an NMI) can be delivered at the next entry:
 * nothing else is queued and the guest blocks nothing. */
bool guest_interruptible(struct guest *guest);
bool guest_nmi_deliverable(struct guest *guest);

/* Queues the interrupt; only after guest_interruptible() said true. */
void guest_inject_interrupt(struct guest *guest, uint8_t vector);
void guest_inject_nmi(struct guest *guest);

/* Asks for an exit as soon as an interrupt (an NMI) could be delivered. */
void guest_want_interrupt_window(struct guest *guest, bool wanted);
void guest_want_nmi_window(struct guest *guest, bool wanted);

/* Logs all registers, as panic() and "the guest crashed" reports show them. */
void guest_dump(struct guest *guest);

/* A new guest processor in the state that INIT leaves it in (SDM 3A Table
 * 10-1), with `eptp` and no permission on ports or MSRs but the ones listed
 * in arch/vmx/vmx_controls.c. NULL: out of pages. */
struct page_source;
struct guest *guest_create(struct page_source *pages, uint64_t eptp,
                           uint16_t vpid);
void guest_destroy(struct guest *guest, struct page_source *pages);

/* Back to the INIT state (real mode at f000:fff0); general registers cleared
 * but RDX. What INIT keeps is kept (Table 10-1): FPU, CR0.CD and NW, XCR0 and
 * most MSRs, the TSC's offset among them. */
void guest_reset(struct guest *guest);

/* What a MOV to a control register, or a WRMSR, does by SDM 3A 2.5, 4.1 and
 * 9.8: all checks first, then all consequences (long mode on and off, TLB).
 * guest_set() on the same registers stores without checks. */
enum guest_write {
    GUEST_WRITE_DONE,
    GUEST_WRITE_FAULT,  /* nothing changed; the instruction raises #GP(0) */
    GUEST_WRITE_PDPTES, /* nothing changed; call again with the four 64-bit
                         * words at guest_pdpte_address() */
};
enum guest_write guest_write_cr0(struct guest *guest, uint64_t value,
                                 const uint64_t *pdptes);
enum guest_write guest_write_cr4(struct guest *guest, uint64_t value,
                                 const uint64_t *pdptes);
/* MOV to CR3 does not exit; this is for emulators and monitors. */
enum guest_write guest_write_cr3(struct guest *guest, uint64_t value,
                                 const uint64_t *pdptes);
enum guest_write guest_write_efer(struct guest *guest, uint64_t value);
enum guest_write guest_write_pat(struct guest *guest, uint64_t value);
enum guest_write guest_write_xss(struct guest *guest, uint64_t value);

/* Where the page-directory-pointer table lies that CR3 names (SDM 3A 4.4.1).
 * A table outside memory reads as all ones, which is a fault. */
uint64_t guest_pdpte_address(struct guest *guest);

/* XSETBV of XCR0 by SDM 1 13.3. False: #GP(0), nothing changed. */
bool guest_set_xcr0(struct guest *guest, uint64_t value);

/* IA32_SPEC_CTRL and IA32_PRED_CMD exit until first written, so that a guest
 * that does not use them costs nothing; after that the guest has them. False:
 * the processor has no such MSR or bit: #GP(0). */
bool guest_write_spec_ctrl(struct guest *guest, uint64_t value);
uint64_t guest_read_spec_ctrl(struct guest *guest);
bool guest_write_pred_cmd(struct guest *guest, uint64_t value);

/* ---- the local APIC virtualised by the processor (SDM 3C chapter 30) ----
 *
 * The guest reads its APIC's registers from a page, and writes TPR, EOI and
 * SELF IPI, without an exit; the processor delivers the highest vector of the
 * page's IRR when PPR and RFLAGS.IF let it. So while the guest runs, TPR, PPR,
 * ISR and IRR in the page are the processor's; otherwise they are
 * vmm/chip/lapic's, which says here what it has changed. */

/* The page, cleared; NULL: the processor cannot, or out of pages, and the
 * guest's APIC is software's alone. Once, before the first entry. */
uint32_t *guest_apic_setup(struct guest *guest, struct page_source *pages);

/* The memory that the EPT has at the xAPIC's address: accesses to it are to
 * the virtual APIC, as the next function says. After guest_apic_setup(). */
void guest_apic_set_access(struct guest *guest, const void *page);

/* What of the registers the guest has to itself. */
enum guest_apic_mode {
    GUEST_APIC_OFF,       /* nothing: all exits */
    GUEST_APIC_PAGE_HELD, /* the xAPIC's page, where the EPT has it; but no
                           * vector is delivered, and EOI and ICR exit */
    GUEST_APIC_PAGE,      /* the xAPIC's page, EOI and IPIs to itself too */
    GUEST_APIC_MSRS,      /* the x2APIC's: reads, writes to TPR and EOI */
    GUEST_APIC_MSRS_SELF, /* writes to SELF IPI too */
};
void guest_apic_set_mode(struct guest *guest, enum guest_apic_mode mode);

/* The highest vectors in the page's IRR and ISR as they are now; 0: none. An
 * IRR that is to be held back is given as 0. */
void guest_apic_set_vectors(struct guest *guest, uint8_t irr, uint8_t isr);

/* `vector` has come into the IRR, and nothing else has changed. */
void guest_apic_raise(struct guest *guest, uint8_t vector);

/* Does the guest's EOI of `vector` exit (VIRTUALIZED_EOI)? */
void guest_apic_exit_on_eoi(struct guest *guest, uint8_t vector, bool exits);

/* Posted interrupts (30.6), where the processor has them and the guest is
 * allowed them: a vector from outside needs no exit. Whoever has one for a
 * guest that runs elsewhere puts it beside the page and sends that processor
 * LAPIC_HOST_VECTOR_POSTED. If the guest runs when that arrives it takes what
 * was posted; if it has exited, the interrupt does nothing, and it is for
 * vmm/chip/lapic to take it before the next entry.
 *
 * Allowed once, after guest_apic_setup(); out of pages, it is not. */
void guest_apic_allow_posting(struct guest *guest, struct page_source *pages);

/* Would it be taken while the guest runs? Follows the mode. */
bool guest_apic_takes_posts(const struct guest *guest);

/* True: a notification is to be sent; false: one is on its way. Any processor,
 * but not while another one is in guest_apic_take_posts(). */
bool guest_apic_post(struct guest *guest, uint8_t vector);

/* Takes out what was posted and not delivered: a bit a vector. The guest does
 * not run. */
void guest_apic_take_posts(struct guest *guest, uint64_t vectors[4]);

/* What this processor can give to a guest: CPUID must not offer more. */
uint64_t guest_xcr0_supported(void);
uint64_t guest_cr4_supported(void);
bool guest_has_rdtscp(void);
bool guest_has_invpcid(void);
bool guest_has_xsaves(void);
bool guest_has_arch_capabilities(uint64_t *value); /* the host's MSR */

/* The CR4 bits the guest may set; others raise #GP. All supported ones until
 * this is called: pass what the guest's CPUID offers. */
void guest_allow_cr4(struct guest *guest, uint64_t mask);

/* Drops the guest's cached translations (all of its VPID) before it runs next:
 * after a change to its page tables that it did not make itself. */
void guest_flush_tlb(struct guest *guest);
