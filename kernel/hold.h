/* Keeps the last screen for a person to read, before the machine is turned off.
 *
 * Who calls it: vmm/main.c. */
#pragma once

#include <stdint.h>

/* Tells on the screen that it waits for a key. Then waits until one is pressed,
 * on a serial port or a PS/2 keyboard, or for a minute. It needs neither tasks
 * nor interrupts. `tsc_hz` is the rate of the TSC. If that is 0, not known, it
 * halts the machine for good, since it cannot tell when a minute is over.
 * Without a screen it returns at once. */
void hold_screen(uint64_t tsc_hz);
