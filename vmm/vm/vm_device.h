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

#define VIRTIO_HOST_QUEUES 2

/* A memory disk: host memory, `size` bytes of it used. */
struct virtio_host_disk {
    uint8_t *bytes;
    uint64_t size;
    size_t pages; /* to give back; 0: the memory is another's */
};

struct virtio_host_queue {
    struct vm *vm;
    struct virtio_queue *queue;
    struct event wake;
    uint64_t served_at; /* TSC when its task last began to serve */
    struct code_place
        notified; /* where the driver stood when it last notified */
};

struct virtio_host {
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
    struct virtio_host_disk disk;
    struct timer retry; /* entropy: there was none, wake queue 0 again */
    struct virtio_host_queue queues[VIRTIO_HOST_QUEUES];
};

/* The watchdog's second begins, unless it has; what ends it, for host->watch.
 * vmm/vm/virtio_env.c. */
void virtio_env_watch(struct virtio_host *host);
void virtio_env_watch_fire(void *argument);

/* Makes the devices that the VM's configuration names, in their windows. NULL,
 * or the sentence of what is wrong. */
const char *virtio_host_create(struct vm *vm);

/* Starts the service tasks. False: out of memory. */
bool virtio_host_start(struct vm *vm);

/* Makes every service task look at vm->stopping. */
void virtio_host_stop(struct vm *vm);

/* Gives the disks' memory back. */
void virtio_host_destroy(struct vm *vm);

/* Waits until a reset or a queue's stop that the calling vCPU asked for is
 * done, or the VM stops. */
void virtio_host_settle(struct vm *vm, struct virtio_device *device);

/* There is console input: wakes the receive queue. */
void virtio_host_console_input(struct vm *vm);

/* Logs each device's state and figures. */
void virtio_host_log(struct vm *vm);
