/* The rate of the time-stamp counter. SDM 3B 18.17. */
#pragma once

#include <stdint.h>

struct boot_info;

/* Measures the rate, in Hz: against the PIT where there is one, else the ACPI
 * power management timer, else what CPUID says; 0: nothing to measure with.
 * Takes 100 to 300 ms. Interrupts must be off. */
uint64_t tsc_calibrate(const struct boot_info *boot);

/* What the last tsc_calibrate() used: "PIT", "ACPI PM timer", "CPUID". */
const char *tsc_source(void);
