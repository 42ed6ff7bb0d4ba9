/* What belongs to one processor of the machine, found by its GS base: a task
 * that waits may go on elsewhere, so whoever keeps one of these over a call
 * that may wait has the wrong one.
 *
 * arch/processor.c starts the others. Implemented for host tests by setting
 * the thread's GS base (test/unit/support/processor_fake.c). */
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
    void *vmxon;          /* the VMXON region; NULL: VMX is off */
    struct guest *vmcs;   /* whose VMCS is current */
    struct guest *loaded; /* whose FPU, debug registers and MSRs are in */
    struct guest *ready;  /* both of these, and not `mixed`; or NULL */
    bool mixed; /* others' data may be in the caches beside `loaded`'s */
};

struct processor {
    unsigned index; /* 0: the one the machine was started on */
    uint32_t apic_id;
    struct processor *self;  /* at GS:8 */
    struct run_queue *queue; /* kernel/task.c */
    uint64_t next_timer;     /* kernel/time.c: a TSC; UINT64_MAX: none is due */
    struct domain *domain;   /* kernel/domain.h: the one it is in, or NULL */
    struct domain *worked;   /* the one it was in last */
    uint64_t map_seen;       /* arch/paging.c: guards it knows of */
    struct vmx_processor vmx;
    void (*leave_guests)(void); /* turns VMX off; NULL: it is */
};

extern struct processor processor_boot;

_Static_assert(offsetof(struct processor, self) == 8, "at GS:8");

/* The one that runs this. */
static inline struct processor *processor_here(void)
{
    return *(struct processor *const __seg_gs *)8;
}

/* This processor works for somebody else now: before its guest goes on, the
 * first-level cache is to be cleared where the guest could see what is in it
 * (arch/vmx/guest_switch.c). */
static inline void processor_mix(struct processor *here)
{
    here->vmx.mixed = true;
    here->vmx.ready = NULL;
}

/* False until the boot processor's GS base is set: then nobody may ask. */
bool processor_known(void);

/* Makes `processor` what processor_here() says on this processor. */
void processor_set_here(struct processor *processor);

/* All that run, the boot processor first; processor_add() makes one more of
 * them, whose index is their number before. */
unsigned processor_count(void);
void processor_add(struct processor *processor);

/* Has every other processor leave VMX and halt for ever, whatever it does;
 * waits for it a while. Before the machine is turned off, and when Lintel
 * panics. */
void processor_stop_others(void);

/* Takes this processor out of the mode that runs guests, for good: before it
 * halts, or the machine is turned off. */
void processor_leave_guests(void);

/* For the NMI handler: does not return if that was meant. */
void processor_stop_if_asked(void);
