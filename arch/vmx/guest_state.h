/* struct guest, for the files that implement arch/vmx/guest.h. Private to
 * arch/vmx/guest*.c and arch/vmx/exit_decode.c; all other files use
 * arch/vmx/guest.h. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/regs.h"
#include "arch/vmx/guest.h"
#include "arch/vmx/vmx_insn.h"
#include "arch/vmx/vmx_state.h"

/* Marks a function that an entry rarely needs, so that its frame and saved
 * registers do not cost every entry. */
#define ASIDE __attribute__((noinline))

/* Registers that are cached like those of guest.h, but that only arch/ uses. */
enum guest_hidden {
    HIDDEN_RSP = GUEST_REG_COUNT,
    HIDDEN_INTERRUPTIBILITY,
    HIDDEN_PENDING_DEBUG,
    HIDDEN_PDPTE0,
    HIDDEN_PDPTE3 = HIDDEN_PDPTE0 + 3,
    HIDDEN_END
};

_Static_assert(HIDDEN_END <= 64, "one bit each in `valid` and `dirty`");

/* Interruptibility state (SDM 3C 25.4.2) */
#define BLOCKING_STI    (1U << 0)
#define BLOCKING_MOV_SS (1U << 1)
#define BLOCKING_NMI    (1U << 3)

/* Pending debug exceptions (SDM 3C 25.4.2) */
#define PENDING_DEBUG_BS (1U << 14)

/* Interruption information, of entries and exits (SDM 3C 25.8.3, 25.9.2) */
#define INTERRUPTION_VECTOR      0xffU
#define INTERRUPTION_TYPE        (7U << 8)
#define INTERRUPTION_ERROR_CODE  (1U << 11)
#define INTERRUPTION_NMI_UNBLOCK (1U << 12) /* in exits only */
#define INTERRUPTION_VALID       (1U << 31)

enum interruption_type {
    TYPE_EXTERNAL = 0,
    TYPE_NMI = 2,
    TYPE_EXCEPTION = 3,
    TYPE_SOFTWARE_INTERRUPT = 4,
    TYPE_INT1 = 5,
    TYPE_SOFTWARE_EXCEPTION = 6, /* INT3, INTO */
};

/* Work for the next entry, beside registers. */
#define LATE_EVENT       (1U << 0) /* write the interruption information */
#define LATE_PRIMARY     (1U << 1) /* write the primary controls */
#define LATE_TLB         (1U << 2) /* INVVPID */
#define LATE_MITIGATIONS (1U << 3) /* IA32_SPEC_CTRL, at every entry */
/* For guest_apicv.c. */
#define LATE_APIC_CONTROLS (1U << 4) /* write secondary and pin controls */
#define LATE_APIC_EXITS    (1U << 5) /* write the EOI-exit bitmap */
#define LATE_APIC_STATUS   (1U << 6) /* write the guest interrupt status */
#define LATE_APIC_RAISE    (1U << 7) /* raise the RVI in that status */
#define LATE_APIC                                                              \
    (LATE_APIC_CONTROLS | LATE_APIC_EXITS | LATE_APIC_STATUS | LATE_APIC_RAISE)

/* A posted-interrupt descriptor (SDM 3C Table 30-1). The processor reads and
 * writes it while the guest runs, and so does every processor that posts. */
struct posted {
    uint64_t requests[4]; /* one bit for each vector */
    uint64_t control;     /* POSTED_OUTSTANDING */
    uint64_t unused[3];
};
#define POSTED_OUTSTANDING 1ULL /* a notification is on its way */

/* An event for the next entry, in the VMCS' format. */
struct guest_event {
    uint32_t info; /* 0: there is no event */
    uint32_t error_code;
    uint32_t length;
};

struct guest {
    /* guest_entry.asm knows the place of what follows. The slot of RSP is
     * not used. */
    uint64_t gpr[GPR_COUNT];
    uint64_t host_rsp; /* as it is in the VMCS */
    uint32_t launched;
    uint32_t mitigations; /* MITIGATION_* */
    uint64_t spec_guest;
    uint64_t spec_host;

    /* Registers. reg[r] is valid if bit r of `valid` is set, and newer than
     * the VMCS or the MSR if bit r of `dirty` is set. */
    uint64_t valid;
    uint64_t dirty;
    uint64_t reg[HIDDEN_END];
    uint64_t cr4_allowed; /* bits that the guest may set */
    uint64_t
        cr0_shadow; /* what the guest reads for bits that it does not own */
    uint64_t cr4_shadow;

    uint32_t late; /* LATE_* */
    uint32_t pin;
    uint32_t primary;
    uint32_t secondary;
    uint32_t entry_controls; /* as they are in the VMCS */
    struct guest_event event;

    /* The debug registers, while another guest is on the processor. */
    uint64_t dr[4];
    uint64_t dr6;

    void *vmcs;
    uint8_t *msr_bitmap;
    void *xsave;
    uint64_t ept_pointer;

