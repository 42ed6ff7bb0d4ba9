/* Events for a guest: queued, combined into double and triple faults,
 * delivered by the next entry, and queued again if an exit came in between.
 * vmm/ calls it through arch/vmx/guest.h, and guest.c around an entry. SDM
 * 3C 25.8.3 (injection), 27.3.1.5 (what must hold), 28.2.4 (IDT-vectoring),
 * 3A 6.15 (double fault). */
#include "arch/cpu.h"
#include "arch/regs.h"
#include "arch/vmx/guest_state.h"
#include "arch/vmx/vmx_insn.h"
#include "arch/vmx/vmx_state.h"
#include "kernel/base/panic.h"

#define VECTORS_CONTRIBUTORY                                                   \
    (VECTOR_BIT(VECTOR_DE) | VECTOR_BIT(VECTOR_TS) | VECTOR_BIT(VECTOR_NP) |   \
     VECTOR_BIT(VECTOR_SS) | VECTOR_BIT(VECTOR_GP) | VECTOR_BIT(VECTOR_CP))

/* These are no faults: the return address is the next instruction, and RF in
 * the pushed flags has no meaning (SDM 3B 18.3.1.1). */
#define VECTORS_NOT_FAULTS                                                     \
    (VECTOR_BIT(VECTOR_DB) | VECTOR_BIT(VECTOR_BP) | VECTOR_BIT(VECTOR_OF) |   \
     VECTOR_BIT(VECTOR_DF) | VECTOR_BIT(VECTOR_MC))

#define DR6_CAUSE (DR6_TRAPS | DR6_BD | DR6_BS | DR6_BT)

static bool contributory(unsigned vector)
{
    return vector < VECTOR_EXCEPTIONS &&
           (VECTORS_CONTRIBUTORY & VECTOR_BIT(vector));
}

static unsigned event_type(const struct guest_event *event)
{
    return (event->info & INTERRUPTION_TYPE) >> 8;
}

static bool double_fault(unsigned first, unsigned second)
{
    if (contributory(first)) {
        return contributory(second);
    }
    return first == VECTOR_PF && (contributory(second) || second == VECTOR_PF);
}

static void queue(struct guest *guest, unsigned type, unsigned vector,
                  uint32_t extra, uint32_t error_code)
{
    guest->event.info = INTERRUPTION_VALID | type << 8 | vector | extra;
    guest->event.error_code = error_code;
    guest->event.length = 0;
    guest->late |= LATE_EVENT;
}

bool guest_inject_exception(struct guest *guest, uint8_t vector,
                            uint32_t error_code)
{
    unsigned second = vector;
    CHECK(vector < VECTOR_EXCEPTIONS && vector != VECTOR_NMI);

    /* An exception came during the delivery of another one. An exception
     * during the delivery of an interrupt is benign: it replaces the
     * interrupt. */
    if (guest->event.info && event_type(&guest->event) == TYPE_EXCEPTION) {
        unsigned first = guest->event.info & INTERRUPTION_VECTOR;
        if (first == VECTOR_DF &&
            (contributory(second) || second == VECTOR_PF)) {
            guest->event.info = 0;
            return false;
        }
        if (double_fault(first, second)) {
            second = VECTOR_DF;
            error_code = 0;
        }
    }
    uint32_t extra = VECTORS_WITH_ERROR_CODE & VECTOR_BIT(second)
                         ? INTERRUPTION_ERROR_CODE
                         : 0;
    queue(guest, TYPE_EXCEPTION, second, extra, extra ? error_code : 0);
    if (!(VECTORS_NOT_FAULTS & VECTOR_BIT(second))) {
        guest_set(guest, GUEST_RFLAGS,
                  guest_get(guest, GUEST_RFLAGS) | RFLAGS_RF);
    }
    return true;
}

bool guest_inject_page_fault(struct guest *guest, uint64_t linear,
                             uint32_t error_code)
{
    guest_set(guest, GUEST_CR2, linear);
    return guest_inject_exception(guest, VECTOR_PF, error_code);
}

/* A #DB that exits has not changed DR6 and DR7 (SDM 3C 28.1). */
static void take_debug_status(struct guest *guest, uint64_t qualification)
{
    CHECK(guest_switch_is_loaded(guest));
    uint64_t dr6 = cpu_read_dr6() & ~DR6_TRAPS;
    dr6 |= (qualification & DR6_CAUSE) | DR6_RTM;
    if (qualification & DR6_RTM) {
        dr6 &= ~DR6_RTM;
    }
    cpu_write_dr6(dr6);
    guest_set(guest, GUEST_DR7, guest_get(guest, GUEST_DR7) & ~DR7_GD);
}

/* If TF is set directly after an STI or MOV SS, an entry needs BS among the
 * pending debug exceptions (SDM 3C 27.3.1.5). The exit for the #DB has
 * cleared it. */
static void keep_single_step(struct guest *guest)
{
    uint64_t blocking = guest_regs_read(guest, HIDDEN_INTERRUPTIBILITY);
    if ((guest_get(guest, GUEST_RFLAGS) & RFLAGS_TF) &&
        (blocking & (BLOCKING_STI | BLOCKING_MOV_SS))) {
        guest_regs_write(guest, HIDDEN_PENDING_DEBUG,
                         guest_regs_read(guest, HIDDEN_PENDING_DEBUG) |
                             PENDING_DEBUG_BS);
    }
}

