/* The guest's address translation in software: from a linear address, through
 * the guest's page tables, to a guest-physical address. It makes every check
 * that the processor makes and sets the accessed and dirty bits. SDM 3A chapter
 * 4.
 *
 * Not implemented are protection keys (CR4.PKE, CR4.PKS) and shadow stacks
 * (CR4.CET); CPUID must not offer them to the guest.
 *
 * Who calls it: vmm/cpu/emulate.c and vmm/cpu/emulate_memory.c for instruction
 * bytes and operands; reports, with WALK_PEEK. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vmm/memory/guest_memory.h"

struct guest;

enum walk_access {
    WALK_READ,
    WALK_WRITE,
    WALK_FETCH,
    WALK_PEEK /* for reports: checks no rights and sets no bits */
};

/* Whose rights an access has (SDM 3A 4.6). WALK_IMPLICIT is the processor's own
 * access to a descriptor table or TSS; RFLAGS.AC does not apply to it. */
enum walk_privilege {
    WALK_SUPERVISOR,
    WALK_USER,
    WALK_IMPLICIT
};

enum walk_result {
    WALK_OK,
    WALK_FAULT,   /* #PF; `fault` has its error code */
    WALK_NOT_RAM, /* a paging structure lies outside RAM, at fault.table */
    WALK_RACE     /* another processor keeps changing the entries; try later */
};

/* The address space in which to translate. */
struct walk_space {
    struct guest *guest;
    const struct guest_memory *memory;
    uint8_t physical_bits; /* the guest's MAXPHYADDR by its CPUID, 32 to 52 */
};

struct walk_fault {
    uint64_t linear;
    uint32_t error_code; /* of #PF (SDM 3A 4.7) */
    gpa_t table; /* where the entry outside RAM lies; only for WALK_NOT_RAM */
};

/* Translates `linear`. The caller has checked that it is canonical (4- and
 * 5-level paging) or below 4 GiB (other modes). `fault` is written only if the
 * result is not WALK_OK. */
enum walk_result walk_translate(const struct walk_space *space, uint64_t linear,
                                enum walk_access access,
                                enum walk_privilege privilege, gpa_t *out,
                                struct walk_fault *fault);

/* The paging-structure entries that a translation used. The translation stays
 * the same as long as CR3, the paging mode and these entries do not change.
 * Access rights are not covered. */
struct walk_path {
    bool known;
    struct {
        const uint64_t *at; /* address in guest RAM */
        uint64_t value;
    } entries[4]; /* if the page is large, the last entry is repeated */
};

/* Does what walk_translate() does, and also returns the path. path->known is
 * true only for 4-level paging with all A and D bits set before. */
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

/* Are all entries unchanged? path->known must be true. */
static inline bool walk_path_holds(const struct walk_path *path)
{
    return (walk_path_change(path, 0) | walk_path_change(path, 1) |
            walk_path_change(path, 2) | walk_path_change(path, 3)) == 0;
}

/* Copies up to `length` bytes at `linear`, for reports (code bytes, stack).
 * Checks no rights and has no side effects. Returns how many bytes could be
 * read. */
size_t walk_peek(const struct walk_space *space, uint64_t linear, void *to,
                 size_t length);
