/* The guest's local APIC, xAPIC and x2APIC (SDM 3A chapter 11; x2APIC 11.12).
 * Its registers are in lapic_registers.c, its timer in lapic_timer.c, its
 * messages in lapic_message.c.
 *
 * Where the processor can, it plays the APIC itself ("virtual APIC" below; SDM
 * 3C chapter 30). Then the registers that change with interrupts lie in the
 * virtual-APIC page, and the guest exits only for the rest: lapic_apicv.c. The
 * functions below behave the same in both cases, with one exception: with a
 * virtual APIC no vector is ever lapic_pending().
 *
 * Who calls it: vcpu.c (what is to be delivered at an entry), vmm/cpu/msr.c
 * (MSRs 0x1b, 0x6e0, 0x800 to 0x8ff), vmm/vm/cr.c (CR8), vmm/vm/mmio.c (the
 * page), vmm/vm/exits.c (exits of a virtual APIC), apic_bus.c (messages). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/apic_regs.h"
#include "kernel/time.h"
#include "vmm/chip/apic_bus.h"
#include "vmm/memory/access.h"

/* Frequency of the timer's clock before the divider. It equals the crystal's of
 * CPUID 0x15 (CPUID_CRYSTAL_HZ), since Linux takes the APIC timer's frequency
 * from there. */
#define LAPIC_TIMER_HZ 1000000000U

/* Version register: version 0x14, six LVT entries, EOI-broadcast
 * suppression. */
#define LAPIC_VERSION 0x01050014U

/* LVT entries in the order of their registers, from 0x320 on. */
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
 * `count`, and 0 means stopped. The count falls by one every `divide` ns. A
 * periodic timer begins again at `initial`. In TSC-deadline mode only
 * `deadline` is used. */
struct lapic_timer {
    struct timer timer; /* armed only while the LVT entry is not masked */
    uint64_t since;
    uint32_t count;
    uint32_t initial;
    uint32_t divide;
    uint32_t divide_register;
    uint64_t deadline; /* in guest TSC ticks; 0: not armed */
};

struct guest;

struct lapic {
    struct vcpu *vcpu;
    struct apic_bus *bus;
    uint32_t id;         /* x2APIC id; its low 8 bits are the xAPIC id */
    uint64_t tsc_offset; /* guest TSC minus host TSC */
    uint32_t base;       /* the bits BSP, EXTD and EN of IA32_APIC_BASE */

    /* The registers. */
    uint32_t *registers; /* TPR, PPR, ISR, TMR, IRR; points to `own` or to the
                          * virtual-APIC page */
    uint32_t own[LAPIC_REG_END / sizeof(uint32_t)];
    uint32_t ldr; /* as the guest reads it in the present mode */
    uint32_t dfr;
    uint32_t svr;
    uint32_t esr;         /* as the guest reads it */
    uint32_t esr_pending; /* errors since the last write to the ESR */
    uint64_t icr;         /* the xAPIC's high register is bits 63:32 */
    uint32_t lvt[LAPIC_LVT_COUNT];
    struct lapic_timer timer;

    /* The guest whose virtual APIC this is; NULL: this APIC is software's
     * alone. The page is not written while the guest may be running. Until the
     * next entry, new vectors wait in `request`, their trigger modes in
     * `request_level` (word n: vectors 32n to 32n + 31). Bit n of
     * `request_words` says that word n is valid. */
    struct guest *guest;
    uint32_t request[8];
    uint32_t request_level[8];
    uint32_t request_words;

    /* Worked out from the registers whenever they change, so that
     * lapic_pending() and lapic_extint_ready() are short. */
    int highest_irr; /* -1: none; unused with a virtual APIC */
    int highest_isr; /* -1: none; unused with a virtual APIC */
    int pending;     /* the vector to deliver; -1: none */
    bool intr_open;  /* INTR reaches the processor: LINT0 is ExtINT and not
                      * masked, or the APIC is disabled */

    /* Events that have come in and that the vCPU has not taken yet. */
    union {
        struct {
            bool nmi_pending;
            bool init_pending;
            bool sipi_pending;
            bool requested; /* request_words is not 0 */
            bool posted;    /* a vector was posted while the guest ran, and may
                             * still wait */
        };
        uint64_t attention; /* not 0: at least one of the above */
    };
    bool extint_pending; /* an ExtINT message has come in */
    uint8_t sipi_vector;
};

