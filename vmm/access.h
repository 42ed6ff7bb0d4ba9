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
