/* The 8259A pair; see pic.h.  Intel 8259A data sheet. */
#include "vmm/chip/pic.h"

#include "kernel/base/panic.h"
#include "kernel/base/string.h"
#include "vmm/chip/apic_bus.h"

#define MASTER  0
#define SLAVE   1
#define CASCADE 2 /* the master's line to which the slave's INT is wired */

#define ELCR_PORT 0x4d0U

/* Lines that cannot be level-triggered. Master: timer, keyboard, cascade.
 * Slave: clock, coprocessor. */
static const uint8_t always_edge[2] = {0x07, 0x21};

/* The state in which a BIOS leaves each chip: ICW2 and the mask. */
static const struct {
    uint8_t base;
    uint8_t mask;
} bios_state[2] = {{0x08, 0xf8}, {0x70, 0xff}};

/* Returns the rank of the line in `lines` with the highest priority. Rank 0 is
 * the line after chip->lowest. 8: `lines` is empty. */
static unsigned highest_rank(const struct pic_chip *chip, uint8_t lines)
{
    unsigned twice = (unsigned)lines << 8 | lines;
    unsigned by_rank = twice >> (chip->lowest + 1) & 0xff;

    return by_rank == 0 ? 8 : (unsigned)__builtin_ctz(by_rank);
}

/* Returns the line for which this chip requests an interrupt; -1: none. */
static int request(const struct pic_chip *chip, unsigned which)
{
    uint8_t in_service = chip->isr;
    unsigned best = highest_rank(chip, chip->irr & (uint8_t)~chip->imr);

    if (chip->special_mask) {
        in_service &= (uint8_t)~chip->imr;
    }
    /* In special fully nested mode, the slave's in-service bit in the master
     * does not block further requests of the slave. */
    if (chip->fully_nested && which == MASTER) {
        in_service &= (uint8_t) ~(1U << CASCADE);
    }
    if (best >= highest_rank(chip, in_service)) {
        return -1;
    }
    return (int)((best + chip->lowest + 1) & 7);
}

/* Makes the master's cascade line follow the slave's request, and INTR the
 * master's request. */
static void update(struct pic *pic)
{
    struct pic_chip *master = &pic->chips[MASTER];
    uint8_t cascade = 1U << CASCADE;

    if (request(&pic->chips[SLAVE], SLAVE) >= 0) {
        master->irr |= cascade;
    } else {
        master->irr &= (uint8_t)~cascade;
    }
    pic->output = request(master, MASTER) >= 0;
    apic_bus_set_intr(pic->bus, pic->output);
}

void pic_init(struct pic *pic, struct apic_bus *bus)
{
    CHECK(bus != NULL);
    memset(pic, 0, sizeof(*pic));
    pic->bus = bus;
    for (unsigned i = 0; i < 2; i++) {
        pic->chips[i].imr = bios_state[i].mask;
        pic->chips[i].base = bios_state[i].base;
        pic->chips[i].lowest = 7;
    }
    update(pic);
}

static void write_elcr(struct pic_chip *chip, unsigned which, uint8_t value)
{
    /* A line that has become level-triggered requests if its input is high. A
     * line that has become edge-triggered requests nothing until its next
     * rising edge. */
    chip->irr &= (uint8_t)~chip->elcr;
    chip->elcr = value & (uint8_t)~always_edge[which];
    chip->irr &= (uint8_t)~chip->elcr;
    chip->irr |= chip->lines & chip->elcr;
}

void pic_set_level_lines(struct pic *pic, uint16_t lines)
{
    write_elcr(&pic->chips[MASTER], MASTER, (uint8_t)lines);
    write_elcr(&pic->chips[SLAVE], SLAVE, (uint8_t)(lines >> 8));
    update(pic);
}

void pic_set_irq(struct pic *pic, unsigned line, bool level)
{
    CHECK(line < 16);

    struct pic_chip *chip = &pic->chips[line / 8];
    uint8_t bit = (uint8_t)(1U << line % 8);

    uint8_t before = chip->irr;

    if (line == CASCADE) {
        return;
    }
    if (level) {
        /* A level-triggered request is the line's level. An edge-triggered one
         * is latched: it stays after the line falls, until it is
         * acknowledged. */
        if ((chip->elcr & bit) != 0 || (chip->lines & bit) == 0) {
            chip->irr |= bit;
        }
        chip->lines |= bit;
    } else {
        chip->irr &= (uint8_t) ~(chip->elcr & bit);
        chip->lines &= (uint8_t)~bit;
    }
    /* A change of masked lines alone changes no output. This is the common
     * case: kernels that use the IOAPIC mask all lines here. */
    if (((before ^ chip->irr) & ~chip->imr) != 0) {
        update(pic);
    }
}

bool pic_output(const struct pic *pic)
{
    return pic->output;
}

/* Does one chip's part of an acknowledge cycle. Returns the line; 7 if the chip
 * has no request. */
static unsigned acknowledge(struct pic_chip *chip, unsigned which)
{
    int line = request(chip, which);
    uint8_t bit = 0;

    if (line < 0) {
        return 7;
    }
    bit = (uint8_t)(1U << line);
    if ((chip->elcr & bit) == 0) {
        chip->irr &= (uint8_t)~bit;
    }
    if (!chip->auto_eoi) {
        chip->isr |= bit;
    } else if (chip->rotate_auto) {
        chip->lowest = (uint8_t)line;
    }
    return (unsigned)line;
}

