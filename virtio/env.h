/* What all devices ask of their owner. What one type of device asks beside
 * that is at the end of its header (console.h, block.h, entropy.h).
 * vmm/vm/virtio_env.c defines these functions in the product,
 * test/unit/support/virtio_rig.c in the host tests. `make lint` compares `nm
 * -u` of this folder with the env_ functions of its headers (plus memcpy,
 * memmove, memset, memcmp). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A guest-physical address. It is never a pointer. */
typedef struct {
    uint64_t value;
} gpa_t;

struct virtio_device;
struct virtio_queue;
struct virtio_report;

/* The guest-physical range [gpa, gpa + length) as host memory. NULL: not all
 * of it lies in one range of guest RAM, it wraps, its length is zero, or it
 * is read-only and `write` is set. The guest may change the bytes at any
 * time. */
void *env_guest_range(struct virtio_device *device, gpa_t gpa, uint64_t length,
                      bool write);

/* Sets the level of the device's interrupt line. */
void env_interrupt(struct virtio_device *device, bool level);

/* Asks for a call of virtio_queue_service(queue) soon, from the queue's own
 * task and never from inside this call. Several calls before that are one. */
void env_queue_wake(struct virtio_queue *queue);

/* Called if the owner has set queue->lingers, when a service has found its
 * queue empty and has not yet asked for kicks. It may look at
 * virtio_queue_waiting() for a while. True: the service looks again. False:
 * the service asks for kicks and leaves. */
bool env_queue_linger(struct virtio_queue *queue);

/* Hands a report over to the owner. */
void env_report(struct virtio_device *device,
                const struct virtio_report *report);

/* Nanoseconds, monotonic. */
uint64_t env_time(void);
