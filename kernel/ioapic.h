/* The machine's I/O APIC, as far as the host needs one: the ISA devices' lines
 * (serial ports). Called by kernel/serial.c. Intel 82093AA data sheet, section
 * 3. (The guests' I/O APIC is vmm/ioapic.) */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Sends ISA line `irq` (edge triggered) as `vector` to this processor. False:
 * no I/O APIC where every PC has its first, so poll the device. Some firmware
 * wires lines otherwise; then no interrupt comes, and that must be survived. */
bool ioapic_route_isa(unsigned irq, uint8_t vector);
