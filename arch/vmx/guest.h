/* One virtual processor as VMX knows it: its registers, and the call that runs
 * it. Only arch/vmx/ sees VMCS names; vmm/ and its host tests see these
 * functions (tests link a fake of guest_get and guest_set).
 *
 * Who calls it: vmm/vm/vcpu.c runs the guest, the exit subjects read and
 * write its registers. Implemented by arch/vmx/guest*.c. SDM 3C chapters 24
 * to 27 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/vmx/exit_reason.h"

struct guest;

/* The number is the encoding of the register in an instruction. */
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

/* All registers but the general ones. Segments stand in the order of their
 * encoding (ES CS SS DS FS GS), then LDTR and TR. */
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

/* Reads are cached until the next entry; writes go to the VMCS just before
 * it. */
uint64_t guest_get(struct guest *guest, enum guest_reg reg);
void guest_set(struct guest *guest, enum guest_reg reg, uint64_t value);

/* General registers, RSP included; all 64 bits. */
uint64_t guest_gpr(struct guest *guest, enum gpr gpr);
void guest_set_gpr(struct guest *guest, enum gpr gpr, uint64_t value);

/* One exit, split into fields. `reason` decides which member of the union is
 * valid. */
struct exit {
    enum exit_reason reason;
    bool entry_failed; /* the entry failed: reason 33, 34 or 41 */
    bool delivering;   /* the exit came during the delivery of an event: the
                          instruction at RIP did not cause it, and must not be
                          emulated */
    uint8_t length;    /* bytes of the instruction, where the SDM defines it */
    uint64_t qualification; /* raw, for dumps */
    union {
        struct {
            uint64_t gpa;
            uint64_t linear; /* valid if linear_valid is set */
            bool linear_valid;
            bool page_walk; /* the page walk made the access, not the operand */
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
            bool other; /* a table or an event's delivery was accessed, not an
                           operand */
        } apic;         /* APIC_ACCESS */
    };
};

/* Runs the guest until it exits, and fills *exit. An event whose delivery
 * the exit interrupted (IDT-vectoring) is queued again. A host interrupt
 * that caused the exit has been handled on return. */
void guest_run(struct guest *guest, struct exit *exit);

/* Sets the longest run without an exit, in TSC ticks, where the processor
 * has a timer for it. Call it before the first guest is made. */
void guest_limit_runs(uint64_t ticks);

/* Saves the guest's VMCS and registers out of this processor, so that any
 * processor may run the guest next. The processor that ran the guest last has
 * to call it. It does nothing if the guest never ran. */
void guest_leave(struct guest *guest);

/* Queues the exception that an EXCEPTION_NMI exit reports, for the guest
 * itself. Of exceptions only #DB and #AC exit, since a guest could keep the
 * processor busy with delivering them for ever. For type 2 (NMI) there is
 * nothing left to do. False: triple fault. */
bool guest_reflect_exception(struct guest *guest, const struct exit *exit);

/* Moves RIP behind the instruction that exited, ends the interrupt shadow,
 * and sets a pending single-step trap. */
void guest_skip(struct guest *guest, uint8_t length);

/* Queues an exception for the next entry. `error_code` counts for vectors
 * that have one. Two contributory faults become a double fault, and then a
 * triple fault, by the rules of SDM 3A 6.15. False: triple fault, and the
 * caller stops the vCPU. */
bool guest_inject_exception(struct guest *guest, uint8_t vector,
                            uint32_t error_code);
bool guest_inject_page_fault(struct guest *guest, uint64_t linear,
                             uint32_t error_code);

/* True if an external interrupt (an NMI) can be delivered at the next entry:
 * no other event is queued, and the guest does not block it. */
bool guest_interruptible(struct guest *guest);
bool guest_nmi_deliverable(struct guest *guest);

/* Queues the interrupt. Call it only after guest_interruptible() returned
 * true. */
void guest_inject_interrupt(struct guest *guest, uint8_t vector);
void guest_inject_nmi(struct guest *guest);

/* Asks for an exit as soon as an interrupt (an NMI) can be delivered. */
void guest_want_interrupt_window(struct guest *guest, bool wanted);
void guest_want_nmi_window(struct guest *guest, bool wanted);

/* Logs all registers, for panics and crash reports. */
void guest_dump(struct guest *guest);

/* Makes a guest processor in the state after INIT (SDM 3A Table 10-1). It
 * uses the tables of `eptp`, and has access to no port, and only to the MSRs
 * that arch/vmx/guest_setup.c lets through. NULL: out of pages. */
struct page_source;
struct guest *guest_create(struct page_source *pages, uint64_t eptp,
                           uint16_t vpid);
void guest_destroy(struct guest *guest, struct page_source *pages);

/* Resets the guest to the INIT state (real mode at f000:fff0). General
 * registers are cleared, except RDX. State that INIT keeps (Table 10-1) is
 * kept: FPU, CR0.CD and NW, XCR0 and most MSRs, with the TSC's offset. */
void guest_reset(struct guest *guest);

/* What a MOV to a control register or a WRMSR does by SDM 3A 2.5, 4.1 and
 * 9.8: first all checks, then all consequences (long mode on and off, TLB).
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
/* For emulators and monitors: a MOV to CR3 does not exit. */
enum guest_write guest_write_cr3(struct guest *guest, uint64_t value,
                                 const uint64_t *pdptes);
