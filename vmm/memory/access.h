/* One access of a guest to a device, by memory or by port. Every device's
 * access function takes it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum access_result {
    ACCESS_HANDLED,
    ACCESS_UNHANDLED, /* there is no device at that address */
    ACCESS_BAD,       /* a device is there and refuses: the guest's fault */
};

struct vcpu;

struct access {
    uint64_t address; /* guest-physical, or a port number */
    /* what a write writes; for a read, the device sets it to the answer */
    uint64_t value;
    uint8_t size; /* 1, 2, 4, 8 bytes */
    bool write;
    struct vcpu *vcpu; /* the vCPU that makes it; set for devices only */
};

/* For chips with byte registers: splits a wider access into one for each byte,
 * from the lowest address on, as the ISA bus does. */
static inline enum access_result
access_bytes(struct access *access, void *chip,
             uint8_t (*read)(void *chip, uint64_t address),
             void (*write)(void *chip, uint64_t address, uint8_t value))
{
    uint64_t answer = 0;

    for (unsigned i = 0; i < access->size; i++) {
        if (access->write) {
            write(chip, access->address + i, (uint8_t)(access->value >> i * 8));
        } else {
            answer |= (uint64_t)read(chip, access->address + i) << i * 8;
        }
    }
    if (!access->write) {
        access->value = answer;
    }
    return ACCESS_HANDLED;
}
