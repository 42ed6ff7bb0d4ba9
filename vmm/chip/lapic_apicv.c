/* The local APIC where the processor plays it ("virtual APIC"; see lapic.h, and
 * arch/vmx/guest.h for the processor's part). This file brings vectors from
 * outside into the virtual-APIC page before an entry, and tells the processor
 * what exits have changed.
 *
 * While the guest runs, the processor changes the page, so no other processor
 * may write it. lapic_virtual_request() has two ways for a vector that comes
 * meanwhile. It can post the vector, and the processor merges it into the page
 * without an exit. Or it puts the vector into lapic->request and wakes the
 * vCPU, whose own task merges it. SDM 3C 30.1, 30.2 and 30.6. */
#include "arch/msr.h"
#include "arch/vmx/guest.h"
#include "kernel/base/string.h"
#include "vmm/chip/lapic.h"
#include "vmm/chip/platform.h"

#define VECTORS 256U

static bool enabled(const struct lapic *lapic)
{
    return (lapic->svr & LAPIC_SVR_ENABLED) != 0;
}

void lapic_virtual_start(struct lapic *lapic, struct guest *guest,
                         uint32_t *page)
{
    memcpy(page, lapic->registers, LAPIC_REG_END);
    lapic->registers = page;
    lapic->guest = guest;
    lapic->pending = -1;
    lapic_update(lapic);
    lapic_virtual_renew(lapic);
}

static uint32_t tmr_of(const struct lapic *lapic, uint8_t vector)
{
    return *lapic_register(lapic, LAPIC_REG_TMR + vector / 32 * 16) >>
               vector % 32 &
           1;
}

/* Posts the vector if that is possible. Only the vCPU's own task may change
 * which EOIs exit, so a vector that is or was level-triggered is not posted. If
 * that task has vectors to merge, the guest's exit is under way already. False:
 * the vector was not posted. */
static bool post(struct lapic *lapic, uint8_t vector, bool level)
{
    if (level || lapic->requested || tmr_of(lapic, vector) != 0 ||
        !vcpu_post(lapic->vcpu, vector)) {
        return false;
    }
    lapic->posted = true;
    return true;
}

void lapic_virtual_request(struct lapic *lapic, uint8_t vector, bool level)
{
    unsigned word = vector / 32;
    uint32_t bit = 1U << vector % 32;
    bool fresh = (lapic->request_words >> word & 1) == 0 ||
                 (lapic->request[word] & bit) == 0;

    if (post(lapic, vector, level)) {
        return;
    }
    if ((lapic->request_words >> word & 1) == 0) {
        lapic->request[word] = 0;
        lapic->request_level[word] = 0;
    }
    lapic->request[word] |= bit;
    if (level) {
        lapic->request_level[word] |= bit;
    } else {
        lapic->request_level[word] &= ~bit;
    }
    lapic->request_words |= 1U << word;
    lapic->requested = true;
    if (fresh) {
        vcpu_wake(lapic->vcpu);
    }
}

/* Merges the trigger modes of `word` into the TMR. The EOI of a level-triggered
 * vector must exit, since the IOAPIC waits for it. */
static void merge_levels(struct lapic *lapic, unsigned word)
{
    uint32_t *tmr = lapic_register(lapic, LAPIC_REG_TMR + word * 16);
    uint32_t different =
        (*tmr ^ lapic->request_level[word]) & lapic->request[word];

    *tmr ^= different;
    while (different != 0) {
        unsigned bit = (unsigned)__builtin_ctz(different);

        different &= different - 1;
        guest_apic_exit_on_eoi(lapic->guest, (uint8_t)(word * 32 + bit),
                               (*tmr >> bit & 1) != 0);
    }
}

void lapic_virtual_forget(struct lapic *lapic)
{
    uint64_t posted[4];

    lapic->request_words = 0;
    lapic->requested = false;
    if (lapic->posted) {
        lapic->posted = false;
        guest_apic_take_posts(lapic->guest, posted);
    }
}

/* Returns the higher of `highest` and the highest vector in `vectors`, which is
 * word `word` of the IRR and not 0. */
static int higher(int highest, unsigned word, uint32_t vectors)
{
    int vector = (int)word * 32 + 31 - __builtin_clz(vectors);

    return vector > highest ? vector : highest;
}

