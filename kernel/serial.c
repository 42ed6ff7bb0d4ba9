/* The 16550 serial ports, see kernel/serial.h. Registers have the names of the
 * PC16550D data sheet, Table II. */
#include "kernel/serial.h"

#include "arch/cpu.h"
#include "arch/idt.h"
#include "arch/lapic_host.h"
#include "arch/spinlock.h"
#include "kernel/domain.h"
#include "kernel/ioapic_host.h"
#include "kernel/serial_find.h"
#include "kernel/time.h"

enum serial_register {
    SERIAL_RBR = 0, /* read */
    SERIAL_THR = 0, /* write */
    SERIAL_DLL = 0, /* with DLAB */
    SERIAL_IER = 1,
    SERIAL_DLM = 1, /* with DLAB */
    SERIAL_FCR = 2,
    SERIAL_LCR = 3,
    SERIAL_MCR = 4,
    SERIAL_LSR = 5,
    SERIAL_SCR = 7,
};

#define FCR_ENABLE_AND_CLEAR 0x87U /* interrupt at 8 bytes or a pause */
#define IER_ERBFI            0x01U /* data available */
#define LCR_8N1              0x03U
#define LCR_DLAB             0x80U
#define MCR_DTR_RTS          0x03U
#define MCR_OUT2             0x08U /* in a PC, connects the interrupt line */
#define MCR_LOOPBACK         0x10U
#define LSR_DR               0x01U /* data ready */
#define LSR_THRE             0x20U /* transmitter holding register empty */
#define LSR_TEMT             0x40U /* transmitter empty */

#define DIVISOR_115200 1U
#define FIFO_BYTES     16U

/* How often LSR is read before a transmitter counts as stuck. A read takes
 * about 1 us (some instructions in an emulator). Sending 16 bytes takes 1.4
 * ms. */
#define SEND_POLLS     200000U
#define LOOPBACK_POLLS 20000U

#define RECEIVED_BYTES 4096U /* a power of two */

/* The interrupt vector of the first port; the second has the next one. */
#define VECTOR 0x50U

/* The timer's period: the time that a full FIFO takes on the wire. */
#define QUEUE_PERIOD (1400 * TIME_US)
/* A transmitter that took nothing for so many periods is stuck (0.3 s). */
#define IDLE_MOST 200U

struct serial {
    struct serial_place place;
    bool present;
    bool stuck;           /* the transmitter did not move; do not wait again */
    unsigned idle;        /* timers since it moved last */
    char last;            /* last byte written; 0: none yet */
    struct spinlock lock; /* guards the port and this structure */

    uint8_t queue[SERIAL_QUEUE];
    uint32_t head; /* next byte to send; both count on and wrap */
    uint32_t tail; /* next byte to fill */
    struct timer timer;

    void (*arrived)(void);
    uint8_t received[RECEIVED_BYTES];
    uint32_t received_head; /* next byte to read */
    uint32_t received_tail; /* next byte to fill */
};

static struct {
    struct serial port[SERIAL_COUNT];
    bool queueing;
} serial;

static uint8_t get(const struct serial *port, enum serial_register reg)
{
    uintptr_t at = port->place.base + ((uintptr_t)reg << port->place.shift);

    if (!port->place.memory) {
        return cpu_in8((uint16_t)at);
    }
    return port->place.shift == 2 ? (uint8_t)cpu_mmio_read32(at)
                                  : cpu_mmio_read8(at);
}

static void set(const struct serial *port, enum serial_register reg,
                uint8_t value)
{
    uintptr_t at = port->place.base + ((uintptr_t)reg << port->place.shift);

    if (!port->place.memory) {
        cpu_out8((uint16_t)at, value);
    } else if (port->place.shift == 2) {
        cpu_mmio_write32(at, value);
    } else {
        cpu_mmio_write8(at, value);
    }
}

static bool wait_for(const struct serial *port, uint8_t line_status,
                     unsigned polls)
{
    while (polls-- > 0) {
        if (get(port, SERIAL_LSR) & line_status) {
            return true;
        }
    }
    return false;
}

