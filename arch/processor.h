/* What belongs to one processor of the machine. Its GS base points to it. A
 * task that waits may go on at another processor, so it must not keep a pointer
 * to this structure over a call that may wait.
 *
 * arch/processor_start.c starts the other processors. Host tests set the
 * thread's GS base (test/unit/support/processor_fake.c). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROCESSORS_MAX 64

struct domain;
struct guest;
struct run_queue;

/* VMX on one processor; arch/vmx/vmx_state.h. */
struct vmx_processor {
    void *vmxon;        /* the VMXON region; NULL: VMX is off */
    struct guest *vmcs; /* the guest whose VMCS is current */
    struct guest
        *loaded; /* the guest whose FPU, debug registers and MSRs are loaded */
    struct guest
        *ready; /* the guest that is both of these, if not `mixed`; or NULL */
    bool mixed; /* data of others than `loaded` may be in the caches */
};

struct processor {
    unsigned index; /* 0: the boot processor */
    uint32_t apic_id;
    struct processor *self;  /* lies at GS:8 */
    struct run_queue *queue; /* owned by kernel/task.c */
    uint64_t next_timer; /* a TSC value, for kernel/time.c; UINT64_MAX: no timer
                            is due */
    struct domain
        *domain; /* the domain that it is in, or NULL; kernel/domain.h */
    struct domain *worked; /* the domain that it was in last */
    uint64_t map_seen;     /* paging_guard() calls that its TLB reflects */
    struct vmx_processor vmx;
    void (*leave_guests)(void); /* turns VMX off; NULL: VMX is off */
};

extern struct processor processor_boot;

_Static_assert(offsetof(struct processor, self) == 8, "at GS:8");

/* The processor that runs this code. */
static inline struct processor *processor_here(void)
{
    return *(struct processor *const __seg_gs *)8;
}

/* Notes that this processor works for others than its guest. Before its
 * guest goes on, the first-level cache is cleared if the guest could find
 * data of others in it (arch/vmx/guest_switch.c). */
static inline void processor_mix(struct processor *here)
{
    here->vmx.mixed = true;
    here->vmx.ready = NULL;
}

/* False until the boot processor's GS base is set: processor_here() works
 * only after that. */
bool processor_known(void);

/* Makes processor_here() return `processor` on this processor. */
void processor_set_here(struct processor *processor);

/* All processors that run, the boot processor first. processor_add() adds
 * one, whose index is the number of those before it. */
unsigned processor_count(void);
void processor_add(struct processor *processor);

/* Makes every other processor leave VMX and halt for ever, whatever it does,
 * and waits a while for that. Called before the machine is turned off, and
 * by a panic. */
void processor_stop_others(void);

/* Has the boot processor call `errand`, since firmware may work on no other
 * processor. Does nothing if this is the boot processor, or if
 * processor_stop_others() has not stopped it. Returns after about a second if
 * `errand` has not ended the machine. */
void processor_ask_first(void (*errand)(void));

/* Leaves the mode that runs guests on this processor for good. Called before
 * it halts or the machine is turned off. */
void processor_leave_guests(void);

/* For the NMI handler. Does not return if another processor has asked this
 * one to stop. */
void processor_stop_if_asked(void);
