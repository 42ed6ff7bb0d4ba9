/* The run loop of a virtual processor (vmm/vm/vcpu.c, vcpu_events.c, exits.c)
 * with the real local APIC, over a processor that plays a script: each entry
 * into the guest calls the next step, which does what the guest does and says
 * how it exits. For the tests vcpu_*test.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vmm/vm/vcpu.h"
#include "vmm/vm/vm.h"

#define HLT_LENGTH 1

struct guest {
    uint64_t rflags;
    uint64_t rip;
    uint64_t rax;
    uint64_t ss_rights;
    bool nmi_blocked;
    bool interrupt_window;
    bool nmi_window;
    int injected; /* a vector for this entry; -1: none */
    uint8_t rvi;  /* of a virtual APIC */
    uint8_t svi;
    bool takes_posts;
    uint64_t posted[4];
    bool outstanding; /* a notification */
    unsigned resets;
    unsigned clock_resets;
};

typedef enum exit_reason (*rig_step)(struct guest *guest);

struct vcpu_rig {
    struct guest guest;
    struct vm vm;
    struct vcpu first;
    struct vcpu second;     /* its state alone counts */
    struct vcpu *vcpu;      /* the first */
    const rig_step *script; /* ends with NULL: the VM is stopped */
    unsigned entries;
    unsigned yields;
    unsigned ends; /* of turns */
    unsigned waits;
    unsigned refusals; /* times that other tasks want the processor first */
    unsigned logs;
    unsigned paces;  /* waits for the reports of the machine */
    unsigned leaves; /* of the guest from its processor */
    unsigned moves;
    bool others_idle; /* there is a processor with nothing to do */
    struct config_entry config;
    unsigned interrupts;         /* of a run that another processor sees */
    unsigned notifications;      /* of posted interrupts */
    void (*while_waiting)(void); /* what comes from outside, once */
    bool work;
    struct timer *armed;
    enum vm_end end;
    unsigned crashes;
    char crash[200]; /* what the last one said */
};

extern struct vcpu_rig rig;

/* Before each test. */
int rig_start(void **state);

/* A second one, in that state, which does not run. */
void rig_add_second(enum vcpu_state its);

/* Runs the script to its end, where the VM is stopped. */
void rig_run(const rig_step *steps);

/* Steps, and what comes from outside. */
enum exit_reason rig_halts(struct guest *which);
enum exit_reason rig_interrupted_by_0x41(struct guest *which);
enum exit_reason rig_takes_nmi(struct guest *which);
void rig_send_0x41(void);
void rig_send_nmi(void);
enum exit_reason rig_goes_on(struct guest *which);
