/* The virtio devices of a VM: their windows, the tasks that serve their queues,
 * how they are made and ended; see the header. What they ask of the machine is
 * vmm/vm/virtio_env.c's, and of their backends vmm/vm/vm_device_*.c's. */
#include "vmm/vm/vm_device.h"

#include "arch/cpu.h"
#include "kernel/base/format.h"
#include "kernel/base/log.h"
#include "kernel/base/panic.h"
#include "kernel/log_pace.h"
#include "kernel/page.h"
#include "virtio/registers.h"
#include "virtio/type.h"
#include "vmm/plan/discover.h"
#include "vmm/plan/virtio_plan.h"
#include "vmm/vm/vm.h"
#include "vmm/vm/vm_report.h"

/* ---- the windows ---- */

/* The device may report or print while it answers; `access` tells for which
 * vCPU. */
static void register_access(struct vm_device *host, struct access *access)
{
    struct virtio_device *device = host->device;
    uint32_t offset = (uint32_t)access->address;

    host->access = access;
    if (!access->write) {
        access->value = virtio_mmio_read(device, offset, access->size);
    } else {
        if (offset == VIRTIO_REG_QUEUE_NOTIFY) {
            vm_report_notification(host, access->value);
        }
        virtio_mmio_write(device, offset, access->size, access->value);
    }
    host->access = NULL;
}

static enum access_result window_access(void *context, struct access *access)
{
    struct vm_device *host = context;

    if (access->address + access->size > VIRTIO_MMIO_WINDOW) {
        return ACCESS_BAD;
    }
    register_access(host, access);
    if (!access->write) {
        return ACCESS_HANDLED;
    }
    if (!host->watch.armed) {
        virtio_env_watch(host);
    }
    if (!virtio_device_settled(host->device)) {
        access->vcpu->settling = host->device;
        access->vcpu->errands = true;
    }
    return ACCESS_HANDLED;
}

static void service_task(void *argument)
{
    struct vm_device_queue *queue = argument;
    struct vm *vm = queue->vm;
    struct vm_device *host = vm_device_of(queue->queue->device);

    while (!vm->stopping) {
        if (queue->wake.signalled) {
            /* the service has woken itself for the rest, so a wait would
             * return at once */
            task_yield();
        }
        event_wait(&queue->wake);
        if (!vm->stopping) {
            queue->served_at = host->turn = cpu_rdtsc();
            virtio_queue_service(queue->queue);
            event_signal(&host->serviced);
            if (vm->reported) {
                vm_report_pace(vm);
            }
        }
    }
    vm_task_done(vm);
}

void vm_device_settle(struct vm *vm, struct virtio_device *device)
{
    struct vm_device *host = vm_device_of(device);

    while (!virtio_device_settled(device) && !vm->stopping) {
        event_wait(&host->serviced);
    }
}

/* ---- making and ending ---- */

void *vm_device_state(struct vm_device *host, size_t size)
{
    size_t pages = (size + PAGE_SIZE - 1) / PAGE_SIZE;

    CHECK(host->state == NULL);
    host->state = page_alloc(pages, PAGE_SIZE);
    host->state_pages = host->state == NULL ? 0 : pages;
    return host->state;
}

/* Puts the device that was made into its window. */
static void place(struct vm_device *host)
{
    struct vm *vm = host->vm;
    struct virtio_device *device = host->device;
    struct region window = {
        .base = MAP_VIRTIO_BASE + (uint64_t)device->index * MAP_VIRTIO_STRIDE,
        .size = VIRTIO_MMIO_WINDOW,
        .access = window_access,
        .context = host,
    };

    CHECK(device->queue_count <= VM_DEVICE_QUEUES);
    host->watch.fire = virtio_env_watch_fire;
    host->watch.argument = host;
    for (unsigned i = 0; i < device->queue_count; i++) {
        host->queues[i].vm = vm;
        host->queues[i].queue = &device->queues[i];
        device->queues[i].host = &host->queues[i];
    }
    regions_add(&vm->windows, &window);
}

