/* The local APIC's registers, accessed through the memory page or by MSR, and
 * the MSR IA32_APIC_BASE; see lapic.h. SDM 3A Table 11-1 and Table 11-6. */
#include "arch/msr.h"
#include "vmm/chip/lapic.h"
#include "vmm/chip/lapic_timer.h"
#include "vmm/chip/platform.h"

#define MSR_COUNT (LAPIC_REG_END / 16)

/* A register's number is its offset in the page / 16, and also its MSR's number
 * - MSR_X2APIC. */
#define NUMBER(name) name = LAPIC_REG_##name / 16
enum register_index {
    NUMBER(ID),
    NUMBER(VERSION),
    NUMBER(TPR),
    NUMBER(APR),
    NUMBER(PPR),
    NUMBER(EOI),
    NUMBER(RRD),
    NUMBER(LDR),
    NUMBER(DFR),
    NUMBER(SVR),
    NUMBER(ISR),
    NUMBER(TMR),
    NUMBER(IRR),
    NUMBER(ESR),
    NUMBER(ICR),
    NUMBER(ICR_HIGH),
    LVT = LAPIC_REG_LVT_TIMER / 16, /* the first of LAPIC_LVT_COUNT entries */
    INITIAL = LAPIC_REG_INITIAL_COUNT / 16,
    CURRENT = LAPIC_REG_CURRENT_COUNT / 16,
    NUMBER(DIVIDE),
    NUMBER(SELF_IPI)
};

/* Allowed accesses: X in xAPIC mode (page), X2 in x2APIC mode (MSR); R read, W
 * write. */
#define XR     1U
#define XW     2U
#define X2R    4U
#define X2W    8U
#define XRW    (XR | XW)
#define X2RW   (X2R | X2W)
#define ALL_RW (XRW | X2RW)

/* Which accesses a register allows, and which bits can be written (`bits`). A
 * write that sets other bits is #GP by MSR; on the page those bits are
 * ignored. */
struct rule {
    uint8_t may;
    uint32_t bits;
};

static const struct rule rules[MSR_COUNT] = {
    [ID] = {XR | X2R, 0},
    [VERSION] = {XR | X2R, 0},
    [TPR] = {ALL_RW, 0xff},
    [APR] = {XR, 0},
    [PPR] = {XR | X2R, 0},
    [EOI] = {XW | X2W, 0},
    [RRD] = {XR, 0},
    [LDR] = {XRW | X2R, 0xff000000},
    [DFR] = {XRW, 0xf0000000},
    [SVR] = {ALL_RW, 0x13ff},
    [ISR... IRR + 7] = {XR | X2R, 0},
    [ESR] = {ALL_RW, 0},
    [ICR] = {ALL_RW, 0x000cdfff},
    [ICR_HIGH] = {XRW, 0xff000000},
    [LVT + LAPIC_LVT_TIMER] = {ALL_RW, 0x000700ff},
    [LVT + LAPIC_LVT_THERMAL] = {ALL_RW, 0x000107ff},
    [LVT + LAPIC_LVT_PERF] = {ALL_RW, 0x000107ff},
    [LVT + LAPIC_LVT_LINT0] = {ALL_RW, 0x0001a7ff},
    [LVT + LAPIC_LVT_LINT1] = {ALL_RW, 0x0001a7ff},
    [LVT + LAPIC_LVT_ERROR] = {ALL_RW, 0x000100ff},
    [INITIAL] = {ALL_RW, 0xffffffff},
    [CURRENT] = {XR | X2R, 0},
    [DIVIDE] = {ALL_RW, 0xb},
    [SELF_IPI] = {X2W, 0xff},
};

/* Read-only bits of an LVT entry: delivery status and remote IRR. An MSR write
 * may set them; they are ignored. */
#define LVT_READ_ONLY 0x5000U

