/* All that virtio/ asks of the world. vmm/vm/virtio_env.c defines these in the
 * product, test/unit/ in the host tests; `make lint` compares `nm -u` of the
 * folder against this list (plus memcpy, memmove, memset, memcmp). */
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

/* Fills `buffer` with entropy; how many bytes it had. 0: none just now
 * (env_queue_wake comes, for the device's queue 0, when it is worth trying
 * again). */
size_t env_entropy(struct virtio_device *device, void *buffer, size_t length);

/* The console's other side. Write: takes all bytes. Read: what has been typed,
 * up to `length`; 0: nothing now (env_queue_wake comes when there is more). */
void env_console_write(struct virtio_device *device, const void *bytes,
                       size_t length);
size_t env_console_read(struct virtio_device *device, void *buffer,
                        size_t length);

/* The disk's medium, in bytes from its start; the caller has checked the range
 * against the capacity it was given. False: the medium failed. May sleep. */
bool env_disk_read(struct virtio_device *device, uint64_t offset, void *buffer,
                   size_t length);
bool env_disk_write(struct virtio_device *device, uint64_t offset,
                    const void *buffer, size_t length);
bool env_disk_flush(struct virtio_device *device);
