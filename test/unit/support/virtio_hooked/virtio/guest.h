/* virtio/guest.h with a look at the test before each access to a ring:
 * virtio_wakeup_test.c decides there what the driver does in between. Found
 * before the real one by -iquote. */
#pragma once

#define guest_read16    guest_plain_read16
#define guest_acquire16 guest_plain_acquire16
#define guest_release16 guest_plain_release16
#define guest_write16   guest_plain_write16
#define guest_read32    guest_plain_read32
#define guest_write32   guest_plain_write32
#include <stdbool.h>

#include "../../../../virtio/guest.h"
#undef guest_read16
#undef guest_acquire16
#undef guest_release16
#undef guest_write16
#undef guest_read32
#undef guest_write32

void virtio_wakeup_hook(const uint8_t *at, bool write);
uint32_t virtio_wakeup_saw(uint32_t value);

/* Chains are not part of it. */
#define GUEST_HOOK(at, write)                                                  \
    (__builtin_strcmp(__BASE_FILE__, "virtio/queue_split.c") == 0 ||           \
             __builtin_strcmp(__BASE_FILE__, "virtio/queue_packed.c") == 0     \
         ? virtio_wakeup_hook(at, write)                                       \
         : (void)0)

static inline uint16_t guest_read16(const uint8_t *at)
{
    GUEST_HOOK(at, false);
    return (uint16_t)virtio_wakeup_saw(guest_plain_read16(at));
}

static inline uint16_t guest_acquire16(const uint8_t *at)
{
    GUEST_HOOK(at, false);
    return (uint16_t)virtio_wakeup_saw(guest_plain_acquire16(at));
}

static inline void guest_release16(uint8_t *at, uint16_t value)
{
    GUEST_HOOK(at, true);
    guest_plain_release16(at, value);
}

static inline void guest_write16(uint8_t *at, uint16_t value)
{
    GUEST_HOOK(at, true);
    guest_plain_write16(at, value);
}

static inline uint32_t guest_read32(const uint8_t *at)
{
    GUEST_HOOK(at, false);
    return virtio_wakeup_saw(guest_plain_read32(at));
}

static inline void guest_write32(uint8_t *at, uint32_t value)
{
    GUEST_HOOK(at, true);
    guest_plain_write32(at, value);
}
