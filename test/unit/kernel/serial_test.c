/* kernel/serial.c against two 16550s: one there, or none, or broken; output at
 * once and queued; nothing waits for ever. */
#include "arch/boot.h"
#include "kernel/ioapic_host.h"
#include "kernel/serial.h"
#include "kernel/serial_find.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "arch/cpu.h"
#include "arch/idt.h"
#include "arch/lapic_host.h"
#include "kernel/time.h"

struct uart {
    bool there;
    bool stuck; /* the transmitter never empties */
    bool deaf;  /* loopback gives nothing back */
    uint8_t scratch, lcr, mcr, dll, dlm, ier;
    uint8_t in[64]; /* the receiver's FIFO */
    size_t in_count;
    unsigned fifo;    /* bytes in the transmitter */
    unsigned overrun; /* written to a full FIFO */
    unsigned slow;    /* status reads until the FIFO is empty */
    unsigned wait;
    char out[80000];
    size_t out_count;
};

/* COM1, COM2, and one elsewhere. */
static struct uart uarts[3];
static unsigned long accesses;
static struct boot_info machine;
static struct serial_place elsewhere;
static enum serial_group elsewhere_group;
static unsigned groups; /* bits: those that were looked for */

size_t serial_find(enum serial_group group, const struct boot_info *info,
                   struct serial_place places[SERIAL_PLACES])
{
    assert_ptr_equal(info, &machine);
    groups |= 1U << group;
    if (group == SERIAL_COM) {
        places[0] =
            (struct serial_place){.name = "COM1", .base = 0x3f8, .irq = 4};
        places[1] =
            (struct serial_place){.name = "COM2", .base = 0x2f8, .irq = 3};
        return 2;
    }
    places[0] = elsewhere;
    return elsewhere.base != 0 && group == elsewhere_group;
}

static struct uart *uart_at(uint16_t port, unsigned *reg)
{
    *reg = port & 7;
    assert_true(++accesses < 5000000);
    if (!elsewhere.memory && (port & 0xfff8) == elsewhere.base) {
        return &uarts[2];
    }
    assert_true((port & 0xfff8) == 0x3f8 || (port & 0xfff8) == 0x2f8);
    return &uarts[(port & 0xfff8) == 0x3f8 ? 0 : 1];
}

static uint8_t line_status(struct uart *uart)
{
    if (uart->wait > 0) {
        uart->wait--;
    } else if (!uart->stuck) {
        uart->fifo = 0;
    }
    return (uint8_t)((uart->in_count > 0 ? 1 : 0) |
                     (uart->fifo == 0 ? 0x60 : 0));
}

static uint8_t receive(struct uart *uart)
{
    uint8_t byte = uart->in[0];

    if (uart->in_count > 0) {
        memmove(uart->in, uart->in + 1, --uart->in_count);
    }
    return byte;
}

static uint8_t read_uart(struct uart *uart, unsigned reg)
{
    if (!uart->there) {
        return 0xff;
    }
    switch (reg) {
    case 0:
        return receive(uart);
    case 5:
        return line_status(uart);
    case 7:
        return uart->scratch;
    default:
        return 0;
    }
}

static void transmit(struct uart *uart, uint8_t byte)
{
    if (uart->lcr & 0x80) {
        uart->dll = byte;
    } else if (uart->mcr & 0x10) {
        if (!uart->deaf) {
            uart->in[uart->in_count++] = byte;
        }
    } else {
        uart->out[uart->out_count++] = (char)byte;
        uart->overrun += ++uart->fifo > 16;
        uart->wait = uart->slow;
    }
}

static void write_uart(struct uart *uart, unsigned reg, uint8_t value)
{
    if (!uart->there) {
        return;
    }
    if (reg == 0) {
        transmit(uart, value);
    } else if (reg == 1) {
        *(uart->lcr & 0x80 ? &uart->dlm : &uart->ier) = value;
    } else if (reg == 2 && (value & 2)) {
        uart->in_count = 0;
    } else if (reg == 3) {
        uart->lcr = value;
    } else if (reg == 4) {
        uart->mcr = value;
    } else if (reg == 7) {
        uart->scratch = value;
    }
}

