/* Random bytes for guests (virtio entropy device) and for Lintel's own seeds.
 * The source is RDSEED, else RDRAND, else the jitter of the TSC. Health tests
 * watch each source; SHA-256 and ChaCha20 make the output from its samples. A
 * source that fails a test is not used again. The output is never a constant.
 *
 * Documents: SDM 1 7.3.17; NIST SP 800-90B 4.4 (health tests); FIPS 180-4. */
#pragma once

#include <stddef.h>

/* Fills `buffer`, and returns how many bytes it could fill. If that is less
 * than `length`, the sources have failed or are exhausted for now. No weaker
 * bytes are used in their place. */
size_t entropy_fill(void *buffer, size_t length);

/* The source in use: "RDSEED", "RDRAND", "TSC jitter" or "none". For the
 * log. */
const char *entropy_source(void);
