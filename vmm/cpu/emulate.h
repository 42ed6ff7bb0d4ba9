/* Executes one guest instruction that touched a device: fetches its bytes
 * through the guest's page tables, decodes it, does what the processor would
 * have done, and moves RIP on. Memory operands go to RAM or to the device
 * callback, page by page.
 *
 * Who calls it: vmm/vm/mmio.c after an EPT violation, vmm/vm/io.c for INS and
 * OUTS. Below: vmm/cpu/walk.h, vmm/cpu/decode.h.  SDM 1 chapter 3 and 7, 2A to
 * 2D, 3A 4.
 *
 * Not done: alignment checks (#AC), data breakpoints, protection keys; a locked
 * instruction on RAM is atomic only if its operand is naturally aligned. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vmm/cpu/decode.h"
#include "vmm/cpu/walk.h"
#include "vmm/memory/access.h"

enum emulate_result {
    EMULATE_DONE,    /* executed; RIP is behind it (guest_skip was called) */
    EMULATE_FAULT,   /* the guest's exception is queued for the next entry */
    EMULATE_RESTART, /* not finished (REP), or lost a race: run the guest
                        again at the same RIP, state is consistent */
    EMULATE_UNSUPPORTED, /* not in the table: #UD is queued; log `code` */
    EMULATE_BAD,         /* `failed` was not handled; nothing is queued, RIP
                            stands at the instruction: the caller decides */
    EMULATE_TRIPLE /* the exception became a triple fault: stop the vCPU */
};

/* The instruction's bytes, for reports. */
struct emulate_code {
    uint8_t bytes[INSN_MAX_LENGTH];
    uint8_t fetched; /* how many of them are there */
    uint8_t length;  /* of the instruction; 0: not decoded */
};

/* The last device accesses by plain moves, so that the same move at the same
 * place is not fetched and decoded anew: vmm/cpu/emulate_quick.c. One for each
 * vCPU, all zero at first and whenever the VM's memory slots change. */
#define EMULATE_CACHE_SLOTS 64

struct emulate_cache_slot {
    uint64_t rip;
    uint64_t cr3;
    struct walk_path path;
    const uint8_t *code; /* in guest RAM; NULL: the slot is free */
    uint64_t low;        /* what stands there: bytes 0 to 7, */
    uint64_t high;       /* and 7 to 14 */
    struct insn insn;
};

struct emulate_cache {
    struct emulate_cache_slot slots[EMULATE_CACHE_SLOTS]; /* by RIP */
};

/* Fill it for each exit. Output fields are valid after emulate_*() returned. */
struct emulate_context {
    struct walk_space space;

    struct emulate_cache *cache; /* may be NULL */

    /* Accesses outside RAM; it sets access->value of reads. */
    enum access_result (*device)(void *device_context, struct access *access);
    void *device_context;

    /* What the exit told: this linear page is at this guest-physical page, and
     * the processor has checked the rights, for writes if `hint_write`. */
    bool hint_valid;
    bool hint_write;
    uint64_t hint_linear;
    gpa_t hint_gpa;

    /* Output. */
    struct emulate_code code;
    struct access failed; /* of EMULATE_BAD */
};

/* Executes the instruction at RIP. INS and OUTS are refused here
 * (UNSUPPORTED): only the processor has checked the rights to a port. */
enum emulate_result emulate_run(struct emulate_context *context);

/* Executes the INS or OUTS at RIP that caused an I/O exit. `in` and `size` are
 * the exit's: when the bytes at RIP say another thing, the guest has changed
 * them and nothing is done (RESTART). The port is DX; `port` answers it, its
 * access.address is the port number. */
enum emulate_result emulate_string_io(
    struct emulate_context *context, bool in, uint8_t size,
    enum access_result (*port)(void *port_context, struct access *access),
    void *port_context);

/* The bytes at RIP, for a report: no fault is raised, no bit set. */
void emulate_fetch(struct emulate_context *context, struct emulate_code *code);
