/* The rate of the time-stamp counter. SDM 3B 18.17. */
#pragma once

#include <stdint.h>

struct boot_info;

/* Returns the rate in Hz. Measures it against the PIT, or without a PIT against
 * the ACPI power management timer. Without both, takes the rate that CPUID or
 * the hypervisor below tells. As the last resort, measures against the HPET. 0:
 * there is nothing to measure with. It takes 100 to 300 ms. Interrupts must be
 * off. */
uint64_t tsc_calibrate(const struct boot_info *boot);

/* The clock that the last tsc_calibrate() used: "PIT", "ACPI PM timer",
 * "CPUID", "HPET". */
const char *tsc_source(void);