/* Returns the register at byte `offset` of `registers`. */
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

/* Initialises the whole chip; called once, before any other function. `bsp`
 * sets IA32_APIC_BASE.BSP. The state is that of power-up: xAPIC mode,
 * software-disabled, all LVT entries masked (SDM 3A 11.4.7.1). */
void lapic_init(struct lapic *lapic, struct apic_bus *bus, struct vcpu *vcpu,
                uint32_t id, bool bsp);

/* Sets virtual-wire mode, in which firmware leaves the BSP's local APIC:
 * software-enabled, LINT0 ExtINT, LINT1 NMI. Called after lapic_init(). */
void lapic_firmware_state(struct lapic *lapic);

/* Lets the processor play the APIC from now on. `page` is the virtual-APIC page
 * that guest_apic_setup() returned. Called after lapic_init(), before the guest
 * runs. */
void lapic_virtual_start(struct lapic *lapic, struct guest *guest,
                         uint32_t *page);

/* ---- for the vCPU loop ---- */

/* lapic_virtual_sync() brings requested and posted vectors into the page. The
 * vCPU's own task calls it before an entry if lapic_virtual_news() is true. */
static inline bool lapic_virtual_news(const struct lapic *lapic)
{
    return lapic->requested || lapic->posted;
}
void lapic_virtual_sync(struct lapic *lapic);
bool lapic_virtual_deliverable(struct lapic *lapic);

/* Handle the exits of a virtual APIC. lapic_virtual_eoi(): the guest has ended
 * the level-triggered `vector`. lapic_virtual_write(): the guest has written
 * the register at `offset` in the page. */
void lapic_virtual_eoi(struct lapic *lapic, uint8_t vector);
void lapic_virtual_write(struct lapic *lapic, unsigned offset);

/* Returns the vector to deliver as soon as the guest takes interrupts; -1:
 * none. The vCPU loop asks before each entry: vcpu_wake() announces vectors
 * from outside, but not those that the vCPU's own register accesses make
 * deliverable. */
static inline int lapic_pending(const struct lapic *lapic)
{
    return lapic->pending;
}

/* Moves `vector`, which lapic_pending() returned, from IRR to ISR, since it is
 * being delivered. */
void lapic_accept(struct lapic *lapic, int vector);

/* Does the PIC pair have an interrupt for this processor? If so,
 * lapic_take_extint() makes the acknowledge cycle and returns the vector.
 * ExtINT comes before a pending fixed vector, as on hardware. */
static inline bool lapic_extint_ready(const struct lapic *lapic)
{
    return lapic->bus->intr && (lapic->intr_open || lapic->extint_pending);
}

int lapic_take_extint(struct lapic *lapic);

/* Take a pending NMI or SIPI. True: there was one. */
bool lapic_take_nmi(struct lapic *lapic);
bool lapic_take_sipi(struct lapic *lapic, uint8_t *vector);

/* Takes a pending INIT. True: there was one. The chip is then in its INIT state
 * (mode and id are kept, SDM 3A 11.4.7.3) and the vCPU has to wait for a SIPI.
 * Call this before lapic_take_sipi(). The caller drops a SIPI if its vCPU does
 * not wait for one. */
bool lapic_take_init(struct lapic *lapic);

/* Does this local APIC have work for the vCPU loop before an entry? Mostly it
 * has none. */
static inline bool lapic_has_work(const struct lapic *lapic)
{
    return lapic->pending >= 0 || lapic->attention != 0 ||
           lapic_extint_ready(lapic);
}

/* Is there a vector that the guest takes as soon as RFLAGS.IF allows? */
static inline bool lapic_deliverable(struct lapic *lapic)
{
    return lapic->pending >= 0 ||
           (lapic->guest != NULL && lapic_virtual_deliverable(lapic));
}

/* CR8: bits 7:4 of the TPR, 0 to 15. */
unsigned lapic_tpr_get(const struct lapic *lapic);
void lapic_tpr_set(struct lapic *lapic, unsigned cr8);

