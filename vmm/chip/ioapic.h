/* The guest's IOAPIC: 24 pins, version 0x20 (Intel 82093AA data sheet). It also
 * has the EOI register of later chip sets. Its MMIO page lies at IOAPIC_BASE.
 *
 * Who calls it: vm.c (page, vm_irq_set), apic_bus.c (EOI, ExtINT on pin 0). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/apic_regs.h"
#include "vmm/memory/access.h"

#define IOAPIC_PINS    24U
#define IOAPIC_VERSION ((IOAPIC_PINS - 1) << 16 | 0x20)

struct apic_bus;

struct ioapic {
    struct apic_bus *bus;
    uint8_t id;     /* 4 bits */
    uint8_t select; /* IOREGSEL */

    /* The redirection entries, without two bits: delivery status is always
     * idle, and remote IRR has a bit for each pin in `remote_irr`. */
    uint64_t redirection[IOAPIC_PINS];
    uint32_t remote_irr;
    uint32_t lines; /* bit n: pin n is asserted; independent of its polarity */
};

/* Resets the chip: all pins are masked. */
void ioapic_init(struct ioapic *ioapic, struct apic_bus *bus, uint8_t id);

/* `access->address` is the offset into the page. */
enum access_result ioapic_access(struct ioapic *ioapic, struct access *access);

/* Asserts or deasserts a pin; `level` true asserts it, independent of the
 * entry's polarity. On an edge-triggered pin a rising edge is delivered, or
 * lost if the pin is masked. A level-triggered pin is delivered if it is
 * asserted, not masked, and its remote IRR is clear. */
void ioapic_set_irq(struct ioapic *ioapic, unsigned pin, bool level);

/* Ends the interrupt `vector`. Called for an EOI message of a local APIC and
 * for a write to the EOI register. */
void ioapic_eoi(struct ioapic *ioapic, uint8_t vector);

/* Tries again to deliver each asserted level-triggered pin that no local APIC
 * has accepted. */
void ioapic_retry(struct ioapic *ioapic);

bool ioapic_valid(const struct ioapic *ioapic);
