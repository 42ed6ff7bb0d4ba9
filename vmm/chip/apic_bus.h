/* What connects the local APICs, the IOAPIC and the PIC pair of one VM: finds
 * the local APICs that an interrupt message is for and hands it to them (SDM
 * 3A 11.6.2, and 11.12.10 for the x2APIC).
 *
 * Who calls it: lapic.c and lapic_registers.c (IPIs, EOI), ioapic.c, pic.c (its
 * INTR line), and vmm/vm/vm_vcpus.c, which fills the structure in. The chips of
 * one VM are used by one processor at a time; whoever runs a VM on several
 * serialises them. */
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
    unsigned count;        /* lapics[i]->id == i makes delivery fastest */
    struct ioapic *ioapic; /* may be NULL */
    struct pic *pic;       /* may be NULL */

    unsigned turn; /* who of equals gets the next lowest-priority message */
    bool intr;     /* the PIC pair's INTR line */
};

struct apic_message {
    uint32_t dest;
    uint8_t vector;
    enum apic_mode mode;
    enum apic_shorthand shorthand;
    bool logical;
    bool level;           /* trigger mode: level */
    bool wide;            /* `dest` has 32 bits: from an x2APIC's ICR */
    struct lapic *source; /* of an IPI, for the shorthands; else NULL */
};

/* Hands the message to every local APIC it is for. True: at least one took
 * it (a vector that was pending already counts as taken). */
bool apic_bus_deliver(struct apic_bus *bus, const struct apic_message *message);

/* A local APIC has finished a level-triggered interrupt. */
void apic_bus_eoi(struct apic_bus *bus, uint8_t vector);

/* A local APIC takes messages now that it did not take before (enabled, or
 * known by other names): level-triggered pins that nobody took try again. */
void apic_bus_retry(struct apic_bus *bus);

/* The PIC pair's INTR line, wired to every LINT0 and to IOAPIC pin 0. */
void apic_bus_set_intr(struct apic_bus *bus, bool level);

/* Interrupt acknowledge cycle: the PIC pair's vector (0 to 255). */
int apic_bus_acknowledge(struct apic_bus *bus);

/* A pulse on the board's NMI line, wired to every LINT1. */
void apic_bus_nmi(struct apic_bus *bus);
