/* Executes one guest instruction that accessed a device. The emulator fetches
 * the instruction's bytes through the guest's page tables, decodes them, does
 * what the processor would have done, and moves RIP on. Memory operands go to
 * RAM or to the device callback. It uses vmm/cpu/walk.h and vmm/cpu/decode.h.
 * SDM 1 chapters 3 and 7, 2A to 2D, 3A chapter 4.
 *
 * Not implemented are alignment checks (#AC), data breakpoints and protection
 * keys. A locked instruction on RAM is atomic only if its operand is naturally
 * aligned.
 *
 * Who calls it: vmm/vm/mmio.c after an EPT violation, vmm/vm/io.c for INS and
 * OUTS. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vmm/cpu/decode.h"
#include "vmm/cpu/walk.h"
#include "vmm/memory/access.h"

enum emulate_result {
    EMULATE_DONE,    /* executed; guest_skip() has moved RIP behind it */
    EMULATE_FAULT,   /* an exception is queued for the next entry */
    EMULATE_RESTART, /* a repetition has not ended, or another processor changed
                      * the operand; enter the guest at the same RIP */
    EMULATE_UNSUPPORTED, /* not in our table; #UD is queued; log `code` */
    EMULATE_BAD,         /* nothing answers the access `failed`; nothing is
                          * queued, and RIP is still at the instruction */
    EMULATE_TRIPLE /* the exception became a triple fault: stop the vCPU */
};

/* The instruction's bytes, for reports. */
struct emulate_code {
    uint8_t bytes[INSN_MAX_LENGTH];
    uint8_t fetched; /* how many bytes could be read */
    uint8_t length;  /* of the instruction; 0: it could not be decoded */
};

/* Remembers the last device accesses by plain moves, so that the same move at
 * the same RIP need not be fetched and decoded again (vmm/cpu/emulate_quick.c).
 * Each vCPU has one cache. It is all zero at first, and must be zeroed when the
 * VM's memory slots change. */
#define EMULATE_CACHE_SLOTS 64

struct emulate_cache_slot {
    uint64_t rip;
    uint64_t cr3;
    struct walk_path path;
    const uint8_t *code; /* the bytes in guest RAM; NULL: free slot */
    uint64_t low;        /* value of bytes 0 to 7 */
    uint64_t high;       /* value of bytes 7 to 14 */
    struct insn insn;
};

struct emulate_cache {
    struct emulate_cache_slot slots[EMULATE_CACHE_SLOTS]; /* by RIP */
};

/* The caller fills this in for each exit. The output fields are valid after an
 * emulate_*() function has returned. */
struct emulate_context {
    struct walk_space space;

    struct emulate_cache *cache; /* may be NULL */

    /* Answers accesses outside RAM. For a read it sets access->value. */
    enum access_result (*device)(void *device_context, struct access *access);
    void *device_context;

    /* From the exit: the page of `hint_linear` maps to the page of
     * `hint_gpa`. The processor has checked the right to read it, and the right
     * to write it if `hint_write`. */
    bool hint_valid;
    bool hint_write;
    uint64_t hint_linear;
    gpa_t hint_gpa;

    /* Output. */
    struct emulate_code code;
    struct access failed; /* for EMULATE_BAD: which access */
    bool failed_walk;     /* it read an entry of a page table */
};

/* Executes the instruction at RIP. INS and OUTS give EMULATE_UNSUPPORTED, since
 * this function does not check the guest's rights to ports. */
enum emulate_result emulate_run(struct emulate_context *context);

/* Executes the INS or OUTS at RIP that caused an I/O exit. `in` and `size` come
 * from the exit. If the bytes at RIP are now another instruction, does nothing
 * and returns EMULATE_RESTART. `port` answers the access; access.address is the
 * port number from DX. */
enum emulate_result emulate_string_io(
    struct emulate_context *context, bool in, uint8_t size,
    enum access_result (*port)(void *port_context, struct access *access),
    void *port_context);

/* Reads the bytes at RIP for a report. Raises no fault and sets no bits. */
void emulate_fetch(struct emulate_context *context, struct emulate_code *code);
