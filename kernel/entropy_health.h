/* The continuous health tests of an entropy source (NIST SP 800-90B 4.4): the
 * repetition count test and the adaptive proportion test. A sample is a byte.
 * Called by kernel/entropy.c for every sample. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define HEALTH_WINDOW 512 /* samples (section 4.4.2, non-binary sources) */

/* The counts at which a test fails. They follow from the false alarm rate,
 * 2^-30, and the entropy that a sample is assumed to have. */
struct health_limits {
    unsigned repeats;    /* equal samples in a row */
    unsigned proportion; /* samples of a window that equal its first */
};

/* The state of both tests for one source. Zero-initialised is ready. */
struct health {
    /* Repetition count: the last sample, and how often it came in a row. */
    uint8_t last;
    unsigned repeats;
    /* Adaptive proportion: the window's first sample, how many samples in the
     * window equal it, and how many the window has so far. */
    uint8_t first;
    unsigned equal;
    unsigned seen;
};

/* Tests one sample. False: a test failed. */
bool health_take(struct health *health, const struct health_limits *limits,
                 uint8_t sample);
