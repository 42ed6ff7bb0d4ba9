/* Where the machine may have serial ports. The next group is looked at only if
 * no port of the one before works: a laptop's management engine shows a 16550
 * on PCI that has no reader while there is a COM1.
 *
 * Who calls it: kernel/serial.c, which finds out whether they work. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct boot_info;

#define SERIAL_PLACES 4U

enum serial_group {
    SERIAL_COM,      /* COM1 and COM2 */
    SERIAL_FIRMWARE, /* the one that ACPI's SPCR names */
    SERIAL_PCI,      /* 16550s on PCI, at most SERIAL_PLACES */
    SERIAL_GROUPS
};

#define SERIAL_NO_IRQ 0xffU

/* Where a 16550's registers are. */
struct serial_place {
    const char *name;
    uintptr_t base; /* a port, or an address that is mapped */
    bool memory;
    unsigned shift; /* register n is at n << shift; 2: of 32 bits each */
    uint8_t irq;    /* its ISA line, or SERIAL_NO_IRQ */
    bool
        keep_divisor; /* its clock is not a PC's: the firmware knows the rate */
};

/* Fills `places` with those of the group, and returns how many there are. */
size_t serial_find(enum serial_group group, const struct boot_info *boot,
                   struct serial_place places[SERIAL_PLACES]);
