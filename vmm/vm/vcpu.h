/* One virtual processor: a task that runs its guest, answers its exits, and
 * waits where the guest halts.
 *
 * Who calls it: vmm/vm/vm_run.c starts them; the exit subjects get one as their
 * first argument. Read next: vmm/vm/exits.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/vmx/guest.h"
#include "kernel/task.h"
#include "kernel/time.h"
#include "vmm/chip/lapic.h"
#include "vmm/cpu/emulate.h"
#include "vmm/cpu/msr.h"

struct code_place;
struct vm;

enum vcpu_state {
    VCPU_RUNNING,
    VCPU_HALTED,   /* HLT: until an interrupt that RFLAGS.IF lets through */
    VCPU_WAIT_SIPI /* after INIT */
};

struct vcpu {
    /* Set when the VM is built. */
    struct vm *vm;
    unsigned index;
    uint16_t vpid;
    struct guest *guest;
    struct task *task; /* set when it starts */

    /* The vCPU's task. */
    enum vcpu_state state;
    bool halted_without_interrupts; /* HLT with RFLAGS.IF clear */
    struct virtio_device *settling; /* finish this before the next entry */
    bool roams;         /* moves to another processor all the time */
    struct timer slice; /* ends a run that others wait for */
    uint64_t turn_end;  /* of the turn in which it looked for a better place */
    bool log_wanted;    /* vcpu_log() is asked for */
    bool errands;       /* settling, roams or log_wanted may be set */
    bool outside; /* it runs its guest: whoever wants something interrupts it */
    struct exit exit;                  /* the last one */
    uint64_t exits[EXIT_REASON_COUNT]; /* how many, by reason */
    struct msr_context msr;
    struct emulate_cache emulate_cache; /* of device accesses seen before */

    /* Whoever delivers interrupts. */
    struct lapic lapic;
    struct event wake;
};

/* The task's body; `argument` is the struct vcpu. Returns when the VM stops. */
void vcpu_main(void *argument);

/* Logs where it stands and what exits it made. vmm/vm/vm_run.c. */
void vcpu_log(struct vcpu *vcpu);

/* What an exit handler made of its exit: the run loop goes on in any case and
 * looks at the VM's state itself. */
typedef void (*exit_handler)(struct vcpu *vcpu, const struct exit *exit);

/* Looks up vmm/vm/exits.c's table and calls; a reason without a handler stops
 * the VM with a report. */
void exits_handle(struct vcpu *vcpu, const struct exit *exit);

/* The exit subjects. */
void cr_exit(struct vcpu *vcpu, const struct exit *exit);
void io_exit(struct vcpu *vcpu, const struct exit *exit);
void mmio_exit(struct vcpu *vcpu, const struct exit *exit);
void mmio_apic_exit(struct vcpu *vcpu, const struct exit *exit);

/* Queues the exception; a triple fault stops the VM with a report. */
void vcpu_exception(struct vcpu *vcpu, uint8_t vector, uint32_t error_code);

/* Interrupts and NMIs that wait are queued for the next entry, or an exit is
 * asked for when they can be. vmm/vm/vcpu_events.c. */
void vcpu_deliver(struct vcpu *vcpu);

/* Takes an INIT or SIPI that has come. True: the vCPU runs on, or something has
 * come that ends its HLT. */
bool vcpu_wakes(struct vcpu *vcpu);

/* True: nothing can wake this vCPU any more. It and all others wait with
 * interrupts off or for a SIPI, and no interrupt line is wired up as an NMI or
 * INIT. */
bool vcpu_unreachable(const struct vcpu *vcpu);

/* Where the vCPU, which does not run now, stands in its code. Reads the guest's
 * memory without side effects. vmm/vm/vcpu_code_place.c. */
void vcpu_code_place(struct vcpu *vcpu, struct code_place *place);

/* The guest can not go on: logs `format`, where it stood, its registers,
 * its code bytes and stack, and stops the VM with VM_END_CRASH. */
void vcpu_crash(struct vcpu *vcpu, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