static uint32_t read_register(const struct lapic *lapic, unsigned index)
{
    bool x2apic = (lapic->base & APIC_BASE_EXTD) != 0;

    switch (index) {
    case ID:
        return x2apic ? lapic->id : lapic->id << 24;
    case VERSION:
        return LAPIC_VERSION;
    case TPR:
    case PPR:
    case ISR ... IRR + 7:
        return *lapic_register(lapic, index * 16);
    case LDR:
        return lapic->ldr;
    case DFR:
        return lapic->dfr;
    case SVR:
        return lapic->svr;
    case ESR:
        return lapic->esr;
    case ICR:
        return (uint32_t)lapic->icr;
    case ICR_HIGH:
        return (uint32_t)(lapic->icr >> 32);
    case LVT ... LVT + LAPIC_LVT_COUNT - 1:
        return lapic->lvt[index - LVT];
    case INITIAL:
        return lapic->timer.initial;
    case CURRENT:
        return lapic_timer_current(lapic);
    case DIVIDE:
        return lapic->timer.divide_register;
    default: /* APR and RRD, which have no function */
        return 0;
    }
}

static void write_lvt(struct lapic *lapic, enum lapic_lvt entry, uint32_t value)
{
    value &= rules[LVT + entry].bits;
    if ((lapic->svr & LAPIC_SVR_ENABLED) == 0) {
        value |= LAPIC_LVT_MASKED;
    }
    if (entry == LAPIC_LVT_TIMER) {
        lapic_timer_write_lvt(lapic, value);
    } else {
        lapic->lvt[entry] = value;
        lapic_update(lapic);
    }
}

/* Software-disabling the APIC masks every LVT entry (SDM 3A 11.4.7.2). */
static void write_svr(struct lapic *lapic, uint32_t value)
{
    bool enabling = (value & ~lapic->svr & LAPIC_SVR_ENABLED) != 0;

    lapic->svr = value;
    for (unsigned i = 0; i < LAPIC_LVT_COUNT; i++) {
        if ((value & LAPIC_SVR_ENABLED) == 0) {
            write_lvt(lapic, (enum lapic_lvt)i, lapic->lvt[i]);
        }
    }
    lapic_update(lapic);
    if (lapic->guest != NULL) {
        lapic_virtual_renew(lapic);
    }
    if (enabling) {
        apic_bus_retry(lapic->bus);
    }
}

/* Sends the IPI as a write to the ICR would, so that the vector is checked. The
 * ICR keeps its value. */
static void write_self_ipi(struct lapic *lapic, uint32_t vector)
{
    uint64_t icr = lapic->icr;

    lapic->icr = (uint64_t)APIC_TO_SELF << 18 | vector;
    lapic_send(lapic);
    lapic->icr = icr;
}

/* The caller has masked `value` with the register's `bits`. */
static void write_one(struct lapic *lapic, unsigned index, uint32_t value)
{
    switch (index) {
    case TPR:
        *lapic_register(lapic, LAPIC_REG_TPR) = value;
        lapic_update(lapic);
        break;
    case EOI:
        lapic_eoi(lapic);
        break;
    case LDR:
        lapic->ldr = value;
        apic_bus_retry(lapic->bus);
        break;
    case DFR:
        lapic->dfr = value | 0x0fffffff;
        apic_bus_retry(lapic->bus);
        break;
    case SVR:
        write_svr(lapic, value);
        break;
    case ESR:
        lapic->esr = lapic->esr_pending;
        lapic->esr_pending = 0;
        break;
    case ICR:
        lapic->icr =
            (lapic->icr & ~0xffffffffULL) | (value & ~LAPIC_ICR_PENDING);
        lapic_send(lapic);
        break;
    case ICR_HIGH:
        lapic->icr = (uint64_t)value << 32 | (uint32_t)lapic->icr;
        break;
    case LVT ... LVT + LAPIC_LVT_COUNT - 1:
        write_lvt(lapic, (enum lapic_lvt)(index - LVT), value);
        break;
    case INITIAL:
        lapic_timer_write_initial(lapic, value);
        break;
    case DIVIDE:
        lapic_timer_write_divide(lapic, value);
        break;
    case SELF_IPI:
        write_self_ipi(lapic, value);
        break;
    default:
        break;
    }
}

/* Is the register copied into the page? TPR, PPR, ISR, TMR and IRR are not,
 * since they lie only in the page. The timer's current count is not, since
 * reading it exits. */
