/* The extended page tables of one VM (SDM 3C 29.3), in the largest pages
 * that fit and that the processor offers. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct page_source;

struct ept {
    uint64_t *root;
    struct page_source *pages;
};

#define EPT_READ  1U
#define EPT_WRITE 2U
#define EPT_EXEC  4U
#define EPT_RWX   7U

/* False: out of pages. */
bool ept_init(struct ept *ept, struct page_source *pages);

/* Maps [gpa, gpa + size) to [hpa, ...), write-back whatever the guest's PAT
 * and MTRRs say: it has to be RAM. All three are multiples of 4 KiB. False:
 * out of pages. What was mapped so far stays then, and the caller destroys the
 * tables. */
bool ept_map(struct ept *ept, uint64_t gpa, uint64_t hpa, uint64_t size,
             unsigned access);

/* The EPT pointer for guest_create(). */
uint64_t ept_pointer(const struct ept *ept);

/* Gives all tables back, and flushes the translations that the processor
 * cached (INVEPT). */
void ept_destroy(struct ept *ept);

/* Logs the entries for `gpa`, one line for each level. */
void ept_dump(uint64_t pointer, uint64_t gpa);