    /* The local APIC as the processor virtualises it; guest_apicv.c. */
    uint32_t *apic_page;     /* NULL: the processor does not */
    const void *apic_access; /* accesses to this page are accesses to the APIC;
                                NULL: none */
    uint64_t eoi_exits[4];   /* as they are in the VMCS */
    uint16_t apic_status; /* to be written: RVI in bits 7:0, SVI in bits 15:8 */
    uint8_t apic_raise;   /* RVI is to be at least this */
    struct posted
        *posted; /* a page; NULL: interrupts cannot be posted to the guest */

    uint16_t vpid;    /* 0: none */
    bool initialised; /* the VMCS was filled in */
    bool nmi_taken; /* an NMI was delivered since guest_event_load() found none
                       blocked */
    struct vmx_processor
        *processor; /* the processor on which the VMCS is active, or NULL */
};

#define REG_BIT(reg) (1ULL << (unsigned)(reg))

/* Registers that change only by exits, so that their cache is always right. */
#define REGS_OWNED                                                             \
    (REG_BIT(GUEST_EFER) | REG_BIT(GUEST_PAT) | REG_BIT(GUEST_XCR0) |          \
     REG_BIT(GUEST_XSS) | REG_BIT(GUEST_TSC_OFFSET))

/* Bits of CR0 and CR4 that the guest changes without an exit. */
#define CR0_GUEST_OWNED (CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_WP | CR0_AM)
#define CR4_GUEST_OWNED                                                        \
    (CR4_VME | CR4_PVI | CR4_TSD | CR4_DE | CR4_PSE | CR4_PGE | CR4_PCE |      \
     CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_UMIP | CR4_FSGSBASE | CR4_PCIDE |       \
     CR4_OSXSAVE | CR4_SMEP | CR4_SMAP | CR4_PKE)

/* Reads the register into the cache from its place (guest_regs.c). */
uint64_t guest_regs_fetch(struct guest *guest, unsigned reg);

/* Reads any register, also the hidden ones. */
static inline uint64_t guest_regs_read(struct guest *guest, unsigned reg)
{
    if (__builtin_expect(guest->valid >> reg & 1, 1)) {
        return guest->reg[reg];
    }
    return guest_regs_fetch(guest, reg);
}

static inline void guest_regs_write(struct guest *guest, unsigned reg,
                                    uint64_t value)
{
    guest->reg[reg] = value;
    guest->valid |= REG_BIT(reg);
    guest->dirty |= REG_BIT(reg);
}

/* Writes the dirty registers to the VMCS, which is current; *guest is
 * loaded. */
ASIDE void guest_regs_flush(struct guest *guest);
/* Save to the cache, or load from it, what is neither in the VMCS nor in the
 * XSAVE area: CR2, and the MSRs that only guests use. */
void guest_regs_save_msrs(struct guest *guest);
/* `before` was saved just now, or is NULL. Registers that are equal in both
 * stay. */
void guest_regs_load_msrs(struct guest *guest, const struct guest *before);

/* The first makes the guest's VMCS current. The second also loads its FPU,
 * debug registers and MSRs into the processor (guest_switch.c). */
void guest_switch_vmcs_here(struct guest *guest);
static inline void guest_switch_vmcs(struct guest *guest)
{
    if (__builtin_expect(vmx_processor()->vmcs != guest, 0)) {
        guest_switch_vmcs_here(guest);
    }
}
ASIDE void guest_switch_load(struct guest *guest);
/* Takes the guest out of the processor, and forgets what the processor holds
 * of it. */
void guest_switch_drop(struct guest *guest);
static inline bool guest_switch_is_loaded(const struct guest *guest)
{
    return vmx_processor()->loaded == guest;
}

/* Enters the guest and returns after its exit (guest_entry.asm). Exits
 * arrive at guest_entry_exit, which is not called. */
enum vmx_status guest_entry(struct guest *guest);
void guest_entry_exit(void);

/* Fills in the VMCS, which is current and clear (guest_setup.c). */
void guest_setup_vmcs(struct guest *guest);
/* Lets the guest read or write an MSR without an exit. */
void guest_setup_pass_msr(struct guest *guest, uint32_t msr, bool read,
                          bool write);

void guest_setup_stop_msr(struct guest *guest, uint32_t msr);

/* Write the fields for guest_setup_vmcs(), and those that LATE_APIC_* name
 * (guest_apicv.c). */
void guest_apic_write_fields(const struct guest *guest);
ASIDE void guest_apic_flush(struct guest *guest);

/* If the exit interrupted the delivery of an event, queues that event again and
 * returns true. Also takes over the debug status of a #DB (guest_event.c). */
bool guest_event_requeue(struct guest *guest);
ASIDE void guest_event_flush(struct guest *guest);

/* Called before the guest runs on a processor where another guest ran last:
 * the VMCS tells whether its NMIs are blocked (guest_event.c). */
ASIDE void guest_event_load(struct guest *guest);
