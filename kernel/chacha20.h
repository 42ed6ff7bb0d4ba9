/* The ChaCha20 block function (RFC 8439 section 2.3), by which kernel/entropy.c
 * makes many bytes from one key. */
#pragma once

#include <stdint.h>

#define CHACHA20_KEY   32
#define CHACHA20_BLOCK 64

/* Computes block number `counter` of the key stream, with a nonce of zero. */
void chacha20_block(const uint8_t key[CHACHA20_KEY], uint32_t counter,
                    uint8_t block[CHACHA20_BLOCK]);
