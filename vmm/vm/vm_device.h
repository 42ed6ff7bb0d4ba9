/* The virtio devices of a VM: what virtio/env.h asks for, and a service task a
 * queue. The devices themselves are in virtio/.
 *
 * Who calls it: vmm/vm/vm.c makes, starts and ends them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/task.h"
#include "kernel/time.h"
#include "virtio/block.h"
#include "virtio/console.h"
#include "virtio/device.h"
#include "virtio/entropy.h"
#include "vmm/config/config.h"
#include "vmm/report/code_place.h"

struct vm;

#define VM_DEVICE_QUEUES 2

/* A memory disk: host memory, `size` bytes of it used. */
struct vm_device_disk {
    uint8_t *bytes;
    uint64_t size;
    size_t pages; /* to give back; 0: the memory is another's */
};

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
    struct virtio_device *device; /* the member in use below */
    union {
        struct virtio_device bare; /* of the empty window */
        struct virtio_console console;
        struct virtio_block block;
        struct virtio_entropy entropy;
    };
    unsigned gsi;
    uint64_t turn;         /* TSC when a service last had the processor anew */
    bool line;             /* the interrupt line's level */
    struct timer watch;    /* armed while the watchdog has something to watch */
    struct event serviced; /* a service task has been in its queue */
    struct vm_device_disk disk;
    struct timer retry; /* entropy: there was none, wake queue 0 again */
    struct vm_device_queue queues[VM_DEVICE_QUEUES];
};

/* The watchdog's second begins, unless it has; what ends it, for host->watch.
 * vmm/vm/virtio_env.c. */
void virtio_env_watch(struct vm_device *host);
void virtio_env_watch_fire(void *argument);

/* Makes the devices that the VM's configuration names, in their windows. NULL,
 * or the sentence of what is wrong. */
const char *vm_device_create(struct vm *vm);

/* Starts the service tasks. False: out of memory. */
bool vm_device_start(struct vm *vm);

/* Makes every service task look at vm->stopping. */
void vm_device_stop(struct vm *vm);

/* Gives the disks' memory back. */
void vm_device_destroy(struct vm *vm);

/* Waits until a reset or a queue's stop that the calling vCPU asked for is
 * done, or the VM stops. */
void vm_device_settle(struct vm *vm, struct virtio_device *device);

/* There is console input: wakes the receive queue. */
void vm_device_console_input(struct vm *vm);

/* Logs each device's state and figures. */
void vm_device_log(struct vm *vm);
