/* The local APIC's interrupts: what comes in, what has priority, what is ended.
 * See lapic.h. The registers are in lapic_registers.c, messages to other APICs
 * in lapic_message.c, the timer in lapic_timer.c. SDM 3A chapter 11. */
#include "vmm/chip/lapic.h"

#include "arch/msr.h"
#include "kernel/base/panic.h"
#include "kernel/base/string.h"
#include "vmm/chip/lapic_timer.h"
#include "vmm/chip/platform.h"

/* The word of `set` (ISR, TMR or IRR) that holds the bit of vector `n`. */
static uint32_t *word_of(const struct lapic *lapic, unsigned set, unsigned n)
{
    return lapic_register(lapic, set + n / 32 * 16);
}

static void bit_set(struct lapic *lapic, unsigned set, unsigned n)
{
    *word_of(lapic, set, n) |= 1U << n % 32;
}

static void bit_clear(struct lapic *lapic, unsigned set, unsigned n)
{
    *word_of(lapic, set, n) &= ~(1U << n % 32);
}

static bool bit_test(const struct lapic *lapic, unsigned set, unsigned n)
{
    return (*word_of(lapic, set, n) >> n % 32 & 1) != 0;
}

int lapic_highest(const struct lapic *lapic, unsigned set, int from)
{
    for (int n = from & ~31; n >= 0; n -= 32) {
        uint32_t word = *word_of(lapic, set, (unsigned)n);

        if (word != 0) {
            return n + 31 - __builtin_clz(word);
        }
    }
    return -1;
}

static int highest_isr(const struct lapic *lapic)
{
    return lapic->guest != NULL ? lapic_highest(lapic, LAPIC_REG_ISR, 255)
                                : lapic->highest_isr;
}

/* Processor priority (SDM 3A 11.8.3.1). */
static uint32_t priority(const struct lapic *lapic)
{
    int vector = highest_isr(lapic);
    uint32_t in_service = vector < 0 ? 0 : (uint32_t)vector & 0xf0;
    uint32_t tpr = *lapic_register(lapic, LAPIC_REG_TPR);

    return (tpr & 0xf0) >= in_service ? tpr : in_service;
}

static int deliverable(const struct lapic *lapic)
{
    if (lapic->highest_irr < 0 || (lapic->svr & LAPIC_SVR_ENABLED) == 0 ||
        ((uint32_t)lapic->highest_irr & 0xf0) <=
            (*lapic_register(lapic, LAPIC_REG_PPR) & 0xf0)) {
        return -1;
    }
    return lapic->highest_irr;
}

static bool intr_open(const struct lapic *lapic)
{
    uint32_t lint0 = lapic->lvt[LAPIC_LVT_LINT0];

    return (lapic->base & APIC_BASE_EN) == 0 ||
           (lint0 & (LAPIC_LVT_MASKED | 0x700)) == APIC_MODE(APIC_EXTINT);
}

void lapic_update(struct lapic *lapic)
{
    *lapic_register(lapic, LAPIC_REG_PPR) = priority(lapic);
    lapic->intr_open = intr_open(lapic);
    if (lapic->guest != NULL) {
        lapic_virtual_update(lapic);
    } else {
        lapic->pending = deliverable(lapic);
    }
}

/* In x2APIC mode the logical id follows from the id (SDM 3A 11.12.10.2). In
 * xAPIC mode software writes it. */
static uint32_t logical_id(const struct lapic *lapic)
{
    if ((lapic->base & APIC_BASE_EXTD) == 0) {
        return 0;
    }
    return (lapic->id >> 4) << 16 | 1U << (lapic->id & 15);
}

/* Called when any register or the mode may have changed. */
static void changed(struct lapic *lapic)
{
    lapic_update(lapic);
    if (lapic->guest != NULL) {
        lapic_virtual_renew(lapic);
    }
}

/* Sets the registers as power-up and INIT leave them (SDM 3A 11.4.7). */
static void clear_registers(struct lapic *lapic)
{
    lapic->ldr = logical_id(lapic);
    lapic->dfr = UINT32_MAX;
    lapic->svr = 0xff;
    lapic->esr = 0;
    lapic->esr_pending = 0;
    lapic->icr = 0;
    for (unsigned i = 0; i < LAPIC_LVT_COUNT; i++) {
        lapic->lvt[i] = LAPIC_LVT_MASKED;
    }
    memset(lapic->registers, 0, LAPIC_REG_END);
    lapic_virtual_forget(lapic);
    lapic->highest_irr = -1;
    lapic->highest_isr = -1;
    lapic->pending = -1;
    lapic->extint_pending = false;
    lapic->nmi_pending = false;
    lapic_timer_reset(lapic);
    changed(lapic);
}

