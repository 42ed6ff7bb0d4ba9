/* The local APIC's messages: which messages of the apic_bus are for it, and
 * which it sends when its interrupt command register (ICR) is written. See
 * lapic.h. SDM 3A 11.6. */
#include "vmm/chip/lapic.h"

#include "arch/msr.h"

/* In xAPIC mode a logical destination is a bit mask, in the flat or the cluster
 * model (SDM 3A 11.6.2.2). With any other value of the DFR it matches no
 * APIC. */
static bool matches_xapic_logical(const struct lapic *lapic, uint32_t dest)
{
    uint32_t set = lapic->ldr >> 24;

    if (dest == 0xff) {
        return true;
    }
    if (lapic->dfr >> 28 == 0xf) {
        return dest <= 0xff && (dest & set) != 0;
    }
    if (lapic->dfr >> 28 == 0) {
        return dest <= 0xff && dest >> 4 == set >> 4 && (dest & set & 0xf) != 0;
    }
    return false;
}

bool lapic_matches(const struct lapic *lapic,
                   const struct apic_message *message)
{
    uint32_t dest = message->dest;
    bool x2apic = (lapic->base & APIC_BASE_EXTD) != 0;

    if (dest == (message->wide ? UINT32_MAX : 0xff)) {
        return true;
    }
    if (!message->logical) {
        return dest == (x2apic ? lapic->id : lapic->id & 0xff);
    }
    if (!x2apic) {
        return matches_xapic_logical(lapic, dest);
    }
    return dest >> 16 == lapic->ldr >> 16 && (dest & lapic->ldr & 0xffff) != 0;
}

/* Is this combination one that the SDM allows (SDM 3A Table 11-3)? An NMI to
 * oneself is allowed too, since hardware delivers it. */
static bool sendable(enum apic_mode mode, enum apic_shorthand shorthand)
{
    switch (mode) {
    case APIC_FIXED:
        return true;
    case APIC_NMI:
        return shorthand != APIC_TO_ALL;
    case APIC_LOWEST:
    case APIC_SMI:
    case APIC_INIT:
    case APIC_SIPI:
        return shorthand == APIC_TO_DEST || shorthand == APIC_TO_OTHERS;
    case APIC_EXTINT:
        return false;
    }
    return false;
}

void lapic_send(struct lapic *lapic)
{
    uint64_t icr = lapic->icr;
    bool x2apic = (lapic->base & APIC_BASE_EXTD) != 0;
    struct apic_message message = {
        .dest = x2apic ? (uint32_t)(icr >> 32) : (uint32_t)(icr >> 56),
        .vector = (uint8_t)icr,
        .mode = (enum apic_mode)(icr >> 8 & 7),
        .shorthand = (enum apic_shorthand)(icr >> 18 & 3),
        .logical = (icr >> 11 & 1) != 0,
        .wide = x2apic,
        .source = lapic,
    };
    bool deassert = (icr >> 14 & 1) == 0 && (icr >> 15 & 1) != 0;

    /* INIT level de-assert set arbitration ids on old processors and has no
     * effect on later ones. */
    if (message.mode == APIC_INIT && deassert) {
        return;
    }
    if (!sendable(message.mode, message.shorthand)) {
        return;
    }
    if ((message.mode == APIC_FIXED || message.mode == APIC_LOWEST) &&
        message.vector < LAPIC_VECTOR_LEAST) {
        lapic_error(lapic, LAPIC_ESR_SEND_VECTOR);
        return;
    }
    apic_bus_deliver(lapic->bus, &message);
}
