/* What all devices ask of the world; what one type asks beside is at the end of
 * its header (console.h, block.h, entropy.h). vmm/vm/virtio_env.c defines these
 * in the product, test/unit/support/virtio_rig.c in the host tests. `make lint`
 * compares `nm -u` of the folder against the env_ functions of its headers
 * (plus memcpy, memmove, memset, memcmp). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A guest-physical address: never a pointer, never mixed with one. */
typedef struct {
    uint64_t value;
} gpa_t;

struct virtio_device;
struct virtio_queue;
struct virtio_report;

/* [gpa, gpa + length) as host memory, if all of it lies in one range of guest
 * RAM; NULL otherwise (outside, wraps, zero length, or a `write` to read-only
 * memory). The guest may change the bytes at any time. */
void *env_guest_range(struct virtio_device *device, gpa_t gpa, uint64_t length,
                      bool write);

/* Sets the level of the device's interrupt line. */
void env_interrupt(struct virtio_device *device, bool level);

/* Has virtio_queue_service(queue) called soon, from a task of the queue's own
 * (never from inside this call). Several calls before that are one. */
void env_queue_wake(struct virtio_queue *queue);

/* Called, where the owner has set queue->lingers, when a service has found its
 * queue empty and has not yet asked for kicks: may look, for a while, at
 * virtio_queue_waiting(). True: the service is to look again; false: it is to
 * ask for kicks and leave. */
bool env_queue_linger(struct virtio_queue *queue);

/* Hands over a clause report; returns always. */
void env_report(struct virtio_device *device,
                const struct virtio_report *report);

/* Nanoseconds, monotonic. */
uint64_t env_time(void);
