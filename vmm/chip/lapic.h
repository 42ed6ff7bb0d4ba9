/* The guest's local APIC, xAPIC and x2APIC (SDM 3A chapter 11; x2APIC 11.12).
 *
 * Who calls it: vcpu.c asks before each entry what is to be delivered, the MSR
 * exits pass 0x1b, 0x6e0 and 0x800 to 0x8ff, MOV CR8 the task priority, the
 * region table the MMIO page; apic_bus.c hands messages in. The register file
 * is lapic_registers.c, the timer lapic_timer.c.
 *
 * Where the processor can, it plays the APIC itself (SDM 3C chapter 30) and
 * the guest exits for what is left; lapic_apicv.c. All of it behaves the
 * same then, but that no vector is ever lapic_pending(). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/apic_regs.h"
#include "kernel/time.h"
#include "vmm/chip/apic_bus.h"
#include "vmm/memory/access.h"

/* The timer's clock before the divider: the "crystal" that CPUID 0x15 names
 * (CPUID_CRYSTAL_HZ), since Linux takes its APIC timer's rate from there. */
#define LAPIC_TIMER_HZ 1000000000U

/* Version register: 0x14, six LVT entries, EOI-broadcast suppression. */
#define LAPIC_VERSION 0x01050014U

/* LVT entries in the order of their registers, 0x320 up. */
enum lapic_lvt {
    LAPIC_LVT_TIMER,
    LAPIC_LVT_THERMAL,
    LAPIC_LVT_PERF,
    LAPIC_LVT_LINT0,
    LAPIC_LVT_LINT1,
    LAPIC_LVT_ERROR,
    LAPIC_LVT_COUNT
};

/* The timer (SDM 3A 11.5.4). At time `since` (ns) its current count was
 * `count`; it steps every `divide` ns; a periodic one goes on from `initial`.
 * count 0: stopped. In TSC-deadline mode only `deadline` counts. */
struct lapic_timer {
    struct timer timer; /* armed only while its interrupt is unmasked */
    uint64_t since;
    uint32_t count;
    uint32_t initial;
    uint32_t divide;
    uint32_t divide_register;
    uint64_t deadline; /* guest TSC; 0: not armed */
};

struct guest;

struct lapic {
    struct vcpu *vcpu;
    struct apic_bus *bus;
    uint32_t id;         /* the x2APIC id; the xAPIC's is its low 8 bits */
    uint64_t tsc_offset; /* guest TSC = host TSC + this */
    uint32_t base;       /* BSP, EXTD and EN of IA32_APIC_BASE */

    /* Registers. */
    uint32_t *registers; /* TPR, PPR, ISR, TMR, IRR: in `own` or the page */
    uint32_t own[LAPIC_REG_END / sizeof(uint32_t)];
    uint32_t ldr; /* as read in the present mode */
    uint32_t dfr;
    uint32_t svr;
    uint32_t esr;         /* as read */
    uint32_t esr_pending; /* errors since the last write to the ESR */
    uint64_t icr;         /* xAPIC: the high register is bits 63:32 */
    uint32_t lvt[LAPIC_LVT_COUNT];
    struct lapic_timer timer;

    /* The processor's virtual APIC; NULL: all is done here. What has been
     * requested and is not in the page yet, since the processor may be using
     * it: words 0 to 7 of IRR and TMR, and which of them count. */
    struct guest *guest;
    uint32_t request[8];
    uint32_t request_level[8];
    uint32_t request_words;

    /* Follows from the registers, kept so that the way to the guest is short:
     * see lapic_pending() and lapic_extint_ready(). */
    int highest_irr; /* -1: none; not kept for a virtual APIC */
    int highest_isr; /* -1: none; not kept for a virtual APIC */
    int pending;     /* the vector to deliver, or -1 */
    bool intr_open;  /* INTR goes through: LINT0 is ExtINT and unmasked, or the
                      * APIC is globally disabled */

