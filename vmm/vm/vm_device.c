/* The virtio devices of a VM: their windows, the tasks that serve their queues,
 * how they are made and ended; see the header. What they ask of the machine is
 * vmm/vm/virtio_env.c's. */
#include "vmm/vm/vm_device.h"

#include "arch/cpu.h"
#include "kernel/base/format.h"
#include "kernel/base/log.h"
#include "kernel/base/panic.h"
#include "kernel/base/string.h"
#include "kernel/page.h"
#include "virtio/registers.h"
#include "vmm/plan/discover.h"
#include "vmm/plan/virtio_plan.h"
#include "vmm/vm/vm.h"
#include "vmm/vm/vm_report.h"

static struct vm_device *host_of(struct virtio_device *device)
{
    return device->host;
}

/* ---- the windows ---- */

static enum access_result window_access(void *context, struct access *access)
{
    struct vm_device *host = context;

    if (access->address + access->size > VIRTIO_MMIO_WINDOW) {
        return ACCESS_BAD;
    }
    if (!access->write) {
        access->value = virtio_mmio_read(
            host->device, (uint32_t)access->address, access->size);
        return ACCESS_HANDLED;
    }
    if (access->address == VIRTIO_REG_QUEUE_NOTIFY) {
        vm_report_notification(host, access->value);
    }
    virtio_mmio_write(host->device, (uint32_t)access->address, access->size,
                      access->value);
    if (!host->watch.armed) {
        virtio_env_watch(host);
    }
    if (!virtio_device_settled(host->device)) {
        host->vm->accessing->settling = host->device;
        host->vm->accessing->errands = true;
    }
    return ACCESS_HANDLED;
}

static void service_task(void *argument)
{
    struct vm_device_queue *queue = argument;
    struct vm *vm = queue->vm;
    struct vm_device *host = host_of(queue->queue->device);

    while (!vm->stopping) {
        if (queue->wake.signalled) {
            /* It woke itself for the rest: a wait would not wait. */
            task_yield();
        }
        event_wait(&queue->wake);
        if (!vm->stopping) {
            queue->served_at = host->turn = cpu_rdtsc();
            virtio_queue_service(queue->queue);
            event_signal(&host->serviced);
        }
    }
    vm_task_done(vm);
}

void vm_device_settle(struct vm *vm, struct virtio_device *device)
{
    struct vm_device *host = host_of(device);

    while (!virtio_device_settled(device) && !vm->stopping) {
        event_wait(&host->serviced);
    }
}

/* ---- making and ending ---- */

static const enum virtio_lint lints[] = {
    [LINT_STRICT] = VIRTIO_LINT_STRICT,
    [LINT_TOLERANT] = VIRTIO_LINT_TOLERANT,
    [LINT_OFF] = VIRTIO_LINT_OFF,
};

static struct vm_device *new_device(struct vm *vm,
                                    const struct virtio_plan *plan,
                                    struct virtio_device_options *options)
{
    struct vm_device *host = &vm->devices[vm->device_count];

    host->vm = vm;
    host->gsi = discover_gsi(vm->config, vm->device_count);
    *options = (struct virtio_device_options){
        .lint = lints[virtio_plan_lint(vm->config, plan, vm->device_count)],
        .features_off = {virtio_plan_features_off(vm->config, plan,
                                                  vm->device_count),
                         0},
        .index = vm->device_count,
    };
    return host;
}

/* Puts the device that was made into its window. */
static void place(struct vm_device *host, struct virtio_device *device)
{
    struct vm *vm = host->vm;
    struct region window = {
        .base =
            MAP_VIRTIO_BASE + (uint64_t)vm->device_count * MAP_VIRTIO_STRIDE,
        .size = VIRTIO_MMIO_WINDOW,
        .access = window_access,
        .context = host,
    };

    host->device = device;
    host->watch.fire = virtio_env_watch_fire;
    host->watch.argument = host;
    for (unsigned i = 0; i < device->queue_count; i++) {
        host->queues[i].vm = vm;
        host->queues[i].queue = &device->queues[i];
        device->queues[i].host = &host->queues[i];
    }
    regions_add(&vm->windows, &window);
    vm->window_count++;
}

static const char *add_console(struct vm *vm, const struct virtio_plan *plan)
{
    struct virtio_device_options options;
    struct vm_device *host = new_device(vm, plan, &options);
    const char *why = virtio_console_init(&host->console, &options, 0, 0, host);

    if (why == NULL) {
        place(host, &host->console.device);
    }
    return why;
}

static const char *add_entropy(struct vm *vm, const struct virtio_plan *plan)
{
    struct virtio_device_options options;
    struct vm_device *host = new_device(vm, plan, &options);
    const char *why = virtio_entropy_init(&host->entropy, &options, host);

    if (why == NULL) {
        place(host, &host->entropy.device);
    }
    return why;
}

/* A disk of its own for this VM: the file's bytes stay as they were loaded, so
 * that another entry with the same file starts from the same contents. */
