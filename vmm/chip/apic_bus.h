/* Connects the local APICs, the IOAPIC and the PIC pair of one VM. It finds the
 * local APICs that an interrupt message is for and hands the message to them
 * (SDM 3A 11.6.2; for the x2APIC 11.12.10).
 *
 * The chips of one VM are used by one processor at a time: the VM's domain
 * (kernel/domain.h) sees to that, so there is no lock.
 *
 * Who calls it: lapic.c and lapic_registers.c (IPIs, EOI), ioapic.c, pic.c (its
 * INTR line), and vmm/vm/vm_vcpus.c, which fills the structure in. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/apic_regs.h"

struct lapic;
struct ioapic;
struct pic;

#define APIC_BUS_LAPICS 64

struct apic_bus {
    struct lapic *lapics[APIC_BUS_LAPICS];
    unsigned count;        /* delivery is fastest where lapics[i]->id == i */
    struct ioapic *ioapic; /* may be NULL */
    struct pic *pic;       /* may be NULL */

    unsigned turn; /* where the next search for the lowest priority begins;
                    * index into lapics */
    bool intr;     /* level of the PIC pair's INTR line */
};

struct apic_message {
    uint32_t dest;
    uint8_t vector;
    enum apic_mode mode;
    enum apic_shorthand shorthand;
    bool logical;
    bool level;           /* true: level-triggered, false: edge-triggered */
    bool wide;            /* `dest` has 32 bits, since an x2APIC sends it */
    struct lapic *source; /* the sender of an IPI, for shorthands; else NULL */
};

/* Hands the message to every local APIC that it is for. True: at least one of
 * them accepted it. A vector that was already pending counts as accepted. */
bool apic_bus_deliver(struct apic_bus *bus, const struct apic_message *message);

/* Tells the IOAPIC that a local APIC has ended (EOI) the level-triggered
 * interrupt `vector`. */
void apic_bus_eoi(struct apic_bus *bus, uint8_t vector);

/* Delivers again the level-triggered IOAPIC pins that no local APIC has
 * accepted so far. Called when a local APIC has been enabled or has changed its
 * ids, since it may accept them now. */
void apic_bus_retry(struct apic_bus *bus);

/* Sets the PIC pair's INTR line, which is wired to LINT0 of every local APIC
 * and to IOAPIC pin 0. */
void apic_bus_set_intr(struct apic_bus *bus, bool level);

/* Makes the interrupt-acknowledge cycle. Returns the PIC pair's vector, 0 to
 * 255. */
int apic_bus_acknowledge(struct apic_bus *bus);

/* Gives a pulse on the board's NMI line, which is wired to LINT1 of every local
 * APIC. */
void apic_bus_nmi(struct apic_bus *bus);