int pic_acknowledge(struct pic *pic)
{
    bool cascade = request(&pic->chips[MASTER], MASTER) == CASCADE;
    unsigned line = acknowledge(&pic->chips[MASTER], MASTER);
    unsigned vector = pic->chips[MASTER].base + line;

    if (cascade) {
        line = acknowledge(&pic->chips[SLAVE], SLAVE);
        vector = pic->chips[SLAVE].base + line;
    }
    update(pic);
    return (int)vector;
}

/* ICW1 begins the initialisation and clears the latched edges. */
static void write_icw1(struct pic_chip *chip, uint8_t value)
{
    chip->irr &= chip->elcr;
    chip->imr = 0;
    chip->isr = 0;
    chip->lowest = 7;
    chip->special_mask = false;
    chip->read_isr = false;
    chip->poll = false;
    chip->rotate_auto = false;
    chip->single = (value & 0x02) != 0;
    chip->wants_icw4 = (value & 0x01) != 0;
    if (!chip->wants_icw4) {
        chip->auto_eoi = false;
        chip->fully_nested = false;
    }
    chip->next_icw = 2;
}

static void write_odd(struct pic_chip *chip, uint8_t value)
{
    switch (chip->next_icw) {
    case 2:
        chip->base = value & 0xf8;
        chip->next_icw = !chip->single ? 3 : chip->wants_icw4 ? 4 : 0;
        break;
    case 3: /* ICW3 describes the wiring, which is fixed */
        chip->next_icw = chip->wants_icw4 ? 4 : 0;
        break;
    case 4:
        chip->auto_eoi = (value & 0x02) != 0;
        chip->fully_nested = (value & 0x10) != 0;
        chip->next_icw = 0;
        break;
    default:
        chip->imr = value;
        break;
    }
}

/* OCW2 ends interrupts and rotates priorities. Bits 7:5 are R, SL and EOI. */
static void write_ocw2(struct pic_chip *chip, uint8_t value)
{
    bool rotate = (value & 0x80) != 0;
    bool specific = (value & 0x40) != 0;
    bool eoi = (value & 0x20) != 0;
    unsigned line = value & 7;

    if (!specific && !eoi) {
        chip->rotate_auto = rotate;
        return;
    }
    if (!specific) {
        unsigned best = highest_rank(chip, chip->isr);

        if (best == 8) {
            return;
        }
        line = (best + chip->lowest + 1) & 7;
    }
    if (eoi) {
        chip->isr &= (uint8_t) ~(1U << line);
    }
    if (rotate) {
        chip->lowest = (uint8_t)line;
    }
}

static void write_ocw3(struct pic_chip *chip, uint8_t value)
{
    if ((value & 0x40) != 0) {
        chip->special_mask = (value & 0x20) != 0;
    }
    if ((value & 0x02) != 0) {
        chip->read_isr = (value & 0x01) != 0;
    }
    chip->poll = (value & 0x04) != 0;
}

static void write_even(struct pic_chip *chip, uint8_t value)
{
    if ((value & 0x10) != 0) {
        write_icw1(chip, value);
    } else if ((value & 0x08) != 0) {
        write_ocw3(chip, value);
    } else {
        write_ocw2(chip, value);
    }
}

/* A poll acknowledges this chip alone. It reads as bit 7 and the line's number,
 * or as 0 if there is no request. */
static uint8_t poll(struct pic_chip *chip, unsigned which)
{
    chip->poll = false;
    if (request(chip, which) < 0) {
        return 0;
    }
    return (uint8_t)(0x80 | acknowledge(chip, which));
}

/* Returns the chip that has this port; -1: neither. `odd` tells whether it is
 * the chip's odd port. */
static int chip_of(uint64_t port, bool *odd)
{
    *odd = (port & 1) != 0;
    switch (port & ~1ULL) {
    case 0x20:
        return MASTER;
    case 0xa0:
        return SLAVE;
    default:
        return -1;
    }
}

static uint8_t read_byte(void *context, uint64_t port)
{
    struct pic *pic = context;
    bool odd = false;
    int which = chip_of(port, &odd);

    if ((port & ~1ULL) == ELCR_PORT) {
        return pic->chips[port & 1].elcr;
    }
    if (which < 0) {
        return 0xff;
    }

    struct pic_chip *chip = &pic->chips[which];

    if (chip->poll) {
        uint8_t value = poll(chip, (unsigned)which);

        update(pic);
        return value;
    }
    if (odd) {
        return chip->imr;
    }
    return chip->read_isr ? chip->isr : chip->irr;
}

static void write_byte(void *context, uint64_t port, uint8_t value)
{
    struct pic *pic = context;
    bool odd = false;
    int which = chip_of(port, &odd);

    if ((port & ~1ULL) == ELCR_PORT) {
        write_elcr(&pic->chips[port & 1], port & 1, value);
    } else if (which >= 0 && odd) {
        write_odd(&pic->chips[which], value);
    } else if (which >= 0) {
        write_even(&pic->chips[which], value);
    }
    update(pic);
}

enum access_result pic_access(struct pic *pic, struct access *access)
{
    return access_bytes(access, pic, read_byte, write_byte);
}

bool pic_valid(const struct pic *pic)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct pic_chip *chip = &pic->chips[i];

        if (chip->lowest > 7 || chip->base % 8 != 0 || chip->next_icw == 1 ||
            chip->next_icw > 4 || (chip->elcr & always_edge[i]) != 0 ||
            (chip->elcr & (chip->irr ^ chip->lines)) != 0) {
            return false;
        }
    }
    return pic->output == (request(&pic->chips[MASTER], MASTER) >= 0) &&
           pic->bus->intr == pic->output;
}