bool guest_reflect_exception(struct guest *guest, const struct exit *exit)
{
    CHECK(exit->reason == EXIT_EXCEPTION_NMI);
    if (exit->event.type == TYPE_NMI) {
        return true;
    }
    if (exit->event.vector == VECTOR_DB) {
        take_debug_status(guest, exit->qualification);
        keep_single_step(guest);
    }
    if (exit->event.type == TYPE_INT1) {
        /* INT1 is an instruction: it is delivered with its length, like INT
         * n. */
        queue(guest, TYPE_INT1, exit->event.vector, 0, 0);
        guest->event.length = exit->length;
        return true;
    }
    return guest_inject_exception(guest, exit->event.vector,
                                  exit->event.error_code);
}

bool guest_interruptible(struct guest *guest)
{
    if (guest->event.info) {
        return false;
    }
    if (!(guest_regs_read(guest, GUEST_RFLAGS) & RFLAGS_IF)) {
        return false;
    }
    return !(guest_regs_read(guest, HIDDEN_INTERRUPTIBILITY) &
             (BLOCKING_STI | BLOCKING_MOV_SS));
}

/* Only an NMI that was delivered blocks others. But at an entry, Bochs 2.7
 * keeps the blocking of the guest that ran before (27.7.1 takes it from the
 * field), and then reports NMIs as blocked for this guest until its next
 * IRET. */
static bool nmis_blocked(struct guest *guest)
{
    uint64_t blocking = guest_regs_read(guest, HIDDEN_INTERRUPTIBILITY);

    if ((blocking & BLOCKING_NMI) && !guest->nmi_taken) {
        guest_regs_write(guest, HIDDEN_INTERRUPTIBILITY,
                         blocking & ~(uint64_t)BLOCKING_NMI);
        return false;
    }
    return blocking & BLOCKING_NMI;
}

void guest_event_load(struct guest *guest)
{
    guest->nmi_taken = nmis_blocked(guest);
}

bool guest_nmi_deliverable(struct guest *guest)
{
    if (guest->event.info || nmis_blocked(guest)) {
        return false;
    }
    /* Some processors also refuse an NMI in the shadow of STI (27.3.1.5). */
    return !(guest_regs_read(guest, HIDDEN_INTERRUPTIBILITY) &
             (BLOCKING_STI | BLOCKING_MOV_SS));
}

void guest_inject_interrupt(struct guest *guest, uint8_t vector)
{
    CHECK(!guest->event.info);
    queue(guest, TYPE_EXTERNAL, vector, 0, 0);
}

void guest_inject_nmi(struct guest *guest)
{
    CHECK(!guest->event.info);
    queue(guest, TYPE_NMI, VECTOR_NMI, 0, 0);
}

static void want_window(struct guest *guest, uint32_t control, bool wanted)
{
    uint32_t primary =
        wanted ? guest->primary | control : guest->primary & ~control;
    if (primary != guest->primary) {
        guest->primary = primary;
        guest->late |= LATE_PRIMARY;
    }
}

void guest_want_interrupt_window(struct guest *guest, bool wanted)
{
    want_window(guest, PRIMARY_INTERRUPT_WINDOW, wanted);
}

void guest_want_nmi_window(struct guest *guest, bool wanted)
{
    want_window(guest, PRIMARY_NMI_WINDOW, wanted);
}

bool guest_event_requeue(struct guest *guest)
{
    uint32_t info = (uint32_t)vmx_read(VMCS_IDT_VECTORING);
    if (!(info & INTERRUPTION_VALID)) {
        return false;
    }
    struct guest_event *event = &guest->event;
    event->info = info & (INTERRUPTION_VALID | INTERRUPTION_ERROR_CODE |
                          INTERRUPTION_TYPE | INTERRUPTION_VECTOR);
    event->error_code = 0;
    event->length = 0;
    guest->late |= LATE_EVENT;
    if (info & INTERRUPTION_ERROR_CODE) {
        event->error_code = (uint32_t)vmx_read(VMCS_IDT_VECTORING_ERROR_CODE);
    }
    switch (event_type(event)) {
    case TYPE_SOFTWARE_INTERRUPT:
    case TYPE_INT1:
    case TYPE_SOFTWARE_EXCEPTION:
        event->length = (uint32_t)vmx_read(VMCS_EXIT_INSTRUCTION_LENGTH);
        break;
    case TYPE_NMI:
        /* Its first delivery has blocked NMIs already, and an entry that
         * injects one needs them unblocked (27.3.1.5). */
        guest_regs_write(guest, HIDDEN_INTERRUPTIBILITY,
                         guest_regs_read(guest, HIDDEN_INTERRUPTIBILITY) &
                             ~(uint64_t)BLOCKING_NMI);
        break;
    default:
        break;
    }
    return true;
}

void guest_event_flush(struct guest *guest)
{
    struct guest_event *event = &guest->event;
    /* Real mode pushes no error code, and an entry there may not claim one
     * (27.2.1.3). */
    if ((event->info & INTERRUPTION_ERROR_CODE) &&
        !(guest_get(guest, GUEST_CR0) & CR0_PE)) {
        event->info &= ~INTERRUPTION_ERROR_CODE;
    }
    if (event_type(event) == TYPE_NMI) {
        guest->nmi_taken = true;
    }
    vmx_write(VMCS_ENTRY_INTERRUPTION, event->info);
    if (event->info & INTERRUPTION_ERROR_CODE) {
        vmx_write(VMCS_ENTRY_ERROR_CODE, event->error_code);
    }
    if (event->length) {
        vmx_write(VMCS_ENTRY_INSTRUCTION_LENGTH, event->length);
    }
    event->info = 0;
}
