/* Random bytes for guests (virtio entropy device) and for Lintel's own seeds:
 * RDSEED, else RDRAND, else the jitter of the TSC. Every source is watched by
 * health tests and conditioned by SHA-256 into a ChaCha20 generator; a source
 * that fails is not used again. Never a constant.
 *
 * Documents: SDM 1 7.3.17; NIST SP 800-90B 4.4 (health tests); FIPS 180-4. */
#pragma once

#include <stddef.h>

/* Fills `buffer`; how many bytes it had. Less than `length` (or 0): the
 * sources have failed or are exhausted for now, and nothing weaker is given. */
size_t entropy_fill(void *buffer, size_t length);

/* "RDSEED", "RDRAND", "TSC jitter" or "none": for the log. */
const char *entropy_source(void);
