/* Finds the reason why a VM entry failed: repeats the checks of SDM 3C
 * 27.3.1 in software, on a copy of the guest-state fields. The checks are
 * pure, and host tests run them. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "arch/regs.h"
#include "arch/vmx/exit_reason.h"

struct entry_segment {
    uint64_t selector;
    uint64_t base;
    uint64_t limit;
    uint64_t rights;
};

struct entry_state {
    uint64_t entry_controls;
    uint64_t interruption;
    uint64_t cr0;
    uint64_t cr3;
    uint64_t cr4;
    uint64_t dr7;
    uint64_t debugctl;
    uint64_t pat;
    uint64_t efer;
    uint64_t sysenter_esp;
    uint64_t sysenter_eip;
    struct entry_segment segment[SEGMENT_COUNT];
    uint64_t gdtr_base;
    uint64_t gdtr_limit;
    uint64_t idtr_base;
    uint64_t idtr_limit;
    uint64_t rip;
    uint64_t rflags;
    uint64_t activity;
    uint64_t interruptibility;
    uint64_t pending_debug;
    uint64_t link_pointer;
    /* The limits of the processor. */
    uint64_t cr0_fixed0;
    uint64_t cr0_fixed1;
    uint64_t cr4_fixed0;
    uint64_t cr4_fixed1;
    unsigned physical_bits;
};

/* What is wrong, and the wrong value. `text` NULL: nothing was found. */
struct entry_fault {
    const char *what;
    uint64_t value;
};

/* For the functions that check: each returns a fault. */
#define ENTRY_FAULT(text, wrong) ((struct entry_fault){text, wrong})
#define ENTRY_FINE               ENTRY_FAULT(NULL, 0)
#define REFUSE(condition, text, wrong)                                         \
    do {                                                                       \
        if (condition) {                                                       \
            return ENTRY_FAULT(text, wrong);                                   \
        }                                                                      \
    } while (0)

struct entry_fault vmx_entry_check(const struct entry_state *state);

/* Logs why the last entry failed. Its VMCS is current. */
void vmx_entry_check_log(enum exit_reason reason, uint64_t qualification);