static bool scratch_holds(const struct serial *port, uint8_t value)
{
    set(port, SERIAL_SCR, value);
    return get(port, SERIAL_SCR) == value;
}

/* True: in loopback mode a byte sent comes back (section 8.8). A floating bus
 * gives 0xff. */
static bool loops_back(const struct serial *port, uint8_t value)
{
    set(port, SERIAL_THR, value);
    return wait_for(port, LSR_DR, LOOPBACK_POLLS) &&
           get(port, SERIAL_RBR) == value;
}

static bool open_port(const struct serial *port)
{
    bool works;

    if (!scratch_holds(port, 0x5a) || !scratch_holds(port, 0xa5)) {
        return false;
    }
    set(port, SERIAL_IER, 0);
    if (!port->place.keep_divisor) {
        set(port, SERIAL_LCR, LCR_DLAB);
        set(port, SERIAL_DLL, DIVISOR_115200);
        set(port, SERIAL_DLM, 0);
    }
    set(port, SERIAL_LCR, LCR_8N1);
    set(port, SERIAL_MCR, MCR_LOOPBACK);
    set(port, SERIAL_FCR, FCR_ENABLE_AND_CLEAR);
    works = loops_back(port, 0xae);
    set(port, SERIAL_FCR, FCR_ENABLE_AND_CLEAR);
    set(port, SERIAL_MCR, MCR_DTR_RTS);
    return works;
}

struct serial *serial_port(enum serial_role role)
{
    return serial.port[role].present ? &serial.port[role] : NULL;
}

/* Gives the transmitter as much of the queue as it takes now. */
static void pump(struct serial *port)
{
    while (port->head != port->tail && (get(port, SERIAL_LSR) & LSR_THRE)) {
        /* In FIFO mode LSR.THRE means that the whole FIFO is empty (section
         * 8.4). */
        for (unsigned i = 0; i < FIFO_BYTES && port->head != port->tail; i++) {
            set(port, SERIAL_THR, port->queue[port->head++ % SERIAL_QUEUE]);
        }
        port->stuck = false;
    }
}

/* Waits until the transmitter has taken at least a FIFO's worth of the queue.
 * If the transmitter does not move, drops the whole queue. */
static void push(struct serial *port)
{
    if (!wait_for(port, LSR_THRE, port->stuck ? 1 : SEND_POLLS)) {
        port->stuck = true;
        port->head = port->tail;
    }
    pump(port);
}

static void send_all(struct serial *port)
{
    while (port->head != port->tail) {
        push(port);
    }
}

/* Arms the timer that sends the rest of the queue, if it is not armed. The
 * caller holds the port's lock. */
static void arm_later(struct serial *port)
{
    if (port->head != port->tail && !timer_armed(&port->timer)) {
        timer_arm(&port->timer, time_now() + QUEUE_PERIOD);
    }
}

static void pump_later(void *argument)
{
    struct serial *port = argument;
    uint32_t head = 0;

    spinlock_take(&port->lock);
    head = port->head;
    pump(port);
    port->idle = port->head == head ? port->idle + 1 : 0;
    if (port->idle >= IDLE_MOST) {
        /* The queue is dropped. Otherwise writers that do not wait for the
         * port would find it full for ever. */
        port->stuck = true;
        port->head = port->tail;
        port->idle = 0;
    }
    arm_later(port);
    spinlock_give(&port->lock);
}

/* Gives the roles to those of the places that work. Returns how many do. */
static unsigned open_group(const struct serial_place *places, size_t count)
{
    unsigned role = 0;

    for (size_t i = 0; i < count && role < SERIAL_COUNT; i++) {
        struct serial *port = &serial.port[role];

        port->place = places[i];
        port->timer.fire = pump_later;
        port->timer.argument = port;
        port->timer.domain = &domain_kernel;
        port->present = open_port(port);
        role += port->present;
    }
    return role;
}

