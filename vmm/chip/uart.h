/* The guest's 16550A serial port: ports 0x3f8 to 0x3ff, interrupt line 4
 * (National PC16550D data sheet). It transmits each byte at once.
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
    uint8_t fcr; /* FIFO enable and trigger level, as the guest wrote them */
    uint8_t lcr;
    uint8_t mcr;
    uint8_t lsr; /* overrun and break bits; read_lsr() adds the others */
    uint8_t msr; /* delta bits; read_msr() adds the others */
    uint8_t scratch;
    uint16_t divisor;

    uint8_t fifo[UART_FIFO]; /* holds one byte only while FIFOs are disabled */
    unsigned fifo_first;
    unsigned fifo_count;
    bool timed_out; /* the character time-out has occurred */
    struct timer timeout;

    bool thre_pending; /* the IIR has yet to report "empty" */
    bool line;
};

void uart_init(struct uart *uart, struct vm *vm);

enum access_result uart_access(struct uart *uart, struct access *access);

/* Gives the guest a byte from outside. False: there is no room, or the port is
 * in loopback mode. Then the caller keeps the byte until uart_can_receive() is
 * true, which it asks after the guest's next access to the port. */
bool uart_receive(struct uart *uart, uint8_t byte);
bool uart_can_receive(const struct uart *uart);

/* Cancels the chip's timer. Called before the VM is destroyed. */
void uart_stop(struct uart *uart);

bool uart_valid(const struct uart *uart);
