/* The virtio devices of a VM: their windows, the functions that virtio/env.h
 * asks for, and one service task for each queue. The devices themselves are in
 * virtio/. Each kind of vmm/config/virtio_kinds.def has a file vm_device_*.c,
 * which makes it with its backend: a disk's memory, a terminal, a source of
 * entropy.
 *
 * Who calls it: vmm/vm/vm.c makes, starts and ends them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/task.h"
#include "kernel/time.h"
#include "virtio/device.h"
#include "vmm/memory/access.h"
#include "vmm/report/code_place.h"

struct vm;

#define VM_DEVICE_QUEUES VIRTIO_WATCH_QUEUES

struct vm_device_queue {
    struct vm *vm;
    struct virtio_queue *queue;
    struct event wake;
    uint64_t served_at; /* TSC when its task last began to serve */
    struct code_place
        notified; /* where the driver stood when it last notified */
};

struct vm_device {
    struct vm *vm;
    struct virtio_device *device; /* lies inside `state` */
    void *state; /* the device and its backend; see vm_device_state() */
    size_t state_pages;
    size_t guest_pages; /* pages of the backend that hold contents which the
                           guest sees */
    void (*end)(struct vm_device *
                    host); /* ends the backend; NULL: there is nothing to end */
    const struct access
        *access; /* the access that the window answers now, or NULL */
    unsigned gsi;
    uint64_t turn; /* TSC when a service last began a turn on the processor */
    bool line;     /* the interrupt line's level */
    struct timer watch; /* armed while the watchdog has something to watch */
    struct event
        serviced; /* signalled when a service task has looked at its queue */
    struct vm_device_queue queues[VM_DEVICE_QUEUES];
};

/* The machine's side of a device. vmm/ gives each device of virtio/ one as
 * its host. */
static inline struct vm_device *vm_device_of(struct virtio_device *device)
{
    return device->host;
}

/* For the files of the kinds. Makes device `number` of its kind, from 0, as
 * the VM's configuration says. Sets host->device, and host->end if the
 * backend has something to give back. NULL, or a sentence that says what is
 * wrong; then only the state is left to give back. */
#define VIRTIO_KIND(name, stem, wanted)                                        \
    const char *vm_device_##stem##_make(                                       \
        struct vm_device *host, const struct virtio_device_options *options,   \
        size_t number);
#include "vmm/config/virtio_kinds.def"
#undef VIRTIO_KIND

/* Zeroed memory of `size` bytes for the device and its backend. It is
 * host->state from now on, and goes with the VM. NULL: out of memory. Called
 * once for each device. */
void *vm_device_state(struct vm_device *host, size_t size);

/* The first arms the watchdog's timer for a second, unless it is armed. The
 * second is the timer's function. vmm/vm/virtio_env.c. */
void virtio_env_watch(struct vm_device *host);
void virtio_env_watch_fire(void *argument);

/* Called between the pieces of a long request: other tasks run if they have
 * waited long enough. vmm/vm/virtio_env.c. */
void virtio_env_let_others_run(struct vm_device *host);

/* Makes the devices that the VM's configuration names, in their windows.
 * NULL, or a sentence that says what is wrong. */
const char *vm_device_create(struct vm *vm);

/* Starts the service tasks. False: out of memory. */
bool vm_device_start(struct vm *vm);

/* Makes every service task look at vm->stopping. */
void vm_device_stop(struct vm *vm);

/* Gives back all that vm_device_create() made. */
void vm_device_destroy(struct vm *vm);

/* Waits until a reset or a queue's stop that the calling vCPU asked for is
 * done, or the VM stops. */
void vm_device_settle(struct vm *vm, struct virtio_device *device);

/* There is console input: wakes the virtio console. False: no driver has set
 * one up. vmm/vm/vm_device_console.c. */
bool vm_device_console_input(struct vm *vm);

/* Logs each device's state and figures. */
void vm_device_log(struct vm *vm);
