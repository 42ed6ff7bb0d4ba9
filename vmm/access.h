/* One access of a guest to a device, however it was made (memory or port). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum access_result {
    ACCESS_HANDLED,
    ACCESS_UNHANDLED, /* nobody is at that address */
    ACCESS_BAD,       /* somebody is, and refuses: the guest is wrong */
};

struct access {
    uint64_t address; /* guest-physical, or a port number */
    uint64_t value;   /* written; or, for a read, the answer */
    uint8_t size;     /* 1, 2, 4, 8 bytes */
    bool write;
};

/* For chips of byte registers: a wider access is one to each byte, from the
 * lowest address on, as the ISA bus splits it. Byte `i` of what is written, and
 * byte `i` of the answer. */
static inline uint8_t access_byte(const struct access *access, unsigned i)
{
    return (uint8_t)(access->value >> i * 8);
}

static inline void access_answer(struct access *access, unsigned i,
                                 uint8_t byte)
{
    access->value = (i == 0 ? 0 : access->value) | (uint64_t)byte << i * 8;
}
