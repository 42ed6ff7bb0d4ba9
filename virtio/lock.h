/* The lock of a device's registers. Held for a few dozen instructions, never
 * over a sleep; letting go of it delivers the reports made under it. */
#pragma once

#include "virtio/device.h"

static inline void virtio_device_lock(struct virtio_device *device)
{
    while (__atomic_exchange_n(&device->lock, 1, __ATOMIC_ACQUIRE) != 0) {
        while (__atomic_load_n(&device->lock, __ATOMIC_RELAXED) != 0) {
            __builtin_ia32_pause();
        }
    }
}

/* clause.c: lets go, then hands what is in the outbox to env_report(). */
void virtio_clause_deliver(struct virtio_device *device);

static inline void virtio_device_unlock(struct virtio_device *device)
{
    if (device->outbox_count != 0) {
        virtio_clause_deliver(device);
        return;
    }
    __atomic_store_n(&device->lock, 0, __ATOMIC_RELEASE);
}
