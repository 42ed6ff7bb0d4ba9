/* The machine's real-time clock. It is read once, at start, for the wall time.
 * Motorola MC146818A data sheet; ports 0x70 and 0x71 as in every PC. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Seconds since 1970. The clock is taken to show UTC, and a year of this
 * century. False: there is no clock, or it shows no date. Takes a few
 * milliseconds at most. */
bool rtc_host_read(uint64_t *seconds);