static bool is_published(unsigned index)
{
    return (rules[index].may & (XR | X2R)) != 0 && index != TPR &&
           index != PPR && (index < ISR || index > IRR + 7) && index != CURRENT;
}

static uint32_t published_high(const struct lapic *lapic)
{
    bool x2apic = (lapic->base & APIC_BASE_EXTD) != 0;

    return x2apic ? (uint32_t)(lapic->icr >> 32) : 0;
}

/* Copies into the page the value that the guest reads of this register. */
static void publish(struct lapic *lapic, unsigned index)
{
    if (is_published(index)) {
        *lapic_register(lapic, index * 16) = read_register(lapic, index);
    }
    if (index == ICR) {
        publish(lapic, ICR_HIGH);
        *lapic_register(lapic, ICR * 16 + 4) = published_high(lapic);
    }
}

static void write_register(struct lapic *lapic, unsigned index, uint32_t value)
{
    write_one(lapic, index, value);
    if (lapic->guest != NULL) {
        publish(lapic, index);
    }
}

/* Reads the xAPIC's ICR from the page. Without an exit the guest may have
 * written its high half, or sent an IPI to itself through its low half. */
void lapic_virtual_take(struct lapic *lapic)
{
    uint64_t high = *lapic_register(lapic, ICR_HIGH * 16);

    if ((lapic->base & APIC_BASE_EXTD) == 0) {
        lapic->icr = high << 32 | *lapic_register(lapic, ICR * 16);
    }
}

void lapic_publish_all(struct lapic *lapic)
{
    for (unsigned index = 0; index < MSR_COUNT; index++) {
        publish(lapic, index);
    }
}

/* Handles the exit after a write to the page. The processor has stored the
 * whole value that the guest wrote. This function acts on it and puts the value
 * that reads give in its place. */
void lapic_virtual_write(struct lapic *lapic, unsigned offset)
{
    unsigned index = offset / 16 % MSR_COUNT;
    uint32_t value = *lapic_register(lapic, index * 16);

    if (index == SELF_IPI || (rules[index].may & XW) != 0) {
        lapic_virtual_take(lapic);
        write_register(lapic, index, value & rules[index].bits);
    } else {
        publish(lapic, index);
    }
    if (index == EOI || index == SELF_IPI) { /* write-only */
        *lapic_register(lapic, index * 16) = 0;
    }
}

bool lapic_published(const struct lapic *lapic)
{
    bool x2apic = (lapic->base & APIC_BASE_EXTD) != 0;

    for (unsigned index = 0; index < MSR_COUNT; index++) {
        bool taken = !x2apic && (index == ICR || index == ICR_HIGH);

        if (!taken && is_published(index) &&
            *lapic_register(lapic, index * 16) != read_register(lapic, index)) {
            return false;
        }
    }
    return *lapic_register(lapic, ICR * 16 + 4) == published_high(lapic);
}

/* Reads a register. A read that is not one aligned doubleword is undefined in
 * the SDM; here it gives those bytes of the register that it covers. */
static void page_read(struct lapic *lapic, struct access *access,
                      unsigned offset)
{
    unsigned index = offset / 16;
    unsigned byte = offset % 16;

    access->value = 0;
    if (index >= MSR_COUNT || (rules[index].may & XRW) == 0) {
        lapic_error(lapic, LAPIC_ESR_REGISTER);
        return;
    }
    if ((rules[index].may & XR) == 0 || byte > 3) {
        return;
    }
    if (lapic->requested) {
        lapic_virtual_sync(lapic);
    }
    access->value = read_register(lapic, index) >> byte * 8;
    if (access->size < 4) {
        access->value &= (1U << access->size * 8) - 1;
    }
}

/* Without a page nothing answers on the bus: reads give ones (SDM 3A 11.4.3,
 * 11.12.2). */
static void no_page(struct lapic *lapic, struct access *access)
{
    vcpu_tell_no_apic_page(lapic->vcpu, access);
    if (!access->write) {
        access->value = UINT64_MAX >> (64 - 8 * access->size);
    }
}

