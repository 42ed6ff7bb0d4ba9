/* The guest's 8259A pair with its edge/level control registers: ports 0x20,
 * 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1 (Intel 8259A data sheet; ELCR as in Intel's
 * PIIX). The pair's INTR goes to the apic_bus.
 *
 * Who calls it: vm.c (ports, vm_irq_set), apic_bus.c (acknowledge). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vmm/memory/access.h"

struct apic_bus;

struct pic_chip {
    uint8_t irr;   /* requests; a level line's bit follows the line */
    uint8_t imr;   /* masked lines */
    uint8_t isr;   /* in service */
    uint8_t lines; /* the inputs as they are now */
    uint8_t elcr;  /* 1: level-triggered */

    uint8_t base;   /* vector of line 0, a multiple of 8 */
    uint8_t lowest; /* the line with the lowest priority, 0 to 7 */

    /* Initialisation: the ICW that the next write to the odd port is; 0: an
     * OCW1. */
    uint8_t next_icw;
    bool wants_icw4;
    bool single;

    bool auto_eoi;
    bool rotate_auto; /* rotate in automatic EOI mode */
    bool special_mask;
    bool fully_nested; /* special fully nested mode (ICW4.SFNM) */
    bool read_isr;     /* the even port reads ISR, else IRR */
    bool poll;         /* the next read is a poll */
};

struct pic {
    struct apic_bus *bus;
    struct pic_chip chips[2]; /* master, slave on its line 2 */
    bool output;              /* INTR */
};

/* As a BIOS leaves the pair: vectors 8 and 0x70, timer, keyboard and cascade
 * unmasked, no line level-triggered. */
void pic_init(struct pic *pic, struct apic_bus *bus);

/* Makes these lines (bit n: line n) level-triggered from the start, as a
 * firmware does for the SCI. Lines 0, 1, 2, 8 and 13 stay edge-triggered. */
void pic_set_level_lines(struct pic *pic, uint16_t lines);

enum access_result pic_access(struct pic *pic, struct access *access);

/* Input `line`, 0 to 15; 2 is the cascade and is ignored. */
void pic_set_irq(struct pic *pic, unsigned line, bool level);

bool pic_output(const struct pic *pic);

/* Interrupt acknowledge: the vector. Nothing to deliver: that of line 7 (or
 * 15), with nothing put in service on that chip. */
int pic_acknowledge(struct pic *pic);

bool pic_valid(const struct pic *pic);
