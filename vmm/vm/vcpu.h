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
    VCPU_HALTED,   /* in HLT, until an interrupt that RFLAGS.IF allows */
    VCPU_WAIT_SIPI /* after INIT */
};

struct vcpu {
    /* Set when the VM is built. */
    struct vm *vm;
    unsigned index;
    uint16_t vpid;
    struct guest *guest;
    struct task *task; /* set when the task starts */

    /* Only the vCPU's task uses what follows. */
    enum vcpu_state state;
    bool halted_without_interrupts; /* in HLT with RFLAGS.IF clear */
    struct virtio_device
        *settling; /* a device whose reset has to end before the next entry */
    bool roams;    /* moves to another processor at every exit, for tests */
    struct timer slice; /* ends a run when its turn is over and others wait */
    uint64_t turn_end;  /* the end of the turn in which it last looked for a
                           better processor */
    bool log_wanted;    /* vcpu_log() was asked for */
    bool errands; /* settling, roams or log_wanted may be set: do_errands()
                     looks */
    bool
        outside; /* the guest runs; a task that wants something interrupts it */
    struct exit exit;                  /* the last exit */
    uint64_t exits[EXIT_REASON_COUNT]; /* the number of exits, by reason */
    struct msr_context msr;
    struct emulate_cache
        emulate_cache; /* decoded device accesses that were seen before */

    /* Any task of the machine that delivers an interrupt uses it. */
    struct lapic lapic;
    struct event wake;
};

/* The task's body; `argument` is the struct vcpu. Returns when the VM stops. */
void vcpu_main(void *argument);

/* Logs where the vCPU stands and what exits it made. vmm/vm/vm_run.c. */
void vcpu_log(struct vcpu *vcpu);

/* Handles one exit. The run loop goes on in any case and looks at the VM's
 * state itself. */
typedef void (*exit_handler)(struct vcpu *vcpu, const struct exit *exit);

/* Calls the handler that the table of vmm/vm/exits.c has for the reason. A
 * reason without a handler stops the VM with a report. */
void exits_handle(struct vcpu *vcpu, const struct exit *exit);

/* The exit subjects. */
void cr_exit(struct vcpu *vcpu, const struct exit *exit);
void io_exit(struct vcpu *vcpu, const struct exit *exit);
void mmio_exit(struct vcpu *vcpu, const struct exit *exit);
void mmio_apic_exit(struct vcpu *vcpu, const struct exit *exit);

/* Queues the exception; a triple fault stops the VM with a report. */
void vcpu_exception(struct vcpu *vcpu, uint8_t vector, uint32_t error_code);

/* Queues a waiting interrupt or NMI for the next entry, or asks for an exit
 * when it can be queued. vmm/vm/vcpu_events.c. */
void vcpu_deliver(struct vcpu *vcpu);

/* Takes an INIT or SIPI that has arrived. True: the vCPU runs, or something
 * has arrived that ends its HLT. */
bool vcpu_wakes(struct vcpu *vcpu);

/* True: nothing can wake this vCPU any more. It and all others wait with
 * interrupts off or for a SIPI, and no interrupt line can arrive as an NMI
 * or INIT. */
bool vcpu_unreachable(const struct vcpu *vcpu);

/* The place of a vCPU that does not run now in its code. Reads guest memory
 * without side effects. vmm/vm/vcpu_code_place.c. */
void vcpu_code_place(struct vcpu *vcpu, struct code_place *place);

/* The guest cannot go on: logs `format`, the place, the registers, the code
 * bytes and the stack, and stops the VM with VM_END_CRASH. */
void vcpu_crash(struct vcpu *vcpu, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