void serial_init(const struct boot_info *boot)
{
    struct serial_place places[SERIAL_PLACES];
    unsigned working = 0;

    for (unsigned i = 0; i < SERIAL_COUNT; i++) {
        serial.port[i].present = false;
    }
    for (unsigned group = 0; group < SERIAL_GROUPS && working == 0; group++) {
        size_t count = serial_find((enum serial_group)group, boot, places);

        working = open_group(places, count);
    }
}

const char *serial_name(const struct serial *port)
{
    return port->place.name;
}

void serial_start_queueing(void)
{
    serial.queueing = true;
}

void serial_stop_queueing(void)
{
    serial.queueing = false;
    for (unsigned i = 0; i < SERIAL_COUNT; i++) {
        struct serial *port = &serial.port[i];

        if (port->present) {
            spinlock_take(&port->lock);
            send_all(port);
            spinlock_give(&port->lock);
        }
    }
}

void serial_write(struct serial *port, const void *bytes, size_t length)
{
    const uint8_t *byte = bytes;

    if (length == 0) {
        return;
    }
    spinlock_take(&port->lock);
    for (size_t i = 0; i < length; i++) {
        if (port->tail - port->head == SERIAL_QUEUE) {
            push(port);
        }
        port->queue[port->tail++ % SERIAL_QUEUE] = byte[i];
    }
    port->last = (char)byte[length - 1];
    if (serial.queueing) {
        pump(port);
        arm_later(port);
    } else {
        send_all(port);
    }
    spinlock_give(&port->lock);
}

void serial_send_some(struct serial *port)
{
    spinlock_take(&port->lock);
    push(port);
    spinlock_give(&port->lock);
}

size_t serial_room(const struct serial *port)
{
    return SERIAL_QUEUE - (port->tail - port->head);
}

/* Moves all bytes from the receiver into `received`. A byte that finds no room
 * is lost. */
static void receive(struct serial *port)
{
    /* The loop is bounded, because a port that is taken away reads as ones for
     * ever. */
    for (unsigned i = 0; i < RECEIVED_BYTES; i++) {
        uint8_t byte;

        if (!(get(port, SERIAL_LSR) & LSR_DR)) {
            return;
        }
        byte = get(port, SERIAL_RBR);
        if (port->received_tail - port->received_head < RECEIVED_BYTES) {
            port->received[port->received_tail++ % RECEIVED_BYTES] = byte;
        }
    }
}

/* The line is edge-triggered, so it must go down before this handler ends.
 * Therefore all bytes are taken. */
static void receive_interrupt(uint8_t vector)
{
    struct serial *port = &serial.port[vector - VECTOR];
    bool arrived;

    spinlock_take(&port->lock);
    receive(port);
    arrived = port->received_head != port->received_tail;
    spinlock_give(&port->lock);
    lapic_host_eoi();
    if (arrived) {
        port->arrived();
    }
}

bool serial_start_interrupts(struct serial *port, void (*arrived)(void))
{
    uint8_t vector = (uint8_t)(VECTOR + (port - serial.port));

    port->arrived = arrived;
    idt_set_handler(vector, receive_interrupt);
    if (port->place.irq == SERIAL_NO_IRQ ||
        !ioapic_host_route_isa(port->place.irq, vector)) {
        return false;
    }
    set(port, SERIAL_MCR, MCR_DTR_RTS | MCR_OUT2);
    set(port, SERIAL_IER, IER_ERBFI);
    return true;
}

size_t serial_read(struct serial *port, void *bytes, size_t length)
{
    uint8_t *byte = bytes;
    size_t count = 0;

    spinlock_take(&port->lock);
    receive(port);
    while (count < length && port->received_head != port->received_tail) {
        byte[count++] = port->received[port->received_head++ % RECEIVED_BYTES];
    }
    spinlock_give(&port->lock);
    return count;
}

void serial_flush(struct serial *port)
{
    spinlock_take(&port->lock);
    send_all(port);
    if (!port->stuck) {
        wait_for(port, LSR_TEMT, SEND_POLLS);
    }
    spinlock_give(&port->lock);
}

bool serial_at_line_start(const struct serial *port)
{
    return port->last == '\0' || port->last == '\n';
}
