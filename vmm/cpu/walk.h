/* The guest's own address translation, done in software: linear address to
 * guest-physical address through the guest's page tables, with every check of
 * the processor and the accessed and dirty bits.
 *
 * Who calls it: vmm/cpu/emulate.c and vmm/cpu/emulate_memory.c for instruction
 * bytes and operands; the reports, which only look (WALK_PEEK).  SDM 3A chapter
 * 4.
 *
 * Not done: protection keys (CR4.PKE, CR4.PKS) and shadow stacks (CR4.CET);
 * CPUID must not offer them to the guest. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vmm/memory/guest_memory.h"

struct guest;

enum walk_access {
    WALK_READ,
    WALK_WRITE,
    WALK_FETCH,
    WALK_PEEK /* no rights are checked and no bit is set: for reports */
};

/* SDM 3A 4.6. An implicit access (descriptor tables, TSS) ignores RFLAGS.AC. */
enum walk_privilege {
    WALK_SUPERVISOR,
    WALK_USER,
    WALK_IMPLICIT
};

enum walk_result {
    WALK_OK,
    WALK_FAULT,   /* `fault` says which #PF */
    WALK_NOT_RAM, /* a table lies outside RAM: fault.table */
    WALK_RACE     /* another processor keeps changing the tables; try later */
};

/* Whose memory. */
struct walk_space {
    struct guest *guest;
    const struct guest_memory *memory;
    uint8_t physical_bits; /* MAXPHYADDR as the guest's CPUID says, 32 to 52 */
};

struct walk_fault {
    uint64_t linear;
    uint32_t error_code; /* SDM 3A 4.7 */
    gpa_t table;         /* of WALK_NOT_RAM: the entry's address */
};

/* Translates `linear`, which the caller found canonical (4- and 5-level
 * paging) or below 4 GiB (the other modes). `fault` is written only when the
 * answer is not WALK_OK. */
enum walk_result walk_translate(const struct walk_space *space, uint64_t linear,
                                enum walk_access access,
                                enum walk_privilege privilege, gpa_t *out,
                                struct walk_fault *fault);

/* The entries that a translation hung on. As long as CR3 and all of them are
 * what they were, and the mode is, the translation is; rights aside. */
struct walk_path {
    bool known;
    struct {
        const uint64_t *at; /* in guest RAM */
        uint64_t value;
    } entries[4]; /* with large pages, the last one repeated */
};

/* walk_translate(), which also tells the path, if it was an ordinary one of
 * 4-level paging. */
enum walk_result walk_trace(const struct walk_space *space, uint64_t linear,
                            enum walk_access access,
                            enum walk_privilege privilege, gpa_t *out,
                            struct walk_fault *fault, struct walk_path *path);

static inline uint64_t walk_path_change(const struct walk_path *path,
                                        unsigned i)
{
    return __atomic_load_n(path->entries[i].at, __ATOMIC_RELAXED) ^
           path->entries[i].value;
}

/* Only of a known path. */
static inline bool walk_path_holds(const struct walk_path *path)
{
    return (walk_path_change(path, 0) | walk_path_change(path, 1) |
            walk_path_change(path, 2) | walk_path_change(path, 3)) == 0;
}

/* Copies up to `length` bytes at `linear` without checks or side effects (code
 * bytes, stack dumps); returns how many could be read. */
size_t walk_peek(const struct walk_space *space, uint64_t linear, void *to,
                 size_t length);
