/* The guest's 16550A serial port (ports 0x3f8 to 0x3ff, interrupt line 4;
 * National PC16550D data sheet). What it transmits is out at once.
 *
 * Who calls it: vm.c, and the console's task, which brings input. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kernel/time.h"
#include "vmm/memory/access.h"

#define UART_PORT 0x3f8U
#define UART_IRQ  4U
#define UART_FIFO 16U

struct vm;

struct uart {
    struct vm *vm;
    uint8_t ier;
    uint8_t fcr; /* FIFO enable and trigger level, as written */
    uint8_t lcr;
    uint8_t mcr;
    uint8_t lsr; /* overrun and break bits; the rest follows */
    uint8_t msr; /* delta bits; the rest follows */
    uint8_t scratch;
    uint16_t divisor;

    uint8_t fifo[UART_FIFO]; /* one byte long while FIFOs are off */
    unsigned fifo_first;
    unsigned fifo_count;
    bool timed_out; /* character time-out: bytes wait below the trigger */
    struct timer timeout;

    bool thre_pending; /* "transmitter empty" not yet told by the IIR */
    bool line;
};

void uart_init(struct uart *uart, struct vm *vm);

enum access_result uart_access(struct uart *uart, struct access *access);

/* A byte from outside. False: no room (or loopback mode): keep it and try
 * again when uart_can_receive() says so, best after the guest's next access
 * to the port. */
bool uart_receive(struct uart *uart, uint8_t byte);
bool uart_can_receive(const struct uart *uart);

/* Disarms its timers for good, before the VM is torn down. */
void uart_stop(struct uart *uart);

bool uart_valid(const struct uart *uart);
