/* The rate of the time-stamp counter. SDM 3B 18.17. */
#pragma once

#include <stdint.h>

struct boot_info;

/* Measures the rate in Hz: against the PIT; without a PIT, against the ACPI
 * power management timer; without that, takes CPUID's, which is the
 * hypervisor's where one is below; as the last resort, measures against the
 * HPET. 0: there is nothing to measure with. It takes 100 to 300 ms. Interrupts
 * must be off. */
uint64_t tsc_calibrate(const struct boot_info *boot);

/* The clock that the last tsc_calibrate() used: "PIT", "ACPI PM timer",
 * "CPUID", "HPET". */
const char *tsc_source(void);
