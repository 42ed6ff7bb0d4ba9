/* The machine's 16550 serial ports, polled: COM1 is the console, COM2 the log.
 * Called by kernel/console.c and kernel/log_env.c. An absent port is found out
 * and every wait is bounded, so a machine without serial ports loses no time.
 *
 * A byte takes 87 us on the wire, so output is queued: what the transmitter
 * does not take at once goes out later, from a timer, while guests run.
 *
 * Document: PC16550D data sheet, sections 8.1 to 8.7. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERIAL_QUEUE 16384U /* bytes; a power of two */

enum serial_name {
    SERIAL_COM1,
    SERIAL_COM2,
    SERIAL_COUNT
};

struct serial;

/* Probes and sets up both ports (115200 8N1, FIFOs on). Once, at start. */
void serial_init(void);

/* Until now serial_write() waited for the transmitter; from here on it queues.
 * After time_init() and task_init(). */
void serial_start_queueing(void);

/* Back to waiting, and all queues sent: for panic and power-off. */
void serial_stop_queueing(void);

/* NULL: the machine has no such port. */
struct serial *serial_port(enum serial_name name);

/* Sends all bytes as they are. Waits only when the queue is full, and gives up
 * on a transmitter that is stuck (the bytes are lost). */
void serial_write(struct serial *port, const void *bytes, size_t length);

/* How many bytes serial_write() takes now without waiting. */
size_t serial_room(const struct serial *port);

/* Has `arrived` called when there is something to read: from an interrupt
 * handler, so it may do no more than arm a timer or signal an event. False: the
 * machine cannot; poll. Even when true, interrupts may never come. After
 * lapic_host_init(). */
bool serial_start_interrupts(struct serial *port, void (*arrived)(void));

/* What has arrived, up to `length`; 0: nothing now. */
size_t serial_read(struct serial *port, void *bytes, size_t length);

/* Waits (bounded) until the last byte has left the machine. */
void serial_flush(struct serial *port);

/* True if the last byte sent was a newline, or none was sent. */
bool serial_at_line_start(const struct serial *port);
