/* The machine's I/O APICs. All pins are masked but those of the ISA devices
 * whose interrupts Lintel uses, the serial ports. Called by vmm/main.c and
 * kernel/serial.c. Intel 82093AA data sheet, section 3. (The guests' I/O APIC
 * is vmm/chip/ioapic.c.) */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct boot_info;

/* Masks all pins, because the firmware may have routed them to vectors of its
 * own. Keeps a pointer to the places of the 16 ISA lines in `boot`, which must
 * stay. Called after paging_init(), which maps the registers. Without this call
 * ISA line n is at pin n of the I/O APIC at IOAPIC_BASE. */
void ioapic_host_init(const struct boot_info *boot);

/* Sends ISA line `irq` as vector `vector` to this processor. False: there is no
 * I/O APIC, so poll the device. If the firmware describes the wiring wrongly,
 * no interrupt comes; callers must survive that. */
bool ioapic_host_route_isa(unsigned irq, uint8_t vector);
