/* The machine's PS/2 keyboard; kernel/i8042_host.h has the contract. IBM PS/2
 * Technical Reference, "Keyboard and Auxiliary Device Controller". */
#include "kernel/i8042_host.h"

#include "arch/cpu.h"
#include "arch/idt.h"
#include "arch/lapic_host.h"
#include "arch/spinlock.h"
#include "kernel/framebuffer.h"
#include "kernel/ioapic_host.h"
#include "kernel/keyboard.h"

#define PORT_DATA   0x60U
#define PORT_STATUS 0x64U /* commands are written there */

#define STATUS_OUTPUT  0x01U /* a byte can be read */
#define STATUS_INPUT   0x02U /* the controller has not taken the last one */
#define STATUS_MOUSE   0x20U /* the byte is the mouse's */
#define STATUS_NOTHING 0xffU /* there is no controller */

#define COMMAND_READ_CONFIG  0x20U
#define COMMAND_WRITE_CONFIG 0x60U
#define COMMAND_MOUSE_OFF    0xa7U
#define COMMAND_KEYBOARD_ON  0xaeU

#define CONFIG_INTERRUPT    0x01U /* the keyboard's */
#define CONFIG_INTERRUPTS   0x03U
#define CONFIG_KEYBOARD_OFF 0x10U
#define CONFIG_TRANSLATE    0x40U /* to scan codes of set 1 */

#define KEYBOARD_ENABLE 0xf4U
#define KEYBOARD_ACK    0xfaU
#define KEY_RELEASED    0x80U

/* How often the status is read before the controller counts as stuck: a read
 * takes a microsecond, an answer of the keyboard up to 20 ms. */
#define POLLS 50000U

/* The most bytes that are read in one go: the controller holds 16. */
#define BYTES_A_LOOK 32U

#define VECTOR 0x52U /* the next after those of the serial ports */
#define IRQ    1U

#define RECEIVED 64U /* bytes; a power of two */

static struct {
    bool there;
    struct keyboard keyboard;
    void (*arrived)(void);

    struct spinlock lock; /* guards the controller and the ring */
    uint8_t received[RECEIVED];
    uint32_t head; /* next byte to read; both count on and wrap */
    uint32_t tail; /* next byte to fill */
} i8042;

static bool wait_for(uint8_t mask, uint8_t value)
{
    for (unsigned i = 0; i < POLLS; i++) {
        if ((cpu_in8(PORT_STATUS) & mask) == value) {
            return true;
        }
    }
    return false;
}

static bool write_byte(uint16_t port, uint8_t byte)
{
    if (!wait_for(STATUS_INPUT, 0)) {
        return false;
    }
    cpu_out8(port, byte);
    return true;
}

static bool read_byte(uint8_t *byte)
{
    if (!wait_for(STATUS_OUTPUT, STATUS_OUTPUT)) {
        return false;
    }
    *byte = cpu_in8(PORT_DATA);
    return true;
}

/* A byte of the keyboard. False: there is none; the mouse's are dropped. */
static bool take(uint8_t *byte)
{
    for (unsigned i = 0; i < BYTES_A_LOOK; i++) {
        uint8_t status = cpu_in8(PORT_STATUS);

        if (status == STATUS_NOTHING || !(status & STATUS_OUTPUT)) {
            return false;
        }
        *byte = cpu_in8(PORT_DATA);
        if (!(status & STATUS_MOUSE)) {
            return true;
        }
    }
    return false;
}

/* Drops what was typed before. */
static void drain(void)
{
    uint8_t byte = 0;

    for (unsigned i = 0; i < BYTES_A_LOOK && take(&byte); i++) {
    }
}

/* Sets the controller up for polling, with translation. The mouse is turned
 * off, since its bytes would hold up the keyboard's. */
static bool set_up(void)
{
    uint8_t config = 0;

    if (!write_byte(PORT_STATUS, COMMAND_MOUSE_OFF) ||
        !write_byte(PORT_STATUS, COMMAND_READ_CONFIG) || !read_byte(&config)) {
        return false;
    }
    config &= (uint8_t) ~(CONFIG_INTERRUPTS | CONFIG_KEYBOARD_OFF);
    config |= CONFIG_TRANSLATE;
    return write_byte(PORT_STATUS, COMMAND_WRITE_CONFIG) &&
           write_byte(PORT_DATA, config) &&
           write_byte(PORT_STATUS, COMMAND_KEYBOARD_ON);
}

bool i8042_host_init(void)
{
    uint8_t answer = 0;

    i8042.there = false;
    if (cpu_in8(PORT_STATUS) == STATUS_NOTHING) {
        return false;
    }
    drain();
    if (!set_up()) {
        return false;
    }
    drain();
    /* What is typed at this moment may come before the answer. */
    if (!write_byte(PORT_DATA, KEYBOARD_ENABLE)) {
        return false;
    }
    for (unsigned i = 0; i < BYTES_A_LOOK && answer != KEYBOARD_ACK; i++) {
        if (!read_byte(&answer)) {
            return false;
        }
    }
    i8042.keyboard = (struct keyboard){0};
    i8042.there = answer == KEYBOARD_ACK;
    return i8042.there;
}

/* Moves all bytes from the controller into the ring. One that finds no room is
 * lost. */
static void receive(void)
{
    uint8_t byte = 0;

    for (unsigned i = 0; i < BYTES_A_LOOK && take(&byte); i++) {
        if (i8042.tail - i8042.head < RECEIVED) {
            i8042.received[i8042.tail++ % RECEIVED] = byte;
        }
    }
}

/* The line is edge-triggered, so all bytes are taken. */
static void receive_interrupt(uint8_t vector)
{
    (void)vector;
    spinlock_take(&i8042.lock);
    receive();
    spinlock_give(&i8042.lock);
    lapic_host_eoi();
    i8042.arrived();
}

bool i8042_host_start_interrupts(void (*arrived)(void))
{
    uint8_t config = 0;

    i8042.arrived = arrived;
    idt_set_handler(VECTOR, receive_interrupt);
    return ioapic_host_route_isa(IRQ, VECTOR) &&
           write_byte(PORT_STATUS, COMMAND_READ_CONFIG) && read_byte(&config) &&
           write_byte(PORT_STATUS, COMMAND_WRITE_CONFIG) &&
           write_byte(PORT_DATA, config | CONFIG_INTERRUPT);
}

/* The next byte of the keyboard. False: there is none. */
static bool next(uint8_t *code)
{
    bool more = false;

    spinlock_take(&i8042.lock);
    receive();
    more = i8042.head != i8042.tail;
    if (more) {
        *code = i8042.received[i8042.head++ % RECEIVED];
    }
    spinlock_give(&i8042.lock);
    return more;
}

size_t i8042_host_read(void *bytes, size_t length)
{
    char *to = bytes;
    size_t count = 0;
    uint8_t code = 0;

    while (i8042.there && count + KEYBOARD_BYTES <= length && next(&code)) {
        size_t typed = 0;

        enum keyboard_act act =
            keyboard_take(&i8042.keyboard, code, to + count, &typed);

        if (act == KEYBOARD_BACK || act == KEYBOARD_FORWARD) {
            framebuffer_scroll(act == KEYBOARD_BACK);
        }
        count += typed;
    }
    return count;
}

bool i8042_host_pressed(void)
{
    bool pressed = false;
    uint8_t byte = 0;

    for (unsigned i = 0; i < BYTES_A_LOOK && take(&byte); i++) {
        pressed |= !(byte & KEY_RELEASED);
    }
    return pressed;
}
