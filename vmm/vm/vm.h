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
    struct domain *domain; /* a task must be in it to use this structure */

    /* Built once. */
    struct pinning pinning;
    struct memory_map map;
    struct guest_memory memory;
    size_t pages_built; /* host pages that it took, without its tasks' */
    struct page_source pages;
    struct ept ept;
    struct cpuid_policy cpuid;
    struct regions windows; /* guest-physical */
    struct regions ports;

    struct vcpu *vcpus[VM_VCPUS];
    unsigned vcpu_count;
    void *apic_access; /* what the EPT has at the local APICs' page, or NULL */
    bool apic_hidden;  /* `apic_access` is not mapped any more */
    bool no_apic_page_told; /* the log has its line about that page */
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

    /* The end. vm_stop() sets it once; every task of the VM looks at it. */
    bool stopping;
    enum vm_end end;
    unsigned tasks;    /* tasks of this VM that are alive */
    unsigned services; /* tasks that were ever started, without vCPUs */
    struct event task_left;
    struct timer timeout;     /* ends the machine, if it may not run for ever */
    uint32_t timeout_seconds; /* the entry's `timeout`, or its default */

    /* For the report at the machine's end. */
    uint64_t started; /* time_now() */
    uint64_t wild_ports;
    uint64_t not_emulated; /* instructions that were not emulated */
    struct vm_symbols symbols;
    unsigned clauses_broken; /* reports that fail the run */
    unsigned shoulds_broken; /* reports of a SHOULD, each once */
    bool reported; /* there was a report since the last vm_report_pace() */
    char report_line[REPORT_JSON_BYTES];
};

/* Builds the machine of `config` with its kernel loaded, ready to run. NULL:
 * errors were added, and nothing is left of the machine. */
struct vm *vm_create(const struct config_entry *config,
                     const struct entry_files *files, struct errors *errors);

/* Makes the processors of the configuration: the first is ready to run, the
 * others wait for a SIPI. NULL, or a sentence that says what is wrong; even
 * then the caller destroys those that were made. vmm/vm/vm_vcpus.c. */
const char *vm_vcpus_create(struct vm *vm);
void vm_vcpus_destroy(struct vm *vm);

/* Starts the tasks, and waits until the VM has ended and all of its tasks
 * are gone. */
enum vm_end vm_run(struct vm *vm);

/* Gives back all that the VM has. */
void vm_destroy(struct vm *vm);

/* Starts a task of this VM that is no vCPU, on a processor by
 * vmm/plan/pinning.h. It is counted, so that vm_run() can wait for it.
 * False: out of memory. The task calls vm_task_done() last. */
bool vm_task_start(struct vm *vm, const char *name, task_entry entry,
                   void *argument);
void vm_task_done(struct vm *vm);

/* "powered off", "crashed" ... */
const char *vm_end_name(enum vm_end end);

/* Logs what every vCPU, chip and device is doing (Ctrl-A s). */
void vm_log_state(struct vm *vm);

/* How to walk the linear addresses of the vCPU's guest, by its registers as
 * they are now. */
static inline struct walk_space vm_walk_space(const struct vcpu *vcpu)
{
    return (struct walk_space){
        .guest = vcpu->guest,
        .memory = &vcpu->vm->memory,
        .physical_bits = (uint8_t)cpuid_physical_bits(&vcpu->vm->cpuid),
    };
}
