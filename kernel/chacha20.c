/* The ChaCha20 block function, with the names of RFC 8439. */
#include "kernel/chacha20.h"

#include "kernel/base/string.h"

static uint32_t rotl(uint32_t x, unsigned n)
{
    return x << n | x >> (32 - n);
}

/* RFC 8439 section 2.1. */
static void quarter_round(uint32_t x[16], unsigned a, unsigned b, unsigned c,
                          unsigned d)
{
    x[a] += x[b];
    x[d] = rotl(x[d] ^ x[a], 16);
    x[c] += x[d];
    x[b] = rotl(x[b] ^ x[c], 12);
    x[a] += x[b];
    x[d] = rotl(x[d] ^ x[a], 8);
    x[c] += x[d];
    x[b] = rotl(x[b] ^ x[c], 7);
}

void chacha20_block(const uint8_t key[CHACHA20_KEY], uint32_t counter,
                    uint8_t block[CHACHA20_BLOCK])
{
    uint32_t start[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    uint32_t x[16];

    /* The key's words are little-endian, as this processor's are. */
    memcpy(start + 4, key, CHACHA20_KEY);
    start[12] = counter;
    memcpy(x, start, sizeof(x));
    for (unsigned i = 0; i < 10; i++) {
        for (unsigned column = 0; column < 4; column++) {
            quarter_round(x, column, column + 4, column + 8, column + 12);
        }
        for (unsigned column = 0; column < 4; column++) {
            quarter_round(x, column, (column + 1) % 4 + 4, (column + 2) % 4 + 8,
                          (column + 3) % 4 + 12);
        }
    }
    for (unsigned i = 0; i < 16; i++) {
        x[i] += start[i];
    }
    memcpy(block, x, sizeof(x));
}
