/* The guest's IOAPIC: 24 pins, version 0x20 (Intel 82093AA data sheet; the
 * EOI register as in later chip sets). The MMIO page stands at IOAPIC_BASE.
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

    /* Redirection entries without delivery status (always idle here) and
     * remote IRR, which is a bit a pin of its own. */
    uint64_t redirection[IOAPIC_PINS];
    uint32_t remote_irr;
    uint32_t lines; /* pins that are asserted now, whatever their polarity */
};

/* All pins masked. */
void ioapic_init(struct ioapic *ioapic, struct apic_bus *bus, uint8_t id);

/* `access->address` is the offset into the page. */
enum access_result ioapic_access(struct ioapic *ioapic, struct access *access);

/* A pin is asserted or not (true is asserted whatever the entry's polarity).
 * Edge: a rising edge on an unmasked pin is delivered, on a masked one lost.
 * Level: delivered when asserted, unmasked and remote IRR is clear. */
void ioapic_set_irq(struct ioapic *ioapic, unsigned pin, bool level);

/* EOI message or write to the EOI register. */
void ioapic_eoi(struct ioapic *ioapic, uint8_t vector);

/* Offers every asserted level-triggered pin again that nobody has taken. */
void ioapic_retry(struct ioapic *ioapic);

bool ioapic_valid(const struct ioapic *ioapic);