uint8_t cpu_in8(uint16_t port)
{
    unsigned reg;
    struct uart *uart = uart_at(port, &reg);

    return read_uart(uart, reg);
}

void cpu_out8(uint16_t port, uint8_t value)
{
    unsigned reg;
    struct uart *uart = uart_at(port, &reg);

    write_uart(uart, reg, value);
}

static unsigned memory_register(uintptr_t address, unsigned shift)
{
    assert_true(elsewhere.memory);
    assert_int_equal(elsewhere.shift, shift);
    assert_in_range(address, elsewhere.base,
                    elsewhere.base + (7U << elsewhere.shift));
    return (unsigned)((address - elsewhere.base) >> shift);
}

uint8_t cpu_mmio_read8(uintptr_t address)
{
    return read_uart(&uarts[2], memory_register(address, 0));
}

void cpu_mmio_write8(uintptr_t address, uint8_t value)
{
    write_uart(&uarts[2], memory_register(address, 0), value);
}

/* The driver's timers, fired by hand. */
static struct timer *pending;

uint64_t time_now(void)
{
    return 0;
}

void timer_arm(struct timer *timer, uint64_t deadline)
{
    assert_true(deadline >= TIME_MS / 2 && deadline <= 10 * TIME_MS);
    timer->armed = true;
    pending = timer;
}

static bool fire(void)
{
    struct timer *timer = pending;

    if (timer == NULL) {
        return false;
    }
    pending = NULL;
    timer->armed = false;
    timer->fire(timer->argument);
    return true;
}

/* An I/O APIC, or nothing, at its place. */
static bool has_ioapic;
static uint32_t ioapic_base = 0xfec00000;
static uint32_t ioapic_index;
static uint32_t ioapic[64];
static idt_handler handlers[256];
static unsigned eois, arrivals;

uint32_t cpu_mmio_read32(uintptr_t address)
{
    if (elsewhere.memory) {
        return read_uart(&uarts[2], memory_register(address, 2));
    }
    assert_int_equal(address, ioapic_base + 0x10);
    if (!has_ioapic) {
        return UINT32_MAX;
    }
    return ioapic_index == 1 ? 0x00170011 : ioapic[ioapic_index];
}

void cpu_mmio_write32(uintptr_t address, uint32_t value)
{
    if (elsewhere.memory) {
        write_uart(&uarts[2], memory_register(address, 2), (uint8_t)value);
        return;
    }
    if (address == ioapic_base) {
        ioapic_index = value;
    } else {
        assert_int_equal(address, ioapic_base + 0x10);
        assert_true(has_ioapic && ioapic_index < 64);
        ioapic[ioapic_index] = value;
    }
}

uint32_t lapic_host_id(void)
{
    return 3;
}

void lapic_host_eoi(void)
{
    /* The line must be down by now. */
    assert_int_equal(uarts[0].in_count, 0);
    eois++;
}

void idt_set_handler(uint8_t vector, idt_handler handler)
{
    handlers[vector] = handler;
}

static void arrived(void)
{
    arrivals++;
}

static int fresh(void **state)
{
    (void)state;
    if (serial_port(SERIAL_CONSOLE) != NULL) {
        uarts[0].stuck = false;
        uarts[0].wait = 0;
        serial_stop_queueing();
    }
    memset(uarts, 0, sizeof(uarts));
    elsewhere = (struct serial_place){0};
    groups = 0;
    if (pending != NULL) {
        pending->armed = false;
        pending = NULL;
    }
    accesses = 0;
    uarts[0].there = true;
    return 0;
}

static void absent_and_broken_ports_are_found_out(void **state)
{
    (void)state;
    serial_init(&machine);
    assert_non_null(serial_port(SERIAL_CONSOLE));
    assert_null(serial_port(SERIAL_LOG));
    assert_true(accesses < 200);
    uarts[1].there = true;
    uarts[1].deaf = true;
    serial_init(&machine);
    assert_null(serial_port(SERIAL_LOG));
    uarts[1].deaf = false;
    serial_init(&machine);
    assert_non_null(serial_port(SERIAL_LOG));
}