void lapic_init(struct lapic *lapic, struct apic_bus *bus, struct vcpu *vcpu,
                uint32_t id, bool bsp)
{
    CHECK(bus != NULL);
    memset(lapic, 0, sizeof(*lapic));
    lapic->registers = lapic->own;
    lapic->bus = bus;
    lapic->vcpu = vcpu;
    lapic->id = id;
    lapic->base = (bsp ? APIC_BASE_BSP : 0) | APIC_BASE_EN;
    clear_registers(lapic);
}

void lapic_set_mode(struct lapic *lapic, uint32_t mode)
{
    lapic->base = (lapic->base & APIC_BASE_BSP) | mode;
    if ((mode & APIC_BASE_EN) == 0) {
        clear_registers(lapic);
        return;
    }
    lapic->ldr = logical_id(lapic);
    changed(lapic);
}

void lapic_firmware_state(struct lapic *lapic)
{
    lapic->svr = LAPIC_SVR_ENABLED | 0xff;
    lapic->lvt[LAPIC_LVT_LINT0] = APIC_MODE(APIC_EXTINT);
    lapic->lvt[LAPIC_LVT_LINT1] = APIC_MODE(APIC_NMI);
    changed(lapic);
}

void lapic_stop(struct lapic *lapic)
{
    timer_cancel(&lapic->timer.timer);
}

void lapic_accept(struct lapic *lapic, int vector)
{
    CHECK(vector >= 0 && vector == lapic->pending);
    bit_clear(lapic, LAPIC_REG_IRR, (unsigned)vector);
    bit_set(lapic, LAPIC_REG_ISR, (unsigned)vector);
    lapic->highest_irr = lapic_highest(lapic, LAPIC_REG_IRR, vector);
    /* The vector was deliverable, so it is higher than all in service. */
    lapic->highest_isr = vector;
    lapic_update(lapic);
}

void lapic_eoi(struct lapic *lapic)
{
    int highest = highest_isr(lapic);

    if (highest < 0) {
        return;
    }
    if (lapic->requested) { /* requests may change the TMR */
        lapic_virtual_sync(lapic);
    }

    unsigned vector = (unsigned)highest;

    bit_clear(lapic, LAPIC_REG_ISR, vector);
    lapic->highest_isr = lapic_highest(lapic, LAPIC_REG_ISR, highest);
    lapic_update(lapic);
    if (bit_test(lapic, LAPIC_REG_TMR, vector) &&
        (lapic->svr & LAPIC_SVR_SUPPRESS) == 0) {
        apic_bus_eoi(lapic->bus, (uint8_t)vector);
    }
}

int lapic_take_extint(struct lapic *lapic)
{
    lapic->extint_pending = false;
    return apic_bus_acknowledge(lapic->bus);
}

bool lapic_take_nmi(struct lapic *lapic)
{
    bool taken = lapic->nmi_pending;

    lapic->nmi_pending = false;
    return taken;
}

bool lapic_take_init(struct lapic *lapic)
{
    if (!lapic->init_pending) {
        return false;
    }
    lapic->init_pending = false;
    clear_registers(lapic);
    return true;
}

bool lapic_take_sipi(struct lapic *lapic, uint8_t *vector)
{
    if (!lapic->sipi_pending) {
        return false;
    }
    lapic->sipi_pending = false;
    *vector = lapic->sipi_vector;
    return true;
}

unsigned lapic_tpr_get(const struct lapic *lapic)
{
    return *lapic_register(lapic, LAPIC_REG_TPR) >> 4;
}

void lapic_tpr_set(struct lapic *lapic, unsigned cr8)
{
    *lapic_register(lapic, LAPIC_REG_TPR) = (cr8 & 0xf) << 4;
    lapic_update(lapic);
}

/* Receives a fixed or lowest-priority interrupt, from outside or from the
 * APIC's own LVT. */
static bool receive_vector(struct lapic *lapic, uint8_t vector, bool level)
{
    if ((lapic->svr & LAPIC_SVR_ENABLED) == 0) {
        return false;
    }
    if (vector < LAPIC_VECTOR_LEAST) {
        lapic_error(lapic, LAPIC_ESR_RECEIVE_VECTOR);
        return false;
    }
    if (lapic->guest != NULL) {
        lapic_virtual_request(lapic, vector, level);
        return true;
    }
    bit_set(lapic, LAPIC_REG_IRR, vector);
    if (level) {
        bit_set(lapic, LAPIC_REG_TMR, vector);
    } else {
        bit_clear(lapic, LAPIC_REG_TMR, vector);
    }
    if (vector <= lapic->highest_irr) {
        return true;
    }
    lapic->highest_irr = vector;

    int before = lapic->pending;

    lapic->pending = deliverable(lapic);
    if (lapic->pending != before) {
        vcpu_wake(lapic->vcpu);
    }
    return true;
}

