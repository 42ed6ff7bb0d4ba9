/* The machine's real-time clock, read once at start for wall time (and by tests
 * that hold our clock against it). Motorola MC146818A data sheet; ports 0x70
 * and 0x71 as in every PC. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Seconds since 1970, taking the clock for UTC and the year for one of this
 * century. False: no clock there, or it shows no date. Waits a few
 * milliseconds at most. */
bool rtc_host_read(uint64_t *seconds);
