/* The page walk; see the header. One loop, descend(), serves all paging modes;
 * page_shift() and reserved_bits() hold their differences. */
#include "vmm/cpu/walk.h"

#include "arch/msr.h"
#include "arch/regs.h"
#include "arch/vmx/guest.h"
#include "kernel/base/string.h"

/* How often a walk is tried if another processor changes an entry before its A
 * or D bit can be set. */
#define ATTEMPTS 8

#define MAX_LEVELS 5

enum paging {
    PAGING_32,
    PAGING_PAE,
    PAGING_LONG
};

struct walk {
    const struct walk_space *space;
    uint64_t linear;
    uint64_t cr4;
    uint64_t efer;
    enum walk_access access;
    enum walk_privilege privilege;
    enum paging paging;
    unsigned level;  /* of the present entry; 1 is the page table */
    uint64_t rights; /* RW and US: AND over all levels; XD: OR */
    uint64_t entry;
    gpa_t table;
    /* The entries used so far; their A and D bits are set at the end. */
    unsigned used;
    gpa_t entry_at[MAX_LEVELS];
    uint64_t entry_was[MAX_LEVELS];
};

static uint64_t low_bits(unsigned count)
{
    return (1ULL << count) - 1;
}

/* Reads the paging-structure entry at `at`, 4 or 8 bytes, with one load. */
static bool read_entry(const struct guest_memory *memory, enum paging paging,
                       gpa_t at, uint64_t *entry)
{
    if (paging != PAGING_32) {
        return guest_memory_read64(memory, at, entry);
    }
    if (!guest_memory_read64(memory, gpa(at.value & ~7ULL), entry)) {
        return false;
    }
    *entry = (uint32_t)(*entry >> (8 * (at.value & 4)));
    return true;
}

/* Replaces the entry if it still has the value `was`. False: it has changed. */
static bool update_entry(const struct guest_memory *memory, enum paging paging,
                         gpa_t at, uint64_t was, uint64_t now)
{
    unsigned shift = 8 * (at.value & 4);
    gpa_t word_at = gpa(at.value & ~7ULL);
    uint64_t word = 0;

    if (paging != PAGING_32) {
        return guest_memory_update64(memory, at, was, now);
    }
    if (!guest_memory_read64(memory, word_at, &word) ||
        (uint32_t)(word >> shift) != was) {
        return false;
    }
    return guest_memory_update64(memory, word_at, word,
                                 (word & ~(0xffffffffULL << shift)) |
                                     now << shift);
}

static bool is_page(const struct walk *walk)
{
    if (walk->level == 1) {
        return true;
    }
    if ((walk->entry & PTE_PS) == 0) {
        return false;
    }
    if (walk->paging == PAGING_32) {
        return (walk->cr4 & CR4_PSE) != 0;
    }
    return walk->level == 2 ||
           (walk->level == 3 && walk->paging == PAGING_LONG);
}

/* Returns how many bits of the linear address are the offset into a page that
 * an entry of this level maps. */
static unsigned page_shift(const struct walk *walk)
{
    return walk->paging == PAGING_32 ? 12 + 10 * (walk->level - 1)
                                     : 12 + 9 * (walk->level - 1);
}

/* Returns the bits that must be 0 in the present entry (SDM 3A 4.3, 4.4.2,
 * 4.5.4). */
static uint64_t reserved_bits(const struct walk *walk)
{
    unsigned physical_bits = walk->space->physical_bits;
    bool page = is_page(walk);
    uint64_t reserved = 0;

    if (walk->paging == PAGING_32) {
        /* An entry for a 4-MiB page holds address bits 39:32 in its bits
         * 20:13. */
        unsigned wide = physical_bits < 40 ? physical_bits : 40;

        return walk->level == 2 && page
                   ? low_bits(22) & ~low_bits(wide - 32 + 13)
                   : 0;
    }
    reserved = low_bits(52) & ~low_bits(physical_bits);
    if ((walk->efer & EFER_NXE) == 0) {
        reserved |= PTE_XD;
    }
    if (walk->paging == PAGING_PAE) {
        reserved |= low_bits(63) & ~low_bits(52);
        if (walk->level == 3) {
            return reserved | PTE_XD | PDPTE_RESERVED;
        }
    } else if (walk->level >= 4) {
        return reserved | PTE_PS;
    }
    if (page && walk->level > 1) {
        /* Bit 12 is PAT, which is not reserved. */
        reserved |= low_bits(page_shift(walk)) & ~low_bits(13);
    }
    return reserved;
}

static uint32_t access_code(const struct walk *walk)
{
    uint32_t code = 0;

    if (walk->access == WALK_WRITE) {
        code |= PF_W;
    }
    if (walk->privilege == WALK_USER) {
        code |= PF_U;
    }
    if (walk->access == WALK_FETCH &&
        ((walk->cr4 & CR4_SMEP) != 0 ||
         ((walk->cr4 & CR4_PAE) != 0 && (walk->efer & EFER_NXE) != 0))) {
        code |= PF_I;
    }
    return code;
}

