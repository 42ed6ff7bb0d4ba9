/* The guest's 8259A pair with its edge/level control registers (ELCR): ports
 * 0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1 (Intel 8259A data sheet; the ELCR as in
 * Intel's PIIX). The pair's INTR output goes to the apic_bus.
 *
 * Who calls it: vm.c (ports, vm_irq_set), apic_bus.c (acknowledge). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vmm/memory/access.h"

struct apic_bus;

struct pic_chip {
    uint8_t irr;   /* requests; of a level-triggered line, its level */
    uint8_t imr;   /* masked lines */
    uint8_t isr;   /* interrupts in service */
    uint8_t lines; /* present levels of the inputs */
    uint8_t elcr;  /* bit set: the line is level-triggered */

    uint8_t base;   /* vector of line 0, a multiple of 8 */
    uint8_t lowest; /* the line with the lowest priority, 0 to 7 */

    /* During initialisation: the number of the ICW that the next write to the
     * odd port is. 0: that write is OCW1. */
    uint8_t next_icw;
    bool wants_icw4;
    bool single;

    bool auto_eoi;
    bool rotate_auto; /* each automatic EOI rotates the priorities */
    bool special_mask;
    bool fully_nested; /* special fully nested mode (ICW4.SFNM) */
    bool read_isr;     /* the even port reads the ISR; false: the IRR */
    bool poll;         /* the next read is a poll and acknowledges */
};

struct pic {
    struct apic_bus *bus;
    struct pic_chip chips[2]; /* master; slave, on the master's line 2 */
    bool output;              /* level of INTR */
};

/* Sets the state in which a BIOS leaves the pair: vectors from 8 and from 0x70;
 * timer, keyboard and cascade not masked; all lines edge-triggered. */
void pic_init(struct pic *pic, struct apic_bus *bus);

/* Makes lines level-triggered (bit n: line n), as firmware does for the SCI.
 * Lines 0, 1, 2, 8 and 13 stay edge-triggered. */
void pic_set_level_lines(struct pic *pic, uint16_t lines);

enum access_result pic_access(struct pic *pic, struct access *access);

/* Sets input `line`, 0 to 15, to `level`. Line 2 is the cascade and is
 * ignored. */
void pic_set_irq(struct pic *pic, unsigned line, bool level);

bool pic_output(const struct pic *pic);

/* Acknowledges the highest request and returns its vector. If nothing is
 * requested any more, returns the spurious vector, that of line 7 (or 15), and
 * puts nothing in service on that chip. */
int pic_acknowledge(struct pic *pic);

bool pic_valid(const struct pic *pic);
