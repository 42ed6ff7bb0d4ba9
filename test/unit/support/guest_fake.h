/* A processor for host tests of arch/vmx/guest*.c: a VMCS that is an array, and
 * a guest that "exits" with what the test put there. */
#pragma once

#include "arch/vmx/guest_state.h"

#define FAKE_READ  1U
#define FAKE_WRITE 2U

struct fake {
    uint64_t field[0x7000];
    unsigned reads;
    unsigned writes;
    unsigned machine_checks; /* that went to the host */
    unsigned dispatched;     /* the last vector that went to the host */
    unsigned vpid_flushes;
    uint64_t dr6;
    uint8_t passed[0x100]; /* FAKE_*: MSRs 0x800 up that do not exit */
    uint8_t spec_passed;   /* the same for IA32_SPEC_CTRL */
    uint64_t spec_ctrl;    /* the last value written to it */
    uint64_t lstar;        /* the processor's IA32_LSTAR */
    unsigned msr_writes;   /* of MSRs that guests have to themselves */
    /* Called in place of the VM entry. */
    void (*entry)(struct guest *guest);
};

extern struct fake fake;

/* A guest in 64-bit mode that has run once, so nothing is cached or dirty. */
struct guest *fake_guest(void);

/* Runs it to an exit of this reason. */
void fake_exit(struct guest *guest, struct exit *exit, unsigned reason);
