/* One virtual machine: its memory, processors, chips and devices.
 *
 * Who calls it: vmm/run.c creates, runs and destroys one an entry of the
 * configuration. Read next: vmm/vm/vm.c, then vmm/vm/vcpu.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/page_source.h"
#include "arch/vmx/ept.h"
#include "kernel/console.h"
#include "kernel/domain.h"
#include "kernel/task.h"
#include "kernel/time.h"
#include "vmm/chip/acpi_pm.h"
#include "vmm/chip/apic_bus.h"
#include "vmm/chip/debug_exit.h"
#include "vmm/chip/fw_cfg.h"
#include "vmm/chip/i8042.h"
#include "vmm/chip/ioapic.h"
#include "vmm/chip/pic.h"
#include "vmm/chip/pit.h"
#include "vmm/chip/platform.h"
#include "vmm/chip/rtc.h"
#include "vmm/chip/uart.h"
#include "vmm/config/config.h"
#include "vmm/cpu/cpuid.h"
#include "vmm/cpu/kvmclock.h"
#include "vmm/cpu/msr.h"
#include "vmm/cpu/walk.h"
#include "vmm/memory/guest_memory.h"
#include "vmm/memory/memory_map.h"
#include "vmm/memory/regions.h"
#include "vmm/plan/boot_plan.h"
#include "vmm/plan/entry_files.h"
#include "vmm/plan/pinning.h"
#include "vmm/report/report_json.h"
#include "vmm/vm/screen_show.h"
#include "vmm/vm/vcpu.h"
#include "vmm/vm/vm_device.h"
#include "vmm/vm/vm_symbols.h"

#define VM_VCPUS 64

struct vm {
    const struct config_entry *config;
    const struct entry_files *files;
    struct domain *domain; /* whoever works on any of this is in it */

    /* Built once. */
    struct pinning pinning;
    struct memory_map map;
    struct guest_memory memory;
    size_t pages_built; /* of host memory, its tasks' left out */
    struct page_source pages;
    struct ept ept;
    struct cpuid_policy cpuid;
    struct regions windows; /* guest-physical */
    struct regions ports;

    struct vcpu *vcpus[VM_VCPUS];
    unsigned vcpu_count;
    void *apic_access; /* what the EPT has at the local APICs' page, or NULL */
    bool apic_hidden;  /* not any more */
    bool no_apic_page_told; /* the log has had its line on that */
    struct msr_seen msr_seen;
    struct kvmclock clock;

    struct apic_bus bus;
    struct ioapic ioapic;
    struct pic pic;
    struct pit pit;
    struct rtc rtc;
    struct uart uart;
    struct acpi_pm acpi_pm;
    struct i8042 i8042;
    struct debug_exit debug_exit;
    struct fw_cfg fw_cfg;

    /* Behind the last device, an empty window. */
    struct vm_device devices[MAP_VIRTIO_DEVICES + 1];
    unsigned device_count;
    unsigned window_count;
    struct boot_plan boot_plan;

    struct console console;
    struct screen_show show;

    /* The end: set once by vm_stop(), looked at by every task of the VM. */
    bool stopping;
    enum vm_end end;
    unsigned tasks;    /* of this VM, still alive */
    unsigned services; /* started in all, without vCPUs */
    struct event task_left;
    struct timer timeout; /* the entry's `timeout` */

    /* For the report at the end. */
    uint64_t started; /* time_now() */
    uint64_t wild_ports;
    uint64_t not_emulated; /* instructions */
    struct vm_symbols symbols;
    unsigned clauses_broken; /* reports by which the run has failed */
    char report_line[REPORT_JSON_BYTES];
};

/* Builds the machine of `config` with its kernel loaded, ready to run. NULL:
 * errors were added, and nothing of it is left. */
struct vm *vm_create(const struct config_entry *config,
                     const struct entry_files *files, struct errors *errors);

/* The processors of the configuration, the first one to run and the others
 * waiting for it; NULL, or the sentence of what is wrong. Even then those that
 * were made are to be destroyed. vmm/vm/vm_vcpus.c. */
const char *vm_vcpus_create(struct vm *vm);
void vm_vcpus_destroy(struct vm *vm);

/* Starts the tasks, waits until the VM has ended and every one of its tasks
 * has gone. */
enum vm_end vm_run(struct vm *vm);

/* Gives everything back. */
void vm_destroy(struct vm *vm);

/* A task of this VM beside its vCPUs: counted, so that vm_run() can wait for
 * it, and on a processor by vmm/plan/pinning.h. False: out of memory. The
 * task calls vm_task_done() last. */
bool vm_task_start(struct vm *vm, const char *name, task_entry entry,
                   void *argument);
void vm_task_done(struct vm *vm);

/* "powered off", "crashed" ... */
const char *vm_end_name(enum vm_end end);

/* Logs what every vCPU, chip and device is doing (Ctrl-A s). */
void vm_log_state(struct vm *vm);

/* The linear addresses of the vCPU's guest, by its registers as they are now.
 */
static inline struct walk_space vm_walk_space(const struct vcpu *vcpu)
{
    return (struct walk_space){
        .guest = vcpu->guest,
        .memory = &vcpu->vm->memory,
        .physical_bits = (uint8_t)cpuid_physical_bits(&vcpu->vm->cpuid),
    };
}