enum guest_write guest_write_efer(struct guest *guest, uint64_t value);
enum guest_write guest_write_pat(struct guest *guest, uint64_t value);
enum guest_write guest_write_xss(struct guest *guest, uint64_t value);

/* The address of the page-directory-pointer table that CR3 names (SDM 3A
 * 4.4.1). A table outside of memory reads as ones, which is a fault. */
uint64_t guest_pdpte_address(struct guest *guest);

/* XSETBV of XCR0 by SDM 1 13.3. False: #GP(0), nothing changed. */
bool guest_set_xcr0(struct guest *guest, uint64_t value);

/* IA32_SPEC_CTRL and IA32_PRED_CMD exit until the guest first writes them,
 * so that a guest which does not use them costs nothing. After that the
 * guest has them. False: the processor has no such MSR or bit, and the
 * instruction raises #GP(0). */
bool guest_write_spec_ctrl(struct guest *guest, uint64_t value);
uint64_t guest_read_spec_ctrl(struct guest *guest);
bool guest_write_pred_cmd(struct guest *guest, uint64_t value);

/* ---- the local APIC, virtualised by the processor (SDM 3C chapter 30) ----
 *
 * The guest reads its APIC's registers from a page, and writes TPR, EOI and
 * SELF IPI, without an exit. The processor delivers the highest vector of
 * the page's IRR when PPR and RFLAGS.IF allow it. So while the guest runs,
 * the processor owns TPR, PPR, ISR and IRR in the page. Otherwise
 * vmm/chip/lapic.c owns them, and reports its changes by the functions
 * below. */

/* Makes the page, cleared. NULL: the processor cannot play the APIC, or out
 * of pages; then software alone plays it. Call it once, before the first
 * entry. */
uint32_t *guest_apic_setup(struct guest *guest, struct page_source *pages);

/* Sets the page that the EPT maps at the xAPIC's address: accesses to it are
 * accesses to the virtual APIC, as guest_apic_set_mode() says. Call it after
 * guest_apic_setup(). */
void guest_apic_set_access(struct guest *guest, const void *page);

/* The registers that the guest accesses without an exit. */
enum guest_apic_mode {
    GUEST_APIC_OFF,       /* none: all accesses exit */
    GUEST_APIC_PAGE_HELD, /* the xAPIC's page, if the EPT maps it; but no vector
                             is delivered, and EOI and ICR exit */
    GUEST_APIC_PAGE,      /* the xAPIC's page, with EOI and IPIs to itself */
    GUEST_APIC_MSRS, /* the x2APIC's registers: reads, and writes to TPR and EOI
                      */
    GUEST_APIC_MSRS_SELF, /* the same, and writes to SELF IPI */
};
void guest_apic_set_mode(struct guest *guest, enum guest_apic_mode mode);

/* Sets the highest vectors in the page's IRR and ISR; 0: none. To hold the
 * IRR back, give 0. */
void guest_apic_set_vectors(struct guest *guest, uint8_t irr, uint8_t isr);

/* A vector has been set in the IRR, and nothing else has changed. */
void guest_apic_raise(struct guest *guest, uint8_t vector);

/* Sets whether the guest's EOI of `vector` exits (VIRTUALIZED_EOI). */
void guest_apic_exit_on_eoi(struct guest *guest, uint8_t vector, bool exits);

/* Posted interrupts (30.6), where the processor has them and the entry allows
 * them: an interrupt from another processor needs no exit. The sender, for a
 * guest that runs on another processor, sets the vector in a structure beside
 * the page, and sends that processor LAPIC_HOST_VECTOR_POSTED. If the guest
 * still runs when that arrives, it takes the vectors. If it has exited, the
 * interrupt does nothing, and vmm/chip/lapic_apicv.c takes the vectors before
 * the next entry.
 *
 * Allows it for the guest. Call it once, after guest_apic_setup(). Out of
 * pages, it has no effect. */
void guest_apic_allow_posting(struct guest *guest, struct page_source *pages);

/* True if a posted interrupt would be taken while the guest runs. It depends
 * on the mode. */
bool guest_apic_takes_posts(const struct guest *guest);

/* Posts a vector. True: the caller sends a notification. False: one is on
 * its way. Any processor may call it, but not while another one is in
 * guest_apic_take_posts(). */
bool guest_apic_post(struct guest *guest, uint8_t vector);

/* Takes the posted vectors that were not delivered, one bit for each. The
 * guest does not run. */
void guest_apic_take_posts(struct guest *guest, uint64_t vectors[4]);

/* What this processor can give to a guest: CPUID must not offer more. */
uint64_t guest_xcr0_supported(void);
uint64_t guest_cr4_supported(void);
bool guest_has_rdtscp(void);
bool guest_has_invpcid(void);
bool guest_has_xsaves(void);
bool guest_has_arch_capabilities(
    uint64_t *value); /* *value is the host's MSR */

/* Sets the CR4 bits that the guest may set; others raise #GP. The caller
 * passes the bits that the guest's CPUID offers. Until then they are all
 * that the processor supports. */
void guest_allow_cr4(struct guest *guest, uint64_t mask);

/* Drops the guest's cached translations (all of its VPID) before it runs
 * next. For changes of its page tables that the guest has not made itself. */
void guest_flush_tlb(struct guest *guest);
