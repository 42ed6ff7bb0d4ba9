/* See apicv_fake.h. */
#include "test/unit/apicv_fake.h"

#include <string.h>

#include "arch/guest.h"
#include "kernel/panic.h"

#define FAKES 64

struct guest {
    uint32_t page[1024];
    enum guest_apic_msrs msrs;
    bool exits[256]; /* on EOI */
    unsigned eoi_exits;
    uint8_t rvi;
    uint8_t svi;
};

static struct guest fakes[FAKES];
static unsigned started;

void apicv_fake_reset(void)
{
    started = 0;
}

void apicv_fake_start(struct lapic *lapic)
{
    if (started == FAKES) {
        panic("more virtual APICs than the fake has");
    }
    struct guest *guest = &fakes[started++];

    memset(guest, 0, sizeof(*guest));
    lapic_virtual_start(lapic, guest, guest->page);
}

unsigned apicv_fake_eoi_exits(const struct lapic *lapic)
{
    return lapic->guest->eoi_exits;
}

/* ---- arch/guest.h ---- */

void guest_apic_set_msrs(struct guest *guest, enum guest_apic_msrs msrs)
{
    guest->msrs = msrs;
}

void guest_apic_set_vectors(struct guest *guest, uint8_t irr, uint8_t isr)
{
    guest->rvi = irr;
    guest->svi = isr;
}

void guest_apic_raise(struct guest *guest, uint8_t vector)
{
    if (vector > guest->rvi) {
        guest->rvi = vector;
    }
}

void guest_apic_exit_on_eoi(struct guest *guest, uint8_t vector, bool exits)
{
    guest->exits[vector] = exits;
}

/* ---- the processor ---- */

static uint32_t *word_of(struct guest *guest, unsigned set, unsigned vector)
{
    return &guest->page[(set + vector / 32 * 16) / 4];
}

static uint8_t highest(struct guest *guest, unsigned set)
{
    for (unsigned vector = 255; vector > 0; vector--) {
        if (*word_of(guest, set, vector) >> vector % 32 & 1) {
            return (uint8_t)vector;
        }
    }
    return 0;
}

static uint8_t tpr_of(const struct guest *guest)
{
    return (uint8_t)guest->page[LAPIC_REG_TPR / 4];
}

/* PPR virtualization (30.1.3). */
static void set_ppr(struct guest *guest)
{
    uint8_t tpr = tpr_of(guest);

    guest->page[LAPIC_REG_PPR / 4] =
        tpr >> 4 >= guest->svi >> 4 ? tpr : guest->svi & 0xf0U;
}

/* What vmm/vcpu.c does before an entry, and the entry (27.3.2.5, 30.2.1). */
static bool entry_finds_one(struct lapic *lapic)
{
    struct guest *guest = lapic->guest;

    if (lapic->requested) {
        lapic_virtual_sync(lapic);
    }
    set_ppr(guest);
    return guest->rvi >> 4 > (guest->page[LAPIC_REG_PPR / 4] >> 4 & 0xf);
}

/* Virtual-interrupt delivery (30.2.2). */
static void deliver(struct guest *guest)
{
    uint8_t vector = guest->rvi;

    *word_of(guest, LAPIC_REG_ISR, vector) |= 1U << vector % 32;
    guest->svi = vector;
    guest->page[LAPIC_REG_PPR / 4] = vector & 0xf0;
    *word_of(guest, LAPIC_REG_IRR, vector) &= ~(1U << vector % 32);
    guest->rvi = highest(guest, LAPIC_REG_IRR);
}

/* EOI virtualization (30.1.4). */
static void end_of_interrupt(struct lapic *lapic)
{
    struct guest *guest = lapic->guest;
    uint8_t vector = guest->svi;

    *word_of(guest, LAPIC_REG_ISR, vector) &= ~(1U << vector % 32);
    guest->svi = highest(guest, LAPIC_REG_ISR);
    set_ppr(guest);
    if (guest->exits[vector]) {
        guest->eoi_exits++;
        lapic_virtual_eoi(lapic, vector);
    }
}

/* Self-IPI virtualization (30.1.5). */
static void self_ipi(struct lapic *lapic, uint8_t vector)
{
    struct guest *guest = lapic->guest;

    if (vector < 16) {
        guest->page[0x3f0 / 4] = vector;
        lapic_virtual_write(lapic, 0x3f0);
        return;
    }
    *word_of(guest, LAPIC_REG_IRR, vector) |= 1U << vector % 32;
    if (vector > guest->rvi) {
        guest->rvi = vector;
    }
}

/* True: no exit, and *good says whether no #GP either (30.5). */
static bool write_inside(struct lapic *lapic, uint32_t msr, uint64_t value,
                         bool *good)
{
    struct guest *guest = lapic->guest;

    if (guest->msrs == GUEST_APIC_NO_MSRS) {
        return false;
    }
    *good = value >> 8 == 0;
    switch (msr) {
    case 0x808:
        if (*good) {
            guest->page[LAPIC_REG_TPR / 4] = (uint32_t)value;
            set_ppr(guest);
        }
        return true;
    case 0x80b:
        *good = value == 0;
        if (*good) {
            end_of_interrupt(lapic);
        }
        return true;
    case 0x83f:
        if (guest->msrs != GUEST_APIC_MSRS_AND_IPI) {
            return false;
        }
        if (*good) {
            self_ipi(lapic, (uint8_t)value);
        }
        return true;
    default:
        return false;
    }
}

/* ---- for either kind ---- */

int apic_waiting(struct lapic *lapic)
{
    if (lapic->guest == NULL) {
        return lapic_pending(lapic);
    }
    bool found = entry_finds_one(lapic);

    if (found != lapic_deliverable(lapic)) {
        panic("Lintel takes a halted guest's interrupt for another one");
    }
    return found ? lapic->guest->rvi : -1;
}

void apic_take(struct lapic *lapic)
{
    if (lapic->guest == NULL) {
        lapic_accept(lapic, lapic_pending(lapic));
    } else if (entry_finds_one(lapic)) {
        deliver(lapic->guest);
    }
}

bool apic_rdmsr(struct lapic *lapic, uint32_t msr, uint64_t *value)
{
    const struct guest *guest = lapic->guest;
    bool good = false;

    if (guest != NULL) {
        entry_finds_one(lapic);
    }
    good = lapic_msr_read(lapic, msr, value);
    if (guest == NULL || !good || guest->msrs == GUEST_APIC_NO_MSRS ||
        msr == 0x839) {
        return good;
    }
    /* No exit: the page's two words. */
    const uint32_t *words = &guest->page[(msr & 0xff) * 4];
    uint64_t inside = (uint64_t)words[1] << 32 | words[0];

    if (inside != *value) {
        panic("MSR %#x reads %#llx without an exit, %#llx with one", msr,
              (unsigned long long)inside, (unsigned long long)*value);
    }
    return true;
}

bool apic_wrmsr(struct lapic *lapic, uint32_t msr, uint64_t value)
{
    bool good = false;

    if (lapic->guest != NULL) {
        entry_finds_one(lapic);
        if (write_inside(lapic, msr, value, &good)) {
            return good;
        }
    }
    return lapic_msr_write(lapic, msr, value);
}

void apic_write_cr8(struct lapic *lapic, unsigned value)
{
    if (lapic->guest == NULL) {
        lapic_tpr_set(lapic, value);
        return;
    }
    lapic->guest->page[LAPIC_REG_TPR / 4] = value << 4;
    set_ppr(lapic->guest);
}