static const char *make_disk(struct vm_device_disk *disk,
                             const struct config_disk *config,
                             const struct entry_file *file)
{
    uint64_t size = file->bytes != NULL ? file->size : config->size;

    disk->size = size;
    disk->pages = (size_t)((size + PAGE_SIZE - 1) / PAGE_SIZE);
    if (disk->pages == 0) {
        return "a disk of no bytes";
    }
    disk->bytes = file->bytes != NULL ? page_alloc_dirty(disk->pages, PAGE_SIZE)
                                      : page_alloc(disk->pages, PAGE_SIZE);
    if (disk->bytes == NULL) {
        disk->pages = 0;
        return "not enough memory for a disk";
    }
    if (file->bytes != NULL) {
        memcpy(disk->bytes, file->bytes, size);
    }
    return NULL;
}

static const char *add_disk(struct vm *vm, const struct virtio_plan *plan,
                            size_t number)
{
    const struct config_disk *config = &vm->config->disk[number];
    struct virtio_device_options options;
    struct vm_device *host = new_device(vm, plan, &options);
    char serial[VIRTIO_BLOCK_SERIAL + 1];
    const char *why = make_disk(&host->disk, config, &vm->files->disk[number]);

    if (why != NULL) {
        return why;
    }
    format_sn(serial, sizeof(serial), "lintel-disk%u", (unsigned)number);
    why = virtio_block_init(&host->block, &options, host->disk.size,
                            config->read_only, serial, host);
    if (why == NULL) {
        place(host, &host->block.device);
    } else {
        page_free(host->disk.bytes, host->disk.pages);
        host->disk.pages = 0;
    }
    return why;
}

static const char *add_planned(struct vm *vm, const struct virtio_plan *plan,
                               size_t index)
{
    const struct virtio_planned *planned = &plan->devices[index];
    const char *why = NULL;

    switch (planned->kind) {
    case VIRTIO_KIND_CONSOLE:
        why = add_console(vm, plan);
        break;
    case VIRTIO_KIND_BLOCK:
        why = add_disk(vm, plan, planned->disk);
        break;
    case VIRTIO_KIND_ENTROPY:
        why = add_entropy(vm, plan);
        break;
    }
    if (why == NULL) {
        /* What the entry names is what reports print. */
        CHECK(strcmp(virtio_plan_name(planned->kind),
                     virtio_device_name(vm->devices[index].device)) == 0);
    }
    return why;
}

/* One window more, with no device in it: as on machines with a fixed row of
 * them, where a driver looks until DeviceID is 0 (VIRTIO 1.4 4.2.3.1.1). No
 * table names it. */
static void add_empty_slot(struct vm *vm)
{
    struct vm_device *host = &vm->devices[vm->device_count];
    struct virtio_device_options options = {
        .lint = lints[vm->config->lint],
        .index = vm->device_count,
    };

    host->vm = vm;
    virtio_placeholder_init(&host->bare, &options, host);
    place(host, &host->bare);
}

const char *vm_device_create(struct vm *vm)
{
    struct virtio_plan plan;
    const char *why = NULL;

    if (!virtio_plan_make(vm->config, &plan)) {
        return "more devices than the machine has windows for";
    }
    for (size_t i = 0; why == NULL && i < plan.count; i++) {
        why = add_planned(vm, &plan, i);
        vm->device_count += why == NULL;
    }
    if (why == NULL) {
        add_empty_slot(vm);
    }
    return why;
}

bool vm_device_start(struct vm *vm)
{
    for (unsigned i = 0; i < vm->device_count; i++) {
        struct vm_device *host = &vm->devices[i];

        for (unsigned q = 0; q < host->device->queue_count; q++) {
            char name[24];

            /* Another processor may look while the guest runs. */
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
        struct vm_device_disk *disk = &vm->devices[i].disk;

        timer_cancel(&vm->devices[i].watch);
        timer_cancel(&vm->devices[i].retry);
        if (disk->pages != 0) {
            page_free(disk->bytes, disk->pages);
        }
    }
}

void vm_device_console_input(struct vm *vm)
{
    if (vm->config->console == CONSOLE_VIRTIO && vm->device_count > 0) {
        event_signal(&vm->devices[0].queues[0].wake);
    }
}

void vm_device_log(struct vm *vm)
{
    for (unsigned i = 0; i < vm->device_count; i++) {
        const struct virtio_device *device = vm->devices[i].device;
        char status[80];

        log_info("  %s%u: status %s, interrupt status %u",
                 virtio_device_name(device), i,
                 virtio_status_describe(device->session.status, status,
                                        sizeof(status)),
                 (unsigned)device->interrupt_status);
        for (unsigned q = 0; q < device->queue_count; q++) {
            const struct virtio_queue *queue = &device->queues[q];

            log_info("    queue %u: %s, size %u, kicks %llu (%llu ignored), "
                     "chains %llu, interrupts %llu (%llu suppressed), last "
                     "served at TSC %#llx",
                     q, queue->ready ? "ready" : "not ready", queue->size,
                     (unsigned long long)queue->kicks,
                     (unsigned long long)queue->kicks_ignored,
                     (unsigned long long)queue->chains,
                     (unsigned long long)queue->interrupts,
                     (unsigned long long)queue->interrupts_suppressed,
                     (unsigned long long)vm->devices[i].queues[q].served_at);
        }
    }
}
