/* The continuous health tests of an entropy source, NIST SP 800-90B 4.4: the
 * repetition count test and the adaptive proportion test, on samples of a byte.
 * Called by kernel/entropy.c for every sample it takes. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define HEALTH_WINDOW 512 /* samples, section 4.4.2 for non-binary sources */

/* Where a test fails. For a false alarm of 2^-30 they follow from the least
 * entropy a sample is taken to have. */
struct health_limits {
    unsigned repeats;    /* equal samples in a row */
    unsigned proportion; /* samples in a window that equal its first */
};

/* Zero-initialised is ready. */
struct health {
    uint8_t last;
    unsigned repeats;
    uint8_t first; /* of the window */
    unsigned equal;
    unsigned seen; /* in the window */
};

/* Takes a sample; false: a test failed. */
bool health_take(struct health *health, const struct health_limits *limits,
                 uint8_t sample);
