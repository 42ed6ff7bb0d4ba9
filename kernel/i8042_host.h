/* The machine's PS/2 keyboard, and what firmware and laptops show as one,
 * behind its controller. (vmm/chip/i8042.h is the guests'.)
 *
 * Who calls it: kernel/console.c for keys, kernel/hold.c at the end. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Takes the controller over from the firmware. False: there is none, or no
 * keyboard is behind it. Every wait is bounded. */
bool i8042_host_init(void);

/* Has `arrived` called when keys have been pressed. The caller is an interrupt
 * handler, so `arrived` may only arm a timer or signal an event. False: the
 * keyboard cannot interrupt, so poll it. Even after true, interrupts may never
 * come. Called after lapic_host_init(). */
bool i8042_host_start_interrupts(void (*arrived)(void));

/* Reads what was typed since the last call, up to `length` bytes as a terminal
 * sends them, and scrolls the screen back and forward by Shift-PgUp and
 * Shift-PgDn. Returns how many bytes; 0: none. */
size_t i8042_host_read(void *bytes, size_t length);

/* True: a key has gone down since the last call. It needs no i8042_host_init().
 */
bool i8042_host_pressed(void);