static void receive_init(struct lapic *lapic)
{
    lapic->init_pending = true;
    lapic->sipi_pending = false;
}

/* The first SIPI starts the processor. Later ones are ignored, even if the
 * vCPU's task has not taken the first one yet. */
static void receive_sipi(struct lapic *lapic, uint8_t vector)
{
    if (!lapic->sipi_pending) {
        lapic->sipi_pending = true;
        lapic->sipi_vector = vector;
    }
}

bool lapic_receive(struct lapic *lapic, enum apic_mode mode, uint8_t vector,
                   bool level)
{
    if ((lapic->base & APIC_BASE_EN) == 0) {
        return false;
    }
    switch (mode) {
    case APIC_FIXED:
    case APIC_LOWEST:
        return receive_vector(lapic, vector, level);
    case APIC_NMI:
        lapic->nmi_pending = true;
        break;
    case APIC_INIT:
        receive_init(lapic);
        break;
    case APIC_SIPI:
        receive_sipi(lapic, vector);
        break;
    case APIC_EXTINT:
        lapic->extint_pending = true;
        break;
    case APIC_SMI: /* there is no system management mode */
        return true;
    default:
        return false;
    }
    vcpu_wake(lapic->vcpu);
    return true;
}

void lapic_lvt_event(struct lapic *lapic, enum lapic_lvt entry)
{
    uint32_t lvt = lapic->lvt[entry];
    enum apic_mode mode = (enum apic_mode)(lvt >> 8 & 7);

    if ((lvt & LAPIC_LVT_MASKED) != 0) {
        return;
    }
    if (entry == LAPIC_LVT_TIMER || entry == LAPIC_LVT_ERROR) {
        mode = APIC_FIXED;
    }
    /* An LVT entry can also hold ExtINT, SMI or INIT. ExtINT is the INTR line,
     * which intr_open() lets through. SMI and INIT have no effect here. */
    if (mode == APIC_FIXED || mode == APIC_NMI) {
        lapic_receive(lapic, mode, (uint8_t)lvt, false);
    }
}

void lapic_lint(struct lapic *lapic, unsigned pin)
{
    lapic_lvt_event(lapic, pin == 0 ? LAPIC_LVT_LINT0 : LAPIC_LVT_LINT1);
    if (pin == 0 && lapic_extint_ready(lapic)) {
        vcpu_wake(lapic->vcpu);
    }
}

void lapic_error(struct lapic *lapic, uint32_t bits)
{
    uint32_t fresh = bits & ~lapic->esr_pending;

    lapic->esr_pending |= bits;
    if (fresh == 0) {
        return;
    }
    /* If the error entry has an illegal vector, this call leads back here once,
     * finds the error's bit set, and returns. */
    lapic_lvt_event(lapic, LAPIC_LVT_ERROR);
}

/* Checks the values that are derived from the registers; with a virtual APIC,
 * also the copies of registers in the page. */
static bool derived_valid(const struct lapic *lapic)
{
    if (lapic->guest != NULL) {
        return lapic->pending == -1 && lapic_published(lapic) &&
               lapic->requested == (lapic->request_words != 0);
    }
    return lapic->highest_irr == lapic_highest(lapic, LAPIC_REG_IRR, 255) &&
           lapic->highest_isr == lapic_highest(lapic, LAPIC_REG_ISR, 255) &&
           lapic->pending == deliverable(lapic) && !lapic_virtual_news(lapic);
}

bool lapic_valid(const struct lapic *lapic)
{
    for (unsigned i = 0; i < LAPIC_LVT_COUNT; i++) {
        if ((lapic->svr & LAPIC_SVR_ENABLED) == 0 &&
            (lapic->lvt[i] & LAPIC_LVT_MASKED) == 0) {
            return false;
        }
    }
    /* While a virtual xAPIC is software-disabled, the processor does not update
     * PPR. */
    bool follows = lapic->guest == NULL ||
                   (lapic->svr & LAPIC_SVR_ENABLED) != 0 ||
                   (lapic->base & APIC_BASE_EXTD) != 0;

    return derived_valid(lapic) &&
           (!follows ||
            *lapic_register(lapic, LAPIC_REG_PPR) == priority(lapic)) &&
           lapic->intr_open == intr_open(lapic) &&
           (*lapic_register(lapic, LAPIC_REG_IRR) & 0xffff) == 0 &&
           (*lapic_register(lapic, LAPIC_REG_ISR) & 0xffff) == 0 &&
           *lapic_register(lapic, LAPIC_REG_TPR) <= 0xff &&
           (lapic->base & (APIC_BASE_EN | APIC_BASE_EXTD)) != APIC_BASE_EXTD &&
           lapic_timer_valid(lapic);
}
