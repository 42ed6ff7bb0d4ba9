/* What the devices in virtio/ ask of the machine that they stand in, see
 * virtio/env.h: guest memory, interrupts, time, entropy, the console, disks.
 *
 * Who calls it: virtio/, in the service tasks of vmm/vm/vm_device.c and in the
 * accesses of vCPUs to its windows. */
#include "vmm/vm/vm_device.h"

#include "arch/cpu.h"
#include "kernel/base/string.h"
#include "kernel/domain.h"
#include "kernel/entropy.h"
#include "kernel/time.h"
#include "virtio/queue.h"
#include "vmm/vm/vm.h"
#include "vmm/vm/vm_report.h"

/* When a source of entropy that had none is asked again. */
#define ENTROPY_RETRY (10 * TIME_MS)

/* A full console is looked at again after the time in which a serial port sends
 * what its FIFO holds. */
#define CONSOLE_RETRY (1400 * TIME_US)
#define CONSOLE_TRIES 64

static struct vm_device *host_of(struct virtio_device *device)
{
    return device->host;
}

void *env_guest_range(struct virtio_device *device, gpa_t address,
                      uint64_t length, bool write)
{
    (void)write; /* all of the guest's RAM is writable */
    return guest_memory_range(&host_of(device)->vm->memory, address, length);
}

void virtio_env_watch(struct vm_device *host)
{
    if (!host->watch.armed && !host->vm->stopping) {
        timer_arm(&host->watch, time_now() + TIME_SECOND);
    }
}

void virtio_env_watch_fire(void *argument)
{
    struct vm_device *host = argument;

    if (!host->vm->stopping && virtio_device_watch(host->device)) {
        virtio_env_watch(host);
    }
}

void env_interrupt(struct virtio_device *device, bool level)
{
    struct vm_device *host = host_of(device);

    if (host->line != level) {
        host->line = level;
        if (level) {
            virtio_env_watch(host);
        }
        vm_irq_set(host->vm, host->gsi, level);
    }
}

void env_queue_wake(struct virtio_queue *queue)
{
    struct vm_device_queue *host = queue->host;

    event_signal(&host->wake);
}

/* How long a service looks for more before it asks for kicks, in TSC ticks: a
 * few exits' worth. */
#define LINGER 50000U

/* Only where nobody else wants the processor, and outside the VM's domain: its
 * other tasks go on elsewhere. */
bool env_queue_linger(struct virtio_queue *queue)
{
    struct domain *domain = domain_here();
    uint64_t end = cpu_rdtsc() + LINGER;
    bool came = false;

    if (task_work_pending()) {
        return false;
    }
    domain_switch(NULL);
    do {
        cpu_pause();
        came = virtio_queue_waiting(queue);
    } while (!came && !task_work_pending() && cpu_rdtsc() < end);
    domain_switch(domain);
    return came;
}

void env_report(struct virtio_device *device,
                const struct virtio_report *report)
{
    vm_report_clause(host_of(device)->vm, device, report);
}

uint64_t env_time(void)
{
    return time_now();
}

static void retry_entropy(void *argument)
{
    struct vm_device *host = argument;

    event_signal(&host->queues[0].wake);
}

size_t env_entropy(struct virtio_device *device, void *buffer, size_t length)
{
    struct vm_device *host = host_of(device);
    size_t filled = entropy_fill(buffer, length);

    if (filled == 0) {
        host->retry.fire = retry_entropy;
        host->retry.argument = host;
        timer_arm(&host->retry, time_now() + ENTROPY_RETRY);
    }
    return filled;
}

/* Between the pieces of a request, which may be as large as the guest's memory:
 * neither the entry's `timeout` nor the console nor another machine waits for
 * its end. Only a queue's own task may wait, not a vCPU inside an access
 * (emerg_wr). */
static void let_others_run(struct vm_device *host)
{
    if (task_yield_due(host->turn) && host->vm->accessing == NULL) {
        task_yield();
        host->turn = cpu_rdtsc();
    }
}

/* Waits, as a task, until the console takes something; how much of `length`.
 * Only a moment, after which the port itself is waited for: it may be stuck. */
static size_t console_takes(const struct vm_device *host, size_t length)
{
    size_t room = console_room(&host->vm->console);

    for (unsigned i = 0; room == 0 && i < CONSOLE_TRIES && !host->vm->stopping;
         i++) {
        if (host->vm->accessing != NULL) {
            return length;
        }
        task_sleep_until(time_now() + CONSOLE_RETRY);
        room = console_room(&host->vm->console);
    }
    return room == 0 || room > length ? length : room;
}

void env_console_write(struct virtio_device *device, const void *bytes,
                       size_t length)
{
    struct vm_device *host = host_of(device);
    const uint8_t *byte = bytes;

    while (length > 0 && !host->vm->stopping) {
        size_t taken = console_takes(host, length);

        console_write(&host->vm->console, byte, taken);
        byte += taken;
        length -= taken;
        let_others_run(host);
    }
}

size_t env_console_read(struct virtio_device *device, void *buffer,
                        size_t length)
{
    return console_read(&host_of(device)->vm->console, buffer, length);
}

/* The device has checked the range against the capacity; checked again here,
 * where the memory is known. False too when nobody waits for the data. */
static bool disk_range(const struct vm_device *host, uint64_t offset,
                       size_t length)
{
    return !host->vm->stopping && offset <= host->disk.size &&
           length <= host->disk.size - offset;
}

bool env_disk_read(struct virtio_device *device, uint64_t offset, void *buffer,
                   size_t length)
{
    struct vm_device *host = host_of(device);

    if (!disk_range(host, offset, length)) {
        return false;
    }
    memcpy(buffer, host->disk.bytes + offset, length);
    let_others_run(host);
    return true;
}

bool env_disk_write(struct virtio_device *device, uint64_t offset,
                    const void *buffer, size_t length)
{
    struct vm_device *host = host_of(device);

    if (!disk_range(host, offset, length)) {
        return false;
    }
    memcpy(host->disk.bytes + offset, buffer, length);
    let_others_run(host);
    return true;
}

bool env_disk_flush(struct virtio_device *device)
{
    (void)device;
    return true;
}
