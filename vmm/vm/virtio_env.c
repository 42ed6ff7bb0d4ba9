/* What the devices of virtio/ ask of their machine (virtio/env.h): guest
 * memory, interrupts, a turn for the service, reports, time.
 *
 * Who calls it: virtio/, in the service tasks of vmm/vm/vm_device.c and in
 * the vCPUs' accesses to its windows. */
#include "vmm/vm/vm_device.h"

#include "arch/cpu.h"
#include "kernel/domain.h"
#include "kernel/time.h"
#include "virtio/queue.h"
#include "vmm/vm/vm.h"
#include "vmm/vm/vm_report.h"

void *env_guest_range(struct virtio_device *device, gpa_t address,
                      uint64_t length, bool write)
{
    (void)write; /* all of the guest's RAM is writable */
    return guest_memory_range(&vm_device_of(device)->vm->memory, address,
                              length);
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
    struct vm_device *host = vm_device_of(device);

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

/* How long a service looks for more before it asks for kicks, in TSC ticks.
 * It is the time of a few exits. */
#define LINGER 50000U

/* Looks only while no other task wants the processor. It leaves the VM's
 * domain meanwhile, so that other tasks of the VM run on other processors. */
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
    vm_report_clause(vm_device_of(device), report);
}

uint64_t env_time(void)
{
    return time_now();
}

/* Called between the pieces of a request. A request may be as large as the
 * guest's memory. The entry's `timeout`, the console and the other machines
 * must not wait until it ends, so the task yields here. Only a queue's own
 * task does. A vCPU inside an access (of emerg_wr) goes on. */
void virtio_env_let_others_run(struct vm_device *host)
{
    if (task_yield_due(host->turn) && host->access == NULL) {
        task_yield();
        host->turn = cpu_rdtsc();
    }
}
