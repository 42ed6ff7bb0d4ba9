/* The machine's 16550 serial ports. The first that works is the consoles', the
 * second the log's; with one alone they share it. Called by kernel/console.c
 * and kernel/log_env.c. An absent port is detected and every wait is bounded,
 * so a machine without serial ports loses no time.
 *
 * A byte takes 87 us on the wire, so output is queued. If the transmitter does
 * not take a byte at once, a timer sends it later, while guests run.
 *
 * Document: PC16550D data sheet, sections 8.1 to 8.10. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERIAL_QUEUE 32768U /* bytes; a power of two */

enum serial_role {
    SERIAL_CONSOLE,
    SERIAL_LOG,
    SERIAL_COUNT
};

struct boot_info;
struct serial;

/* Probes ports (kernel/serial_find.h) and sets those up that get a role: 115200
 * 8N1, or the firmware's rate; FIFOs on. Called once, at start. */
void serial_init(const struct boot_info *boot);

/* "COM1", "COM2", "SPCR" (the firmware's own) or "PCI". */
const char *serial_name(const struct serial *port);

/* From here on serial_write() queues its bytes; before this call it waits for
 * the transmitter. Called after time_init() and task_init(). */
void serial_start_queueing(void);

/* Sends all queues, and lets serial_write() wait for the transmitter again.
 * Called by a panic. */
void serial_stop_queueing(void);

/* The port of this role; NULL: the machine does not have so many. */
struct serial *serial_port(enum serial_role role);

/* Sends all bytes as they are. Waits only while the queue is full. If the
 * transmitter is stuck, gives up and loses the queued bytes. */
void serial_write(struct serial *port, const void *bytes, size_t length);

/* Waits until the transmitter has taken some of the queue. The wait is bounded:
 * if the transmitter is stuck, the queue is lost. */
void serial_send_some(struct serial *port);

/* How many bytes serial_write() takes now without waiting. */
size_t serial_room(const struct serial *port);

/* Has `arrived` called when there are bytes to read. The caller is an interrupt
 * handler, so `arrived` may only arm a timer or signal an event. False: the
 * port cannot interrupt, so poll it. Even after true, interrupts may never
 * come. Called after lapic_host_init(). */
bool serial_start_interrupts(struct serial *port, void (*arrived)(void));

/* Reads up to `length` bytes that have arrived. Returns how many; 0: none
 * have. */
size_t serial_read(struct serial *port, void *bytes, size_t length);

/* Waits until the last byte has left the machine. The wait is bounded. */
void serial_flush(struct serial *port);

/* True: the last byte written was a newline, or none was written. */
bool serial_at_line_start(const struct serial *port);