    /* What came in and is not taken yet. */
    union {
        struct {
            bool nmi_pending;
            bool init_pending;
            bool sipi_pending;
            bool requested; /* request_words is not 0 */
            bool posted;    /* to the guest while it ran: it may not have it */
        };
        uint64_t attention; /* not 0: one of these */
    };
    bool extint_pending; /* an ExtINT message */
    uint8_t sipi_vector;
};

/* One of the LAPIC_REG_* that stand in `registers`. */
static inline uint32_t *lapic_register(const struct lapic *lapic,
                                       unsigned offset)
{
    return &lapic->registers[offset / sizeof(uint32_t)];
}

/* The processor priority (SDM 3A 11.8.3.1). */
static inline uint32_t lapic_ppr(const struct lapic *lapic)
{
    return *lapic_register(lapic, LAPIC_REG_PPR);
}

/* The whole chip, once, before any other call. `bsp` sets IA32_APIC_BASE.BSP;
 * the state is that of power-up: xAPIC mode, software-disabled, all LVT entries
 * masked (SDM 3A 11.4.7.1). */
void lapic_init(struct lapic *lapic, struct apic_bus *bus, struct vcpu *vcpu,
                uint32_t id, bool bsp);

/* Virtual-wire mode, as firmware leaves the BSP's: software-enabled, LINT0
 * ExtINT, LINT1 NMI. After lapic_init(). */
void lapic_firmware_state(struct lapic *lapic);

/* From now on the processor plays the APIC; `page` is guest_apic_setup()'s.
 * After lapic_init(), before the guest runs. */
void lapic_virtual_start(struct lapic *lapic, struct guest *guest,
                         uint32_t *page);

/* ---- for the vCPU loop ---- */

/* Brings what was requested into the page. The vCPU's own task, before an
 * entry, where lapic_virtual_news() says so. */
static inline bool lapic_virtual_news(const struct lapic *lapic)
{
    return lapic->requested || lapic->posted;
}
void lapic_virtual_sync(struct lapic *lapic);
bool lapic_virtual_deliverable(struct lapic *lapic);

/* Exits of a virtual APIC: the guest has ended `vector`, which somebody wants
 * to know; it has written the register at `offset` in the page. */
void lapic_virtual_eoi(struct lapic *lapic, uint8_t vector);
void lapic_virtual_write(struct lapic *lapic, unsigned offset);

/* The vector to deliver now if the guest takes interrupts, or -1. Looked at
 * before each entry: what the vCPU's own register accesses make deliverable
 * is not announced by vcpu_wake(); everything from outside is. */
static inline int lapic_pending(const struct lapic *lapic)
{
    return lapic->pending;
}

/* The vector lapic_pending() gave is being delivered: IRR to ISR. */
void lapic_accept(struct lapic *lapic, int vector);

/* The PIC pair has an interrupt for this processor; lapic_take_extint() makes
 * the acknowledge cycle and gives its vector. A pending fixed vector has no
 * precedence over it: hardware takes ExtINT first. */
static inline bool lapic_extint_ready(const struct lapic *lapic)
{
    return lapic->bus->intr && (lapic->intr_open || lapic->extint_pending);
}

int lapic_take_extint(struct lapic *lapic);

/* NMI and SIPI: true once for each that came in. */
bool lapic_take_nmi(struct lapic *lapic);
bool lapic_take_sipi(struct lapic *lapic, uint8_t *vector);

/* True: an INIT came in; the chip is in its INIT state now (mode and identity
 * kept, SDM 3A 11.4.7.3) and the vCPU has to wait for a SIPI. Ask before
 * lapic_take_sipi(). A SIPI to a vCPU that does not wait is taken and
 * dropped. */
bool lapic_take_init(struct lapic *lapic);

/* Anything at all for the loop to look at: false is the common case. */
static inline bool lapic_has_work(const struct lapic *lapic)
{
    return lapic->pending >= 0 || lapic->attention != 0 ||
           lapic_extint_ready(lapic);
}