enum access_result lapic_access(struct lapic *lapic, struct access *access)
{
    unsigned offset = access->address & 0xfff;
    unsigned index = offset / 16;

    if ((lapic->base & (APIC_BASE_EN | APIC_BASE_EXTD)) != APIC_BASE_EN) {
        no_page(lapic, access);
        return ACCESS_HANDLED;
    }
    if (lapic->guest != NULL) {
        lapic_virtual_take(lapic);
        if ((lapic->svr & LAPIC_SVR_ENABLED) == 0) {
            lapic_update(lapic); /* the guest may have written TPR; update
                                  * PPR */
        }
    }
    if (!access->write) {
        page_read(lapic, access, offset);
        return ACCESS_HANDLED;
    }
    if (offset % 16 != 0 || access->size != 4) {
        return ACCESS_HANDLED;
    }
    if (index >= MSR_COUNT || (rules[index].may & XRW) == 0) {
        lapic_error(lapic, LAPIC_ESR_REGISTER);
    } else if ((rules[index].may & XW) != 0) {
        write_register(lapic, index,
                       (uint32_t)access->value & rules[index].bits);
    }
    return ACCESS_HANDLED;
}

static bool msr_may(const struct lapic *lapic, uint32_t msr, unsigned right)
{
    return (lapic->base & APIC_BASE_EXTD) != 0 && msr >= MSR_X2APIC &&
           msr < MSR_X2APIC + MSR_COUNT &&
           (rules[msr - MSR_X2APIC].may & right) != 0;
}

bool lapic_msr_read(struct lapic *lapic, uint32_t msr, uint64_t *value)
{
    if (!msr_may(lapic, msr, X2R)) {
        return false;
    }
    if (lapic->requested) {
        lapic_virtual_sync(lapic);
    }
    *value = msr - MSR_X2APIC == ICR ? lapic->icr
                                     : read_register(lapic, msr - MSR_X2APIC);
    return true;
}

bool lapic_msr_write(struct lapic *lapic, uint32_t msr, uint64_t value)
{
    unsigned index = msr - MSR_X2APIC;

    if (!msr_may(lapic, msr, X2W)) {
        return false;
    }

    uint64_t allowed = rules[index].bits;

    if (index == ICR) {
        allowed |= 0xffffffffULL << 32;
    } else if (index >= LVT && index < LVT + LAPIC_LVT_COUNT) {
        allowed |= LVT_READ_ONLY;
    }
    if ((value & ~allowed) != 0) {
        return false;
    }
    if (index == ICR) {
        lapic->icr = value & ~(uint64_t)LAPIC_ICR_PENDING;
        lapic_send(lapic);
        if (lapic->guest != NULL) {
            publish(lapic, ICR);
        }
    } else {
        write_register(lapic, index, (uint32_t)value & rules[index].bits);
    }
    return true;
}

uint64_t lapic_base_read(const struct lapic *lapic)
{
    return LAPIC_BASE | lapic->base;
}

/* Is the change of EN and EXTD legal (SDM 3A Figure 11-27)? EXTD without EN is
 * invalid. x2APIC mode can be entered only from xAPIC mode and left only to the
 * disabled state. */
static bool change_is_legal(uint32_t before, uint32_t after)
{
    switch (after) {
    case 0:
        return true;
    case APIC_BASE_EN:
        return before == 0;
    case APIC_BASE_EN | APIC_BASE_EXTD:
        return before == APIC_BASE_EN;
    default:
        return false;
    }
}

bool lapic_base_write(struct lapic *lapic, uint64_t value)
{
    uint32_t mode = (uint32_t)value & (APIC_BASE_EN | APIC_BASE_EXTD);
    uint32_t before = lapic->base & (APIC_BASE_EN | APIC_BASE_EXTD);

    if ((value & ~(uint64_t)APIC_BASE_BSP) != (LAPIC_BASE | mode)) {
        return false;
    }
    if (mode == before) {
        return true;
    }
    if (!change_is_legal(before, mode)) {
        return false;
    }
    lapic_set_mode(lapic, mode);
    apic_bus_retry(lapic->bus);
    return true;
}