static enum walk_result raise_fault(const struct walk *walk, uint32_t why,
                                    struct walk_fault *fault)
{
    fault->linear = walk->linear;
    fault->error_code = access_code(walk) | why;
    return WALK_FAULT;
}

/* Do the collected rights allow the access (SDM 3A 4.6.1)? */
static bool allowed(const struct walk *walk)
{
    bool user_page = (walk->rights & PTE_US) != 0;
    bool user = walk->privilege == WALK_USER;
    struct guest *guest = walk->space->guest;

    if (walk->access == WALK_PEEK) {
        return true;
    }
    if (user && !user_page) {
        return false;
    }
    if (walk->access == WALK_FETCH) {
        return (walk->rights & PTE_XD) == 0 &&
               (user || !user_page || (walk->cr4 & CR4_SMEP) == 0);
    }
    if (!user && user_page && (walk->cr4 & CR4_SMAP) != 0 &&
        (walk->privilege == WALK_IMPLICIT ||
         (guest_get(guest, GUEST_RFLAGS) & RFLAGS_AC) == 0)) {
        return false;
    }
    if (walk->access == WALK_WRITE && (walk->rights & PTE_RW) == 0) {
        return !user && (guest_get(guest, GUEST_CR0) & CR0_WP) == 0;
    }
    return true;
}

/* Sets A in all entries used, and D in the last one if the access writes.
 * False: an entry has changed since it was read. */
static bool set_accessed(const struct walk *walk)
{
    for (unsigned i = 0; i < walk->used; i++) {
        uint64_t was = walk->entry_was[i];
        uint64_t now = was | PTE_A;

        if (i + 1 == walk->used && walk->access == WALK_WRITE) {
            now |= PTE_D;
        }
        if (now != was && !update_entry(walk->space->memory, walk->paging,
                                        walk->entry_at[i], was, now)) {
            return false;
        }
    }
    return true;
}

static gpa_t page_address(const struct walk *walk)
{
    uint64_t offset = low_bits(page_shift(walk));
    uint64_t base = walk->entry & PTE_ADDRESS & ~offset;

    if (walk->paging == PAGING_32 && walk->level == 2) {
        base |= (walk->entry >> 13 & 0xff) << 32;
    }
    return gpa(base | (walk->linear & offset));
}

/* Walks from the top table down to the page. */
static enum walk_result descend(struct walk *walk, struct walk_fault *fault)
{
    unsigned index_bits = walk->paging == PAGING_32 ? 10 : 9;
    unsigned entry_size = walk->paging == PAGING_32 ? 4 : 8;

    for (;; walk->level--) {
        uint64_t index =
            walk->linear >> page_shift(walk) & low_bits(index_bits);
        gpa_t at = gpa(walk->table.value + index * entry_size);
        bool pdpte = walk->paging == PAGING_PAE && walk->level == 3;

        if (!read_entry(walk->space->memory, walk->paging, at, &walk->entry)) {
            fault->linear = walk->linear;
            fault->error_code = 0;
            fault->table = at;
            return WALK_NOT_RAM;
        }
        if ((walk->entry & PTE_P) == 0) {
            return raise_fault(walk, 0, fault);
        }
        if ((walk->entry & reserved_bits(walk)) != 0) {
            return raise_fault(walk, PF_P | PF_RSVD, fault);
        }
        if (!pdpte) { /* a PDPTE has no rights and no A bit */
            walk->rights &= walk->entry | PTE_XD;
            walk->rights |= walk->entry & PTE_XD;
            walk->entry_at[walk->used] = at;
            walk->entry_was[walk->used++] = walk->entry;
        }
        if (is_page(walk)) {
            return allowed(walk) ? WALK_OK : raise_fault(walk, PF_P, fault);
        }
        walk->table = gpa(walk->entry & PTE_ADDRESS);
    }
}

/* Sets the walk's mode, first level and top table from the guest's registers.
 * False: paging is off. */
static bool start(struct walk *walk)
{
    struct guest *guest = walk->space->guest;
    uint64_t cr3 = 0;

    walk->efer = guest_get(guest, GUEST_EFER);
    if ((walk->efer & EFER_LMA) == 0 &&
        (guest_get(guest, GUEST_CR0) & CR0_PG) == 0) {
        return false;
    }
    walk->cr4 = guest_get(guest, GUEST_CR4);
    cr3 = guest_get(guest, GUEST_CR3);
    walk->rights = PTE_RW | PTE_US;
    walk->used = 0;
    if ((walk->efer & EFER_LMA) != 0) {
        walk->paging = PAGING_LONG;
        walk->level = (walk->cr4 & CR4_LA57) != 0 ? 5 : 4;
        walk->table = gpa(cr3 & PTE_ADDRESS);
    } else if ((walk->cr4 & CR4_PAE) != 0) {
        walk->paging = PAGING_PAE;
        walk->level = 3;
        walk->table = gpa(cr3 & CR3_PAE_ADDRESS);
    } else {
        walk->paging = PAGING_32;
        walk->level = 2;
        walk->table = gpa(cr3 & CR3_32_ADDRESS);
    }
    return true;
}