/* The second port alone has both roles' output. */
static void com2_alone_is_the_console(void **state)
{
    (void)state;
    uarts[0].there = false;
    uarts[1].there = true;
    serial_init(&machine);
    assert_string_equal(serial_name(serial_port(SERIAL_CONSOLE)), "COM2");
    assert_null(serial_port(SERIAL_LOG));
    serial_write(serial_port(SERIAL_CONSOLE), "text", 4);
    assert_memory_equal(uarts[1].out, "text", 4);
    assert_int_equal(groups, 1U << SERIAL_COM);
}

static void works_elsewhere(const struct serial_place *place,
                            enum serial_group group)
{
    fresh(NULL);
    uarts[0].there = false;
    uarts[2].there = true;
    uarts[2].dll = 13;
    elsewhere = *place;
    elsewhere_group = group;
    serial_init(&machine);
    assert_non_null(serial_port(SERIAL_CONSOLE));
    assert_null(serial_port(SERIAL_LOG));
    serial_write(serial_port(SERIAL_CONSOLE), "text", 4);
    assert_memory_equal(uarts[2].out, "text", 4);
    assert_int_equal(uarts[2].dll, place->keep_divisor ? 13 : 1);
    assert_false(serial_start_interrupts(serial_port(SERIAL_CONSOLE), arrived));
    assert_int_equal(groups, (2U << group) - 1);
    /* And one that does not answer is none. */
    fresh(NULL);
    uarts[0].there = false;
    elsewhere = *place;
    serial_init(&machine);
    assert_null(serial_port(SERIAL_CONSOLE));
}

static void ports_of_other_places_work(void **state)
{
    (void)state;
    works_elsewhere(&(struct serial_place){.name = "SPCR",
                                           .base = 0xe8,
                                           .irq = SERIAL_NO_IRQ,
                                           .keep_divisor = true},
                    SERIAL_FIRMWARE);
    works_elsewhere(&(struct serial_place){.name = "SPCR",
                                           .base = 0xfe030000,
                                           .memory = true,
                                           .shift = 2,
                                           .irq = SERIAL_NO_IRQ,
                                           .keep_divisor = true},
                    SERIAL_FIRMWARE);
    works_elsewhere(&(struct serial_place){.name = "PCI",
                                           .base = 0xfebf0000,
                                           .memory = true,
                                           .irq = SERIAL_NO_IRQ},
                    SERIAL_PCI);
    works_elsewhere(&(struct serial_place){.name = "PCI",
                                           .base = 0xc000,
                                           .irq = SERIAL_NO_IRQ},
                    SERIAL_PCI);
}

static void a_port_is_set_up(void **state)
{
    (void)state;
    serial_init(&machine);
    assert_int_equal(uarts[0].lcr, 3);
    assert_int_equal(uarts[0].mcr, 3);
    assert_int_equal(uarts[0].dll, 1);
    assert_int_equal(uarts[0].dlm, 0);
    assert_int_equal(uarts[0].out_count, 0);
    assert_int_equal(uarts[0].in_count, 0);
}

static void output_waits_for_the_transmitter(void **state)
{
    struct serial *port;
    char text[1000];

    (void)state;
    memset(text, 'x', sizeof(text));
    text[999] = '\n';
    serial_init(&machine);
    port = serial_port(SERIAL_CONSOLE);
    uarts[0].slow = 50;
    serial_write(port, text, 999);
    assert_false(serial_at_line_start(port));
    serial_write(port, text + 999, 1);
    assert_true(serial_at_line_start(port));
    assert_int_equal(uarts[0].out_count, 1000);
    assert_int_equal(uarts[0].overrun, 0);
    assert_memory_equal(uarts[0].out, text, 1000);
    serial_flush(port);
    assert_int_equal(uarts[0].fifo, 0);
}

static void a_stuck_transmitter_is_given_up(void **state)
{
    struct serial *port;
    char text[5000] = {0};
    unsigned long before;

    (void)state;
    serial_init(&machine);
    port = serial_port(SERIAL_CONSOLE);
    uarts[0].stuck = true;
    serial_write(port, text, sizeof(text));
    before = accesses;
    serial_write(port, text, sizeof(text));
    serial_flush(port);
    assert_true(accesses - before < 100);
    uarts[0].stuck = false;
    serial_write(port, "back", 4);
    assert_memory_equal(uarts[0].out + uarts[0].out_count - 4, "back", 4);
}

