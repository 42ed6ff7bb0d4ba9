/* The machine's I/O APIC, as far as the host needs one: the ISA devices' lines
 * (serial ports). Called by kernel/serial.c. Intel 82093AA data sheet, section
 * 3. (The guests' I/O APIC is vmm/chip/ioapic.) */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct boot_isa_line;

/* Where the 16 lines come in (they stay the caller's). Before this is called:
 * at the pins of their numbers of the first I/O APIC that every PC has. */
void ioapic_set_isa_lines(const struct boot_isa_line *lines);

/* Sends ISA line `irq` as `vector` to this processor. False: there is no I/O
 * APIC, so poll the device. Firmware that tells of its wiring what is wrong
 * must be survived: then no interrupt comes. */
bool ioapic_route_isa(unsigned irq, uint8_t vector);
