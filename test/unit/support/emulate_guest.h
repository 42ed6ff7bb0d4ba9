/* A guest processor that is only its registers, for the tests of the page walk
 * and of the emulator: arch/vmx/guest.h without VMX. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/vmx/guest.h"
#include "vmm/memory/guest_memory.h"

struct guest {
    uint64_t regs[GUEST_REG_COUNT];
    uint64_t gprs[GPR_COUNT];
    /* What the emulator asked for. */
    unsigned reads;  /* guest_get() calls */
    unsigned writes; /* guest_set() and guest_set_gpr() calls */
    unsigned skips;
    unsigned skipped; /* bytes, of the last */
    unsigned faults;
    uint8_t vector;
    uint32_t error_code;
    uint64_t linear;
    bool dead; /* the next exception is the triple fault */
};

/* Flat 64-bit code at CPL 0 with 4-level paging from CR3 = 0x1000. */
void guest_fake_long(struct guest *guest);
/* Flat 32-bit protected mode without paging; 16-bit real mode. */
void guest_fake_flat32(struct guest *guest);
void guest_fake_real(struct guest *guest);

/* Maps a 4-KiB page in the 4-level tables that begin at `root`; tables it lacks
 * are taken from *next on. `bits` go into every entry. */
void guest_fake_map(const struct guest_memory *memory, uint64_t root,
                    uint64_t *next, uint64_t linear, uint64_t physical,
                    uint64_t bits);
