/* SHA-256 (FIPS 180-4), which kernel/entropy.c condenses its samples with. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32
#define SHA256_BLOCK 64

struct sha256 {
    uint32_t state[8];
    uint64_t length; /* bytes taken so far */
    uint8_t block[SHA256_BLOCK];
};

/* Hash a message: start, add its parts in order, finish. */
void sha256_start(struct sha256 *sha);
void sha256_add(struct sha256 *sha, const void *bytes, size_t length);
void sha256_finish(struct sha256 *sha, uint8_t digest[SHA256_BYTES]);