static enum walk_result translate(const struct walk_space *space,
                                  uint64_t linear, enum walk_access access,
                                  enum walk_privilege privilege, gpa_t *out,
                                  struct walk_fault *fault)
{
    struct walk walk;

    walk.space = space;
    walk.linear = linear;
    walk.access = access;
    walk.privilege = privilege;
    for (unsigned attempt = 0; attempt < ATTEMPTS; attempt++) {
        enum walk_result result = WALK_OK;

        if (!start(&walk)) {
            *out = gpa(linear);
            return WALK_OK;
        }
        result = descend(&walk, fault);
        if (result != WALK_OK) {
            return result;
        }
        if (access == WALK_PEEK || set_accessed(&walk)) {
            *out = page_address(&walk);
            return WALK_OK;
        }
    }
    return WALK_RACE;
}

/* Translates the usual case in few instructions: 4-level paging, access
 * allowed, A and D bits already set. It is quickest if the tables lie in the
 * first memory slot. False means that it is not the usual case; the caller then
 * does the whole walk. */
static bool translate_quickly(const struct walk_space *space, uint64_t linear,
                              enum walk_access access,
                              enum walk_privilege privilege, gpa_t *out,
                              struct walk_path *path)
{
    const struct guest_memory_slot *slot = &space->memory->slots[0];
    uint64_t efer = guest_get(space->guest, GUEST_EFER);
    uint64_t cr4 = guest_get(space->guest, GUEST_CR4);
    uint64_t table = guest_get(space->guest, GUEST_CR3) & PTE_ADDRESS;
    uint64_t needed = PTE_P | PTE_A;
    uint64_t refused = low_bits(52) & ~low_bits(space->physical_bits);
    uint64_t rights = PTE_US;
    const uint64_t *word = NULL;
    uint64_t entry = 0;
    unsigned shift = 39;
    unsigned count = 0;

    if ((efer & EFER_LMA) == 0 || (cr4 & CR4_LA57) != 0) {
        return false;
    }
    if (access == WALK_FETCH || (efer & EFER_NXE) == 0) {
        refused |= PTE_XD;
    }
    if (access == WALK_WRITE) {
        needed |= PTE_RW;
    }
    if (privilege == WALK_USER) {
        needed |= PTE_US;
    }
    for (;; shift -= 9) {
        uint64_t offset = table + (linear >> shift & 511) * 8 - slot->base;

        word = offset < slot->size
                   ? (const uint64_t *)(void *)(slot->host + offset)
                   : guest_memory_range(space->memory, gpa(offset + slot->base),
                                        8);
        if (word == NULL) {
            return false;
        }
        entry = __atomic_load_n(word, __ATOMIC_RELAXED);
        path->entries[count].at = word;
        path->entries[count++].value = entry;
        if ((entry & needed) != needed || (entry & refused) != 0) {
            return false;
        }
        rights &= entry;
        if (shift == 12) {
            break;
        }
        if ((entry & PTE_PS) != 0) {
            if (shift > 30 || (entry & low_bits(shift) & ~low_bits(13)) != 0) {
                return false;
            }
            break;
        }
        table = entry & PTE_ADDRESS;
    }
    if (privilege != WALK_USER && rights != 0 &&
        (cr4 & (CR4_SMEP | CR4_SMAP)) != 0) {
        return false;
    }
    if (access == WALK_WRITE && (entry & PTE_D) == 0) {
        return false;
    }
    *out = gpa((entry & PTE_ADDRESS & ~low_bits(shift)) |
               (linear & low_bits(shift)));
    for (; count < 4; count++) {
        path->entries[count] = path->entries[count - 1];
    }
    path->known = true;
    return true;
}

enum walk_result walk_trace(const struct walk_space *space, uint64_t linear,
                            enum walk_access access,
                            enum walk_privilege privilege, gpa_t *out,
                            struct walk_fault *fault, struct walk_path *path)
{
    if (translate_quickly(space, linear, access, privilege, out, path)) {
        return WALK_OK;
    }
    path->known = false;
    return translate(space, linear, access, privilege, out, fault);
}

enum walk_result walk_translate(const struct walk_space *space, uint64_t linear,
                                enum walk_access access,
                                enum walk_privilege privilege, gpa_t *out,
                                struct walk_fault *fault)
{
    struct walk_path path;

    return walk_trace(space, linear, access, privilege, out, fault, &path);
}

size_t walk_peek(const struct walk_space *space, uint64_t linear, void *to,
                 size_t length)
{
    size_t done = 0;

    while (done < length) {
        size_t piece = PAGE_SIZE - ((linear + done) & PAGE_OFFSET);
        gpa_t at = gpa(0);
        struct walk_fault fault;

        if (piece > length - done) {
            piece = length - done;
        }
        if (walk_translate(space, linear + done, WALK_PEEK, WALK_SUPERVISOR,
                           &at, &fault) != WALK_OK ||
            !guest_memory_read(space->memory, at, (uint8_t *)to + done,
                               piece)) {
            break;
        }
        done += piece;
    }
    return done;
}
