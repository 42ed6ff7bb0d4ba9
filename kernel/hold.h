/* Keeps the last screen for a person to read, before the machine is turned off.
 *
 * Who calls it: vmm/main.c. */
#pragma once

#include <stdint.h>

/* Says so on the screen, and waits until a key is pressed, on a serial port or
 * a PS/2 keyboard, or for a minute. It needs neither tasks nor interrupts.
 * `tsc_hz`: the rate of the TSC; 0, where it is not known: halts the machine
 * for good, since it cannot tell when a minute is over. Without a screen it
 * returns at once. */
void hold_screen(uint64_t tsc_hz);