static void queued_output_goes_out_by_and_by(void **state)
{
    struct serial *port;
    unsigned fires = 0;

    (void)state;
    serial_init(&machine);
    port = serial_port(SERIAL_CONSOLE);
    serial_start_queueing();
    uarts[0].slow = 3;
    for (int i = 0; i < 100; i++) {
        serial_write(port, "0123456789", 10);
    }
    assert_true(uarts[0].out_count < 1000);
    while (fire()) {
        fires++;
        assert_true(fires < 1000);
    }
    assert_int_equal(uarts[0].out_count, 1000);
    assert_int_equal(uarts[0].overrun, 0);
    assert_memory_equal(uarts[0].out, "01234567890123", 14);
    assert_memory_equal(uarts[0].out + 990, "0123456789", 10);
    /* A fast transmitter needs no timer. */
    uarts[0].slow = 0;
    uarts[0].wait = 0;
    serial_write(port, "0123456789", 10);
    assert_null(pending);
}

static void a_full_queue_loses_nothing(void **state)
{
    struct serial *port;
    static char text[60000];

    (void)state;
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = (char)('a' + i % 26);
    }
    serial_init(&machine);
    port = serial_port(SERIAL_CONSOLE);
    serial_start_queueing();
    uarts[0].slow = 20;
    serial_write(port, text, sizeof(text));
    assert_true(uarts[0].out_count < sizeof(text));
    serial_flush(port);
    assert_int_equal(uarts[0].out_count, sizeof(text));
    assert_memory_equal(uarts[0].out, text, sizeof(text));
}

/* Writers that do not wait look at the room alone, so a port that is stuck must
 * not stay full. */
static void a_stuck_queue_has_room_again(void **state)
{
    struct serial *port;
    static char text[SERIAL_QUEUE - 100];
    unsigned fires = 0;

    (void)state;
    serial_init(&machine);
    port = serial_port(SERIAL_CONSOLE);
    serial_start_queueing();
    uarts[0].stuck = true;
    serial_write(port, text, sizeof(text));
    assert_true(serial_room(port) < SERIAL_QUEUE / 2);
    while (serial_room(port) < SERIAL_QUEUE) {
        assert_true(fire());
        assert_true(++fires < 1000);
    }
    assert_true(fires > 100);
}

static void some_is_sent_while_one_waits(void **state)
{
    struct serial *port;
    static char text[SERIAL_QUEUE - 16];

    (void)state;
    serial_init(&machine);
    port = serial_port(SERIAL_CONSOLE);
    serial_start_queueing();
    uarts[0].slow = 50;
    serial_write(port, text, 16);
    serial_write(port, text, sizeof(text));
    assert_int_equal(serial_room(port), 16);
    serial_send_some(port);
    assert_true(serial_room(port) >= 32);
    assert_int_equal(uarts[0].overrun, 0);
}

static void input_is_read_as_far_as_it_is_there(void **state)
{
    struct serial *port;
    uint8_t bytes[8];

    (void)state;
    serial_init(&machine);
    port = serial_port(SERIAL_CONSOLE);
    assert_int_equal(serial_read(port, bytes, sizeof(bytes)), 0);
    memcpy(uarts[0].in, "abcdefghij", 10);
    uarts[0].in_count = 10;
    assert_int_equal(serial_read(port, bytes, sizeof(bytes)), 8);
    assert_memory_equal(bytes, "abcdefgh", 8);
    assert_int_equal(serial_read(port, bytes, sizeof(bytes)), 2);
    assert_memory_equal(bytes, "ij", 2);
}

