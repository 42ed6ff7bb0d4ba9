/* The lock of a device's registers. It is held for a few dozen instructions
 * and never over a sleep. Unlocking delivers the reports that were made
 * under the lock. */
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

/* Unlocks, then hands the reports in the outbox to env_report() (clause.c). */
void virtio_clause_deliver(struct virtio_device *device);

static inline void virtio_device_unlock(struct virtio_device *device)
{
    if (device->outbox_count != 0) {
        virtio_clause_deliver(device);
        return;
    }
    __atomic_store_n(&device->lock, 0, __ATOMIC_RELEASE);
}