/* Moves into the IRR the vectors that were posted but that the guest did not
 * take before it exited. Returns the highest of them; -1: none. */
static int merge_posted(struct lapic *lapic)
{
    uint64_t posted[4];
    int highest = -1;

    lapic->posted = false;
    guest_apic_take_posts(lapic->guest, posted);
    for (unsigned word = 0; word < 8; word++) {
        uint32_t vectors = (uint32_t)(posted[word / 2] >> word % 2 * 32);

        if (vectors != 0) {
            *lapic_register(lapic, LAPIC_REG_IRR + word * 16) |= vectors;
            highest = higher(highest, word, vectors);
        }
    }
    return highest;
}

/* Moves all requested and posted vectors into the IRR. Returns the highest of
 * them; -1: none. */
static int merge(struct lapic *lapic)
{
    uint32_t words = lapic->request_words;
    int highest = lapic->posted ? merge_posted(lapic) : -1;

    lapic->request_words = 0;
    lapic->requested = false;
    while (words != 0) {
        unsigned word = (unsigned)__builtin_ctz(words);

        words &= words - 1;
        *lapic_register(lapic, LAPIC_REG_IRR + word * 16) |=
            lapic->request[word];
        highest = higher(highest, word, lapic->request[word]);
        merge_levels(lapic, word);
    }
    return highest;
}

void lapic_virtual_sync(struct lapic *lapic)
{
    int highest = merge(lapic);

    /* A software-disabled APIC keeps its vectors but delivers none. */
    if (highest >= 0 && enabled(lapic)) {
        guest_apic_raise(lapic->guest, (uint8_t)highest);
    }
}

bool lapic_virtual_deliverable(struct lapic *lapic)
{
    int highest = -1;

    if (lapic_virtual_news(lapic)) {
        lapic_virtual_sync(lapic);
    }
    highest = lapic_highest(lapic, LAPIC_REG_IRR, VECTORS - 1);
    return highest >= 0 && enabled(lapic) &&
           ((uint32_t)highest & 0xf0) > (lapic_ppr(lapic) & 0xf0);
}

static uint8_t vector_or_0(int vector)
{
    return vector < 0 ? 0 : (uint8_t)vector;
}

void lapic_virtual_update(struct lapic *lapic)
{
    int irr = -1;
    int isr = lapic_highest(lapic, LAPIC_REG_ISR, VECTORS - 1);

    merge(lapic);
    if (enabled(lapic)) {
        irr = lapic_highest(lapic, LAPIC_REG_IRR, VECTORS - 1);
    }
    guest_apic_set_vectors(lapic->guest, vector_or_0(irr), vector_or_0(isr));
}

/* A software-disabled APIC accepts no IPI to itself. The processor would accept
 * one, so in that state SELF IPI exits. */
static enum guest_apic_mode mode_of(const struct lapic *lapic)
{
    if ((lapic->base & APIC_BASE_EN) == 0) {
        return GUEST_APIC_OFF;
    }
    if ((lapic->base & APIC_BASE_EXTD) != 0) {
        return enabled(lapic) ? GUEST_APIC_MSRS_SELF : GUEST_APIC_MSRS;
    }
    return enabled(lapic) ? GUEST_APIC_PAGE : GUEST_APIC_PAGE_HELD;
}

void lapic_virtual_renew(struct lapic *lapic)
{
    lapic_virtual_take(lapic);
    lapic_publish_all(lapic);
    for (unsigned vector = 0; vector < VECTORS; vector++) {
        guest_apic_exit_on_eoi(lapic->guest, (uint8_t)vector,
                               tmr_of(lapic, (uint8_t)vector) != 0);
    }
    guest_apic_set_mode(lapic->guest, mode_of(lapic));
    if ((lapic->base & (APIC_BASE_EN | APIC_BASE_EXTD)) != APIC_BASE_EN) {
        vcpu_hide_apic_page(lapic->vcpu);
    }
}

/* The processor has already cleared the vector's ISR bit. */
void lapic_virtual_eoi(struct lapic *lapic, uint8_t vector)
{
    if (tmr_of(lapic, vector) != 0 && (lapic->svr & LAPIC_SVR_SUPPRESS) == 0) {
        apic_bus_eoi(lapic->bus, vector);
    }
}