static void interrupts_bring_input(void **state)
{
    struct serial *port;
    uint8_t bytes[64];
    uint8_t vector;

    (void)state;
    has_ioapic = true;
    serial_init(&machine);
    port = serial_port(SERIAL_CONSOLE);
    assert_true(serial_start_interrupts(port, arrived));
    assert_int_equal(uarts[0].ier, 1);
    assert_int_equal(uarts[0].mcr, 0x0b);
    /* Pin 4: edge, high, not masked, to processor 3. */
    vector = (uint8_t)ioapic[0x18];
    assert_int_equal(ioapic[0x18], vector);
    assert_int_equal(ioapic[0x19], 3U << 24);
    assert_non_null(handlers[vector]);
    for (unsigned i = 1; i <= 3; i++) {
        memcpy(uarts[0].in, "sixteen bytes...", 16);
        uarts[0].in_count = 16;
        handlers[vector](vector);
        assert_int_equal(arrivals, i);
        assert_int_equal(eois, i);
    }
    memcpy(uarts[0].in, "!", 1);
    uarts[0].in_count = 1;
    assert_int_equal(serial_read(port, bytes, sizeof(bytes)), 49);
    assert_memory_equal(bytes, "sixteen bytes...sixteen", 23);
    assert_int_equal(bytes[48], '!');
    /* The poll was first. */
    handlers[vector](vector);
    assert_int_equal(arrivals, 3);
    assert_int_equal(eois, 4);
}

/* As the firmware tells it, not as PCs always had it. */
static void the_line_is_where_the_firmware_says(void **state)
{
    static struct boot_info boot;

    (void)state;
    has_ioapic = true;
    ioapic_base = 0xfec08000;
    boot.isa[4] = (struct boot_isa_line){0xfec08000, 17, true, true};
    boot.isa[3] = (struct boot_isa_line){0xfec08000, 24, false, false};
    ioapic_host_init(&boot);
    serial_init(&machine);
    assert_true(serial_start_interrupts(serial_port(SERIAL_CONSOLE), arrived));
    assert_int_equal(ioapic[0x10 + 2 * 17] & 0x1ff00, 0xa000);
    assert_int_equal(ioapic[0x11 + 2 * 17], 3U << 24);
    /* A pin that it does not have. */
    assert_false(ioapic_host_route_isa(3, 0x77));
    ioapic_base = 0xfec00000;
}

static void what_the_firmware_routed_is_masked(void **state)
{
    static struct boot_info boot = {.ioapics = {0xfec00000}, .ioapic_count = 1};

    (void)state;
    has_ioapic = true;
    for (unsigned i = 0; i < BOOT_ISA_LINES; i++) {
        boot.isa[i] = (struct boot_isa_line){.ioapic = 0xfec00000, .pin = i};
    }
    for (unsigned i = 0x10; i < 64; i++) {
        ioapic[i] = 0x40 + i;
    }
    ioapic_host_init(&boot);
    for (unsigned pin = 0; pin < 24; pin++) {
        assert_int_equal(ioapic[0x10 + 2 * pin], 0x10050 + 2 * pin);
        assert_int_equal(ioapic[0x11 + 2 * pin], 0x51 + 2 * pin);
    }
    has_ioapic = false; /* any write to what is not there fails the test */
    ioapic_host_init(&boot);
}

static void without_an_ioapic_there_are_no_interrupts(void **state)
{
    (void)state;
    has_ioapic = false;
    serial_init(&machine);
    assert_false(serial_start_interrupts(serial_port(SERIAL_CONSOLE), arrived));
    assert_int_equal(uarts[0].ier, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(absent_and_broken_ports_are_found_out, fresh),
        cmocka_unit_test_setup(com2_alone_is_the_console, fresh),
        cmocka_unit_test_setup(ports_of_other_places_work, fresh),
        cmocka_unit_test_setup(a_port_is_set_up, fresh),
        cmocka_unit_test_setup(output_waits_for_the_transmitter, fresh),
        cmocka_unit_test_setup(a_stuck_transmitter_is_given_up, fresh),
        cmocka_unit_test_setup(queued_output_goes_out_by_and_by, fresh),
        cmocka_unit_test_setup(a_full_queue_loses_nothing, fresh),
        cmocka_unit_test_setup(a_stuck_queue_has_room_again, fresh),
        cmocka_unit_test_setup(some_is_sent_while_one_waits, fresh),
        cmocka_unit_test_setup(input_is_read_as_far_as_it_is_there, fresh),
        cmocka_unit_test_setup(interrupts_bring_input, fresh),
        cmocka_unit_test_setup(the_line_is_where_the_firmware_says, fresh),
        cmocka_unit_test_setup(what_the_firmware_routed_is_masked, fresh),
        cmocka_unit_test_setup(without_an_ioapic_there_are_no_interrupts,
                               fresh),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
