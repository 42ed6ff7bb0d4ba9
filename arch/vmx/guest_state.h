/* struct guest as the files that implement arch/vmx/guest.h share it. Private
 * to arch/vmx/guest*.c and arch/vmx/exit_decode.c; everybody else has
 * arch/vmx/guest.h. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/regs.h"
#include "arch/vmx/guest.h"
#include "arch/vmx/vmx_insn.h"
#include "arch/vmx/vmx_state.h"

/* A function that an entry seldom needs: its frame, and the registers that it
 * saves, are not for every entry. */
#define ASIDE __attribute__((noinline))

/* Cached like the registers of guest.h, but of no interest outside arch/. */
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
#define INTERRUPTION_NMI_UNBLOCK (1U << 12) /* exits only */
#define INTERRUPTION_VALID       (1U << 31)

enum interruption_type {
    TYPE_EXTERNAL = 0,
    TYPE_NMI = 2,
    TYPE_EXCEPTION = 3,
    TYPE_SOFTWARE_INTERRUPT = 4,
    TYPE_INT1 = 5,
    TYPE_SOFTWARE_EXCEPTION = 6, /* INT3, INTO */
};

/* Work for the next entry beside registers. */
#define LATE_EVENT       (1U << 0) /* write the interruption information */
#define LATE_PRIMARY     (1U << 1) /* write the primary controls */
#define LATE_TLB         (1U << 2) /* INVVPID */
#define LATE_MITIGATIONS (1U << 3) /* IA32_SPEC_CTRL, at every entry */
/* Of guest_apicv.c: */
#define LATE_APIC_CONTROLS (1U << 4) /* write secondary and pin controls */
#define LATE_APIC_EXITS    (1U << 5) /* write the EOI-exit bitmap */
#define LATE_APIC_STATUS   (1U << 6) /* write the guest interrupt status */
#define LATE_APIC_RAISE    (1U << 7) /* raise its RVI */
#define LATE_APIC                                                              \
    (LATE_APIC_CONTROLS | LATE_APIC_EXITS | LATE_APIC_STATUS | LATE_APIC_RAISE)

/* A posted-interrupt descriptor (SDM 3C Table 30-1): read and written by the
 * processor while the guest runs, and by whoever posts. */
struct posted {
    uint64_t requests[4]; /* a bit a vector */
    uint64_t control;     /* POSTED_OUTSTANDING */
    uint64_t unused[3];
};
#define POSTED_OUTSTANDING 1ULL /* a notification is on its way */

/* An event for the next entry, in the VMCS's own format. */
struct guest_event {
    uint32_t info; /* 0: none */
    uint32_t error_code;
    uint32_t length;
};

struct guest {
    /* Known to guest_entry.asm. The slot of RSP is not used. */
    uint64_t gpr[GPR_COUNT];
    uint64_t host_rsp; /* as the VMCS has it */
    uint32_t launched;
    uint32_t mitigations; /* MITIGATION_* */
    uint64_t spec_guest;
    uint64_t spec_host;

    /* Registers: reg[r] counts where bit r of `valid` is set, and is newer
     * than the VMCS or the MSR where bit r of `dirty` is set. */
    uint64_t valid;
    uint64_t dirty;
    uint64_t reg[HIDDEN_END];
    uint64_t cr4_allowed; /* bits the guest may set */
    uint64_t cr0_shadow;  /* what it reads for the bits it does not own */
    uint64_t cr4_shadow;

    uint32_t late; /* LATE_* */
    uint32_t pin;
    uint32_t primary;
    uint32_t secondary;
    uint32_t entry_controls; /* as the VMCS has them */
    struct guest_event event;

    /* Debug registers while another guest has the processor. */
    uint64_t dr[4];
    uint64_t dr6;

    void *vmcs;
    uint8_t *msr_bitmap;
    void *xsave;
    uint64_t ept_pointer;