/* Is there a vector that only RFLAGS.IF can hold back? */
static inline bool lapic_deliverable(struct lapic *lapic)
{
    return lapic->pending >= 0 ||
           (lapic->guest != NULL && lapic_virtual_deliverable(lapic));
}

/* CR8: the task priority's class, 0 to 15. */
unsigned lapic_tpr_get(const struct lapic *lapic);
void lapic_tpr_set(struct lapic *lapic, unsigned cr8);

/* ---- registers ---- */

/* `access->address` is the offset into the page at LAPIC_BASE. When the APIC is
 * off or in x2APIC mode there is no page: reads give ones, writes are lost, and
 * the machine is told. Always ACCESS_HANDLED. */
enum access_result lapic_access(struct lapic *lapic, struct access *access);

/* MSRs 0x800 to 0x8ff. False: #GP(0), nothing changed. */
bool lapic_msr_read(struct lapic *lapic, uint32_t msr, uint64_t *value);
bool lapic_msr_write(struct lapic *lapic, uint32_t msr, uint64_t value);

/* IA32_APIC_BASE. False: #GP(0): a reserved bit, an illegal change of mode
 * (SDM 3A Figure 11-27), or another base address: the page does not move.
 * Writes do not change the BSP bit. */
uint64_t lapic_base_read(const struct lapic *lapic);
bool lapic_base_write(struct lapic *lapic, uint64_t value);

/* IA32_TSC_DEADLINE, in guest TSC units. Outside TSC-deadline mode writes do
 * nothing and reads give 0. */
uint64_t lapic_deadline_read(struct lapic *lapic);
void lapic_deadline_write(struct lapic *lapic, uint64_t value);

/* Guest TSC = host TSC + offset from now on; moves an armed deadline. */
void lapic_tsc_offset_set(struct lapic *lapic, uint64_t offset);

/* ---- for apic_bus.c and the other files of this chip ---- */

/* True: a message with mode and vector was taken. */
bool lapic_receive(struct lapic *lapic, enum apic_mode mode, uint8_t vector,
                   bool level);

/* Is a message to `dest` for this one? (SDM 3A 11.6.2) */
bool lapic_matches(const struct lapic *lapic,
                   const struct apic_message *message);

/* A signal on LINT0 (pin 0) or LINT1. */
void lapic_lint(struct lapic *lapic, unsigned pin);

/* An LVT entry's event has come: delivers it unless masked. */
void lapic_lvt_event(struct lapic *lapic, enum lapic_lvt entry);

void lapic_eoi(struct lapic *lapic);
void lapic_send(struct lapic *lapic); /* the IPI in the ICR */
void lapic_error(struct lapic *lapic, uint32_t bits);

/* EN and EXTD as IA32_APIC_BASE has them from now on; the caller has checked
 * that the change is legal. Disabled, the registers go to their power-up
 * state. */
void lapic_set_mode(struct lapic *lapic, uint32_t mode);

/* Works out PPR, pending and intr_open again after a change of registers. */
void lapic_update(struct lapic *lapic);

/* The highest bit that is set in LAPIC_REG_ISR, TMR or IRR, where none above
 * `from` is; -1: none. */
int lapic_highest(const struct lapic *lapic, unsigned set, int from);

/* For the virtual APIC: a vector has come in; TPR, ISR or IRR have changed;
 * anything may have changed; the guest may have written the ICR. */
void lapic_virtual_request(struct lapic *lapic, uint8_t vector, bool level);
void lapic_virtual_forget(struct lapic *lapic); /* all that was requested */
void lapic_virtual_update(struct lapic *lapic);
void lapic_virtual_renew(struct lapic *lapic);
void lapic_virtual_take(struct lapic *lapic);

/* Puts what the guest reads into the page: all registers but TPR, PPR, ISR, TMR
 * and IRR, which stand there. */
void lapic_publish_all(struct lapic *lapic);
bool lapic_published(const struct lapic *lapic);

/* Disarms its timers for good, before the VM is torn down. */
void lapic_stop(struct lapic *lapic);

bool lapic_valid(const struct lapic *lapic);
