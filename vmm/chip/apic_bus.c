/* Interrupt messages to local APICs; see apic_bus.h.  SDM 3A 11.6. */
#include "vmm/chip/apic_bus.h"

#include <stddef.h>

#include "kernel/base/panic.h"
#include "vmm/chip/ioapic.h"
#include "vmm/chip/lapic.h"
#include "vmm/chip/pic.h"

static bool is_for(const struct lapic *lapic,
                   const struct apic_message *message)
{
    switch (message->shorthand) {
    case APIC_TO_SELF:
        return lapic == message->source;
    case APIC_TO_ALL:
        return true;
    case APIC_TO_OTHERS:
        return lapic != message->source;
    default:
        return lapic_matches(lapic, message);
    }
}

static bool hand_over(struct lapic *lapic, const struct apic_message *message)
{
    return lapic_receive(lapic, message->mode, message->vector, message->level);
}

/* Finds the target without a search in the two common cases: the sender itself,
 * or a physical destination that is also the index of its local APIC. NULL: any
 * local APIC may be a target. */
static struct lapic *only_target(const struct apic_bus *bus,
                                 const struct apic_message *message)
{
    if (message->shorthand == APIC_TO_SELF) {
        return message->source;
    }
    if (message->shorthand != APIC_TO_DEST || message->logical ||
        message->dest >= bus->count) {
        return NULL;
    }

    struct lapic *lapic = bus->lapics[message->dest];

    return lapic->id == message->dest ? lapic : NULL;
}

/* The local APIC with the lowest processor priority gets the message. Among
 * equals they take turns, from bus->turn on. */
static bool deliver_lowest(struct apic_bus *bus,
                           const struct apic_message *message)
{
    struct lapic *best = NULL;
    unsigned winner = 0;

    for (unsigned i = 0; i < bus->count; i++) {
        unsigned index = (bus->turn + i) % bus->count;
        struct lapic *lapic = bus->lapics[index];

        if ((lapic->svr & LAPIC_SVR_ENABLED) != 0 && is_for(lapic, message) &&
            (best == NULL || lapic_ppr(lapic) < lapic_ppr(best))) {
            best = lapic;
            winner = index;
        }
    }
    if (best == NULL) {
        return false;
    }
    bus->turn = (winner + 1) % bus->count;
    return hand_over(best, message);
}

bool apic_bus_deliver(struct apic_bus *bus, const struct apic_message *message)
{
    struct lapic *only = only_target(bus, message);
    bool taken = false;

    CHECK(bus->count <= APIC_BUS_LAPICS);
    if (only != NULL) {
        return hand_over(only, message);
    }
    if (message->mode == APIC_LOWEST) {
        return deliver_lowest(bus, message);
    }
    for (unsigned i = 0; i < bus->count; i++) {
        if (is_for(bus->lapics[i], message)) {
            taken |= hand_over(bus->lapics[i], message);
        }
    }
    return taken;
}

void apic_bus_eoi(struct apic_bus *bus, uint8_t vector)
{
    if (bus->ioapic != NULL) {
        ioapic_eoi(bus->ioapic, vector);
    }
}

void apic_bus_retry(struct apic_bus *bus)
{
    if (bus->ioapic != NULL) {
        ioapic_retry(bus->ioapic);
    }
}

void apic_bus_set_intr(struct apic_bus *bus, bool level)
{
    if (bus->intr == level) {
        return;
    }
    bus->intr = level;
    for (unsigned i = 0; i < bus->count && level; i++) {
        lapic_lint(bus->lapics[i], 0);
    }
    if (bus->ioapic != NULL) {
        ioapic_set_irq(bus->ioapic, 0, level);
    }
}

int apic_bus_acknowledge(struct apic_bus *bus)
{
    /* Without a PIC pair the data bus floats: all ones. */
    return bus->pic != NULL ? pic_acknowledge(bus->pic) : 0xff;
}

void apic_bus_nmi(struct apic_bus *bus)
{
    for (unsigned i = 0; i < bus->count; i++) {
        lapic_lint(bus->lapics[i], 1);
    }
}
