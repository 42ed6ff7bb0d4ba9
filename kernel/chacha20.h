/* The ChaCha20 block function, RFC 8439 section 2.3: what kernel/entropy.c
 * makes many bytes out of one key with. */
#pragma once

#include <stdint.h>

#define CHACHA20_KEY   32
#define CHACHA20_BLOCK 64

/* The key stream's block number `counter`, with a nonce of zero. */
void chacha20_block(const uint8_t key[CHACHA20_KEY], uint32_t counter,
                    uint8_t block[CHACHA20_BLOCK]);
