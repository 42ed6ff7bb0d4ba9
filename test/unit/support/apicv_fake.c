/* See apicv_fake.h. */
#include "test/unit/support/apicv_fake.h"

#include <string.h>

#include "arch/vmx/guest.h"
#include "kernel/base/panic.h"

#define FAKES 64

struct guest {
    uint32_t page[1024];
    enum guest_apic_mode mode;
    bool exits[256]; /* on EOI */
    uint64_t posted[4];
    bool outstanding;
    unsigned eoi_exits;
    uint8_t rvi;
    uint8_t svi;
};

static struct guest fakes[FAKES];
static unsigned started;
static unsigned notified;

void apicv_fake_reset(void)
{
    started = 0;
    notified = 0;
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

/* ---- arch/vmx/guest.h ---- */

void guest_apic_set_mode(struct guest *guest, enum guest_apic_mode mode)
{
    guest->mode = mode;
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

bool guest_apic_takes_posts(const struct guest *guest)
{
    return guest->mode != GUEST_APIC_PAGE_HELD;
}

bool guest_apic_post(struct guest *guest, uint8_t vector)
{
    bool notify = !guest->outstanding;

    guest->posted[vector / 64] |= 1ULL << vector % 64;
    guest->outstanding = true;
    return notify;
}

void guest_apic_take_posts(struct guest *guest, uint64_t vectors[4])
{
    memcpy(vectors, guest->posted, sizeof(guest->posted));
    memset(guest->posted, 0, sizeof(guest->posted));
    guest->outstanding = false;
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

    if (guest->mode == GUEST_APIC_PAGE_HELD) { /* virtual-interrupt delivery */
        return;
    }
    guest->page[LAPIC_REG_PPR / 4] =
        tpr >> 4 >= guest->svi >> 4 ? tpr : guest->svi & 0xf0U;
}

/* Posted-interrupt processing (30.6). */
static void notify(struct guest *guest)
{
    uint64_t taken[4];

    guest_apic_take_posts(guest, taken);
    for (unsigned vector = 0; vector < 256; vector++) {
        if (taken[vector / 64] >> vector % 64 & 1) {
            *word_of(guest, LAPIC_REG_IRR, vector) |= 1U << vector % 32;
            guest_apic_raise(guest, (uint8_t)vector);
            notified++;
        }
    }
}

bool apicv_fake_post(struct lapic *lapic, uint8_t vector)
{
    bool notification = false;

    if (lapic->guest == NULL || !guest_apic_takes_posts(lapic->guest)) {
        return false;
    }
    notification = guest_apic_post(lapic->guest, vector);
    if (notification && vector % 2 == 1) {
        notify(lapic->guest);
    }
    return true;
}

unsigned apicv_fake_notified(void)
{
    return notified;
}

/* What vmm/vm/vcpu.c does before an entry, and the entry (27.3.2.5, 30.2.1). */
static bool entry_finds_one(struct lapic *lapic)
{
    struct guest *guest = lapic->guest;

    if (lapic_virtual_news(lapic)) {
        lapic_virtual_sync(lapic);
    }
    set_ppr(guest);
    return guest->mode != GUEST_APIC_PAGE_HELD &&
           guest->rvi >> 4 > (guest->page[LAPIC_REG_PPR / 4] >> 4 & 0xf);
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

    if (guest->mode < GUEST_APIC_MSRS) {
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
        if (guest->mode != GUEST_APIC_MSRS_SELF) {
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

/* Registers that the page gives without an exit (30.4.2). */
static bool read_inside(unsigned offset)
{
    unsigned n = offset / 16;

    return offset % 16 == 0 &&
           (n == 0x02 || n == 0x03 || n == 0x08 || n == 0x0b || n == 0x0d ||
            n == 0x0e || n == 0x0f || (n >= 0x10 && n <= 0x28) || n == 0x30 ||
            n == 0x31 || (n >= 0x32 && n <= 0x38) || n == 0x3e);
}

/* ... and that it takes, most of them to exit after that (30.4.3). */
static bool page_takes(unsigned offset)
{
    unsigned n = offset / 16;

    return offset % 16 == 0 &&
           (n == 0x02 || n == 0x0b || n == 0x0d || n == 0x0e || n == 0x0f ||
            n == 0x28 || n == 0x30 || (n >= 0x32 && n <= 0x38) || n == 0x3e);
}

static bool is_self_ipi(uint32_t icr)
{
    return (icr & 0xfff3b700) == 0 && icr >> 18 == 1 && (icr & 0xff) >= 16;
}

static void write_page(struct lapic *lapic, unsigned offset, uint32_t value)
{
    struct guest *guest = lapic->guest;
    bool delivers = guest->mode == GUEST_APIC_PAGE;

    guest->page[offset / 4] = value;
    if (offset == 0x300 && delivers && is_self_ipi(value)) {
        self_ipi(lapic, (uint8_t)value);
    } else {
        lapic_virtual_write(lapic, offset);
    }
}

/* ---- for either kind ---- */

enum access_result apic_page(struct lapic *lapic, struct access *access)
{
    unsigned offset = access->address & 0xfff;
    enum access_result result = ACCESS_HANDLED;

    if (lapic->guest == NULL || lapic->guest->mode < GUEST_APIC_PAGE_HELD ||
        lapic->guest->mode >= GUEST_APIC_MSRS || access->size != 4) {
        return lapic_access(lapic, access);
    }
    entry_finds_one(lapic);
    if (!access->write) {
        uint32_t inside = lapic->guest->page[offset / 4];

        result = lapic_access(lapic, access);
        if (read_inside(offset) && inside != (uint32_t)access->value) {
            panic("offset %#x reads %#x without an exit", offset, inside);
        }
        return result;
    }
    if (offset == 0x80) {
        lapic->guest->page[offset / 4] = access->value & 0xff;
        set_ppr(lapic->guest);
    } else if (offset == 0xb0 && lapic->guest->mode == GUEST_APIC_PAGE) {
        end_of_interrupt(lapic);
    } else if (offset == 0x310) {
        lapic->guest->page[offset / 4] = access->value & 0xff000000;
    } else if (page_takes(offset)) {
        write_page(lapic, offset, (uint32_t)access->value);
    } else {
        return lapic_access(lapic, access);
    }
    return result;
}

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
    if (guest == NULL || !good || guest->mode < GUEST_APIC_MSRS ||
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