static const char *add_planned(struct vm *vm, const struct virtio_plan *plan,
                               unsigned index)
{
    static const char *(*const make[])(
        struct vm_device * host, const struct virtio_device_options *options,
        size_t number) = {
#define VIRTIO_KIND(name, stem, wanted)                                        \
    [VIRTIO_KIND_##name] = vm_device_##stem##_make,
#include "vmm/config/virtio_kinds.def"
#undef VIRTIO_KIND
    };
    const struct virtio_planned *planned = &plan->devices[index];
    const struct virtio_device_options options = {
        .lint = virtio_plan_lint(vm->config, plan, index),
        .features_off = {virtio_plan_features_off(vm->config, plan, index), 0},
        .index = index,
    };
    struct vm_device *host = &vm->devices[index];
    const char *why = NULL;

    host->vm = vm;
    host->gsi = discover_gsi(vm->config, index);
    why = make[planned->kind](host, &options, planned->number);
    if (why == NULL) {
        place(host);
    }
    return why;
}

/* Adds one window without a device. Machines with a fixed row of windows
 * have it, and a driver looks until DeviceID is 0 (VIRTIO 1.4 4.2.3.1.1). No
 * table names it. */
static const char *add_empty_slot(struct vm *vm)
{
    struct vm_device *host = &vm->devices[vm->device_count];
    const struct virtio_device_options options = {
        .lint = vm->config->lint,
        .index = vm->device_count,
    };

    host->vm = vm;
    host->device = vm_device_state(host, sizeof(struct virtio_device));
    if (host->device == NULL) {
        return "not enough memory for a device";
    }
    virtio_placeholder_init(host->device, &options, host);
    place(host);
    return NULL;
}

const char *vm_device_create(struct vm *vm)
{
    struct virtio_plan plan;
    const char *why = NULL;

    if (!virtio_plan_make(vm->config, &plan)) {
        return "more devices than the machine has windows for";
    }
    for (unsigned i = 0; why == NULL && i < plan.count; i++) {
        vm->window_count++;
        why = add_planned(vm, &plan, i);
    }
    if (why != NULL) {
        return why;
    }
    vm->device_count = vm->window_count++;
    return add_empty_slot(vm);
}

bool vm_device_start(struct vm *vm)
{
    for (unsigned i = 0; i < vm->device_count; i++) {
        struct vm_device *host = &vm->devices[i];

        for (unsigned q = 0; q < host->device->queue_count; q++) {
            char name[24];

            /* Another processor may look at the queue while the guest runs. */
            host->device->queues[q].lingers = spinlock_needed;
            format_sn(name, sizeof(name), "%s%u queue %u",
                      virtio_device_name(host->device), i, q);
            if (!vm_task_start(vm, name, service_task, &host->queues[q])) {
                return false;
            }
        }
    }
    return true;
}

void vm_device_stop(struct vm *vm)
{
    for (unsigned i = 0; i < vm->window_count; i++) {
        struct vm_device *host = &vm->devices[i];

        for (unsigned q = 0; q < host->device->queue_count; q++) {
            event_signal(&host->queues[q].wake);
        }
        event_signal(&host->serviced);
        timer_cancel(&host->watch);
    }
}

void vm_device_destroy(struct vm *vm)
{
    for (unsigned i = 0; i < vm->window_count; i++) {
        struct vm_device *host = &vm->devices[i];

        timer_cancel(&host->watch);
        if (host->end != NULL) {
            host->end(host);
        }
        if (host->state_pages != 0) {
            page_free(host->state, host->state_pages);
        }
    }
}

void vm_device_log(struct vm *vm)
{
    for (unsigned i = 0; i < vm->device_count; i++) {
        const struct virtio_device *device = vm->devices[i].device;
        char status[80];

        log_pace_wait();
        log_info("  %s%u: status %s, interrupt status %u",
                 virtio_device_name(device), i,
                 virtio_status_describe(device->session.status, status,
                                        sizeof(status)),
                 (unsigned)device->interrupt_status);
        for (unsigned q = 0; q < device->queue_count; q++) {
            const struct virtio_queue *queue = &device->queues[q];

            log_info(
                "    queue %u, %s: %s, size %u, kicks %llu (%llu ignored), "
                "chains %llu, interrupts %llu (%llu suppressed), last "
                "served at TSC %#llx",
                q, device->type->queues[q].name,
                queue->ready ? "ready" : "not ready", queue->size,
                (unsigned long long)queue->kicks,
                (unsigned long long)queue->kicks_ignored,
                (unsigned long long)queue->chains,
                (unsigned long long)queue->interrupts,
                (unsigned long long)queue->interrupts_suppressed,
                (unsigned long long)vm->devices[i].queues[q].served_at);
        }
    }
}