    /* The APIC as the processor virtualises it; guest_apicv.c. */
    uint32_t *apic_page;     /* NULL: it does not */
    const void *apic_access; /* its accesses are the APIC's; NULL: none */
    uint64_t eoi_exits[4];   /* as the VMCS has them */
    uint16_t apic_status;    /* to be written: RVI 7:0, SVI 15:8 */
    uint8_t apic_raise;      /* the least RVI */
    struct posted *posted;   /* a page; NULL: none can be posted to it */

    uint16_t vpid;                   /* 0: none */
    bool initialised;                /* the VMCS has been filled in */
    bool nmi_taken;                  /* since guest_event_load() found none */
    struct vmx_processor *processor; /* where the VMCS is active, or NULL */
};

#define REG_BIT(reg) (1ULL << (unsigned)(reg))

/* Registers that change by exits only, so that the cache is always right. */
#define REGS_OWNED                                                             \
    (REG_BIT(GUEST_EFER) | REG_BIT(GUEST_PAT) | REG_BIT(GUEST_XCR0) |          \
     REG_BIT(GUEST_XSS) | REG_BIT(GUEST_TSC_OFFSET))

/* The bits of CR0 and CR4 that the guest changes without an exit. */
#define CR0_GUEST_OWNED (CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_WP | CR0_AM)
#define CR4_GUEST_OWNED                                                        \
    (CR4_VME | CR4_PVI | CR4_TSD | CR4_DE | CR4_PSE | CR4_PGE | CR4_PCE |      \
     CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_UMIP | CR4_FSGSBASE | CR4_PCIDE |       \
     CR4_OSXSAVE | CR4_SMEP | CR4_SMAP | CR4_PKE)

/* guest_regs.c: fills the cache from wherever the register lives. */
uint64_t guest_regs_fetch(struct guest *guest, unsigned reg);

/* Any register, the hidden ones too. */
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

/* Writes what is dirty to the VMCS, which is current; *guest is loaded. */
ASIDE void guest_regs_flush(struct guest *guest);
/* Reads into the cache, or writes from it, what is neither in the VMCS nor in
 * the XSAVE area: CR2 and the MSRs that guests have to themselves. */
void guest_regs_save_msrs(struct guest *guest);
/* `before` (or NULL) was saved just now: what both have alike stays. */
void guest_regs_load_msrs(struct guest *guest, const struct guest *before);

/* guest_switch.c: makes the guest's VMCS current; makes its FPU, debug
 * registers and MSRs those of the processor as well. */
void guest_switch_vmcs_here(struct guest *guest);
static inline void guest_switch_vmcs(struct guest *guest)
{
    if (__builtin_expect(vmx_processor()->vmcs != guest, 0)) {
        guest_switch_vmcs_here(guest);
    }
}
ASIDE void guest_switch_load(struct guest *guest);
/* Gives the processor up, forgetting what it holds of the guest. */
void guest_switch_drop(struct guest *guest);
static inline bool guest_switch_is_loaded(const struct guest *guest)
{
    return vmx_processor()->loaded == guest;
}

/* guest_entry.asm: into the guest and back. guest_entry_exit is where exits
 * arrive; nobody calls it. */
enum vmx_status guest_entry(struct guest *guest);
void guest_entry_exit(void);

/* guest_setup.c: fills in the VMCS, which is current and clear. */
void guest_setup_vmcs(struct guest *guest);
/* Lets the guest read or write an MSR itself. */
void guest_setup_pass_msr(struct guest *guest, uint32_t msr, bool read,
                          bool write);

void guest_setup_stop_msr(struct guest *guest, uint32_t msr);

/* guest_apicv.c: the fields that guest_setup_vmcs() fills in, and what is late
 * of LATE_APIC. */
void guest_apic_write_fields(const struct guest *guest);
ASIDE void guest_apic_flush(struct guest *guest);

/* guest_event.c: an event that the exit interrupted is queued again; true if
 * there was one. The processor's debug status takes an exit's #DB. */
bool guest_event_requeue(struct guest *guest);
ASIDE void guest_event_flush(struct guest *guest);

/* guest_event.c: before a guest runs here that did not run here last: what its
 * VMCS says of NMIs is its own. */
ASIDE void guest_event_load(struct guest *guest);
