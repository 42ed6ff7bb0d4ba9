/* The machine's I/O APICs, as far as the host needs them: silent, but for the
 * lines of ISA devices that it wants (serial ports). Called by vmm/main.c and
 * kernel/serial.c. Intel 82093AA data sheet, section 3. (The guests' I/O APIC
 * is vmm/chip/ioapic.c.) */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct boot_info;

/* Masks all pins, which the firmware may have routed to vectors of its own, and
 * takes the places of the 16 ISA lines from `boot`, which must stay. After
 * paging_init(), since the registers must be mapped. Without this call an ISA
 * line is at the pin of its number, of the I/O APIC at IOAPIC_BASE. */
void ioapic_host_init(const struct boot_info *boot);

/* Sends ISA line `irq` as `vector` to this processor. False: there is no I/O
 * APIC, so poll the device. Firmware that tells of its wiring what is wrong
 * must be survived: then no interrupt comes. */
bool ioapic_host_route_isa(unsigned irq, uint8_t vector);