/* ---- registers ---- */

/* Answers an access to the xAPIC's page; `access->address` is the offset into
 * the page. If the APIC is disabled or in x2APIC mode there is no page: reads
 * give ones, writes do nothing, and the machine logs it. Always returns
 * ACCESS_HANDLED. */
enum access_result lapic_access(struct lapic *lapic, struct access *access);

/* Read and write MSRs 0x800 to 0x8ff. False: #GP(0), and nothing has
 * changed. */
bool lapic_msr_read(struct lapic *lapic, uint32_t msr, uint64_t *value);
bool lapic_msr_write(struct lapic *lapic, uint32_t msr, uint64_t value);

/* Read and write IA32_APIC_BASE. False means #GP(0), for a reserved bit, an
 * illegal change of mode (SDM 3A Figure 11-27), or another base address, since
 * the page cannot move. Writes do not change the BSP bit. */
uint64_t lapic_base_read(const struct lapic *lapic);
bool lapic_base_write(struct lapic *lapic, uint64_t value);

/* Read and write IA32_TSC_DEADLINE, in guest TSC ticks. Outside TSC-deadline
 * mode writes do nothing and reads give 0. */
uint64_t lapic_deadline_read(struct lapic *lapic);
void lapic_deadline_write(struct lapic *lapic, uint64_t value);

/* Sets the offset of the guest's TSC from the host's. An armed deadline keeps
 * its guest TSC, so the host timer is armed anew. */
void lapic_tsc_offset_set(struct lapic *lapic, uint64_t offset);

/* ---- for apic_bus.c and the other files of this chip ---- */

/* Receives an interrupt message. True: it was accepted. */
bool lapic_receive(struct lapic *lapic, enum apic_mode mode, uint8_t vector,
                   bool level);

/* Does the message's destination include this local APIC (SDM 3A 11.6.2)? */
bool lapic_matches(const struct lapic *lapic,
                   const struct apic_message *message);

/* Handles a signal on LINT0 (`pin` 0) or LINT1 (`pin` 1). */
void lapic_lint(struct lapic *lapic, unsigned pin);

/* Delivers the interrupt of an LVT entry, unless the entry is masked. */
void lapic_lvt_event(struct lapic *lapic, enum lapic_lvt entry);

void lapic_eoi(struct lapic *lapic);
void lapic_send(struct lapic *lapic); /* sends the IPI in the ICR */
void lapic_error(struct lapic *lapic, uint32_t bits);

/* Sets the bits EN and EXTD of IA32_APIC_BASE. The caller has checked that the
 * change is legal. If EN is clear, the registers go to their power-up state. */
void lapic_set_mode(struct lapic *lapic, uint32_t mode);

/* Works out PPR, `pending` and `intr_open` again. Called after registers have
 * changed. */
void lapic_update(struct lapic *lapic);

/* Returns the highest vector whose bit is set in `set`, which is LAPIC_REG_ISR,
 * TMR or IRR; -1: none. The caller knows that no vector above `from` is set. */
int lapic_highest(const struct lapic *lapic, unsigned set, int from);

/* For a virtual APIC. request(): a vector has come in. forget(): drops all
 * requested and posted vectors. update(): TPR, ISR or IRR have changed.
 * renew(): any register or the mode may have changed. take(): reads the ICR,
 * which the guest may have written without an exit. */
void lapic_virtual_request(struct lapic *lapic, uint8_t vector, bool level);
void lapic_virtual_forget(struct lapic *lapic);
void lapic_virtual_update(struct lapic *lapic);
void lapic_virtual_renew(struct lapic *lapic);
void lapic_virtual_take(struct lapic *lapic);

/* Copies into the page what the guest reads of all registers, except those that
 * lie only in the page (TPR, PPR, ISR, TMR, IRR). lapic_published() checks that
 * the copies are right. */
void lapic_publish_all(struct lapic *lapic);
bool lapic_published(const struct lapic *lapic);

/* Cancels the APIC's timer. Called before the VM is destroyed. */
void lapic_stop(struct lapic *lapic);

bool lapic_valid(const struct lapic *lapic);
