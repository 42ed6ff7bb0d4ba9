/* Extended page tables, in the largest pages that alignment and the
 * processor allow, write-back throughout. Called while a VM is built and
 * torn down. Accesses to addresses that are not mapped are accesses to
 * devices. SDM 3C 29.3 (the format), 29.4 (when to flush). */
#include "arch/vmx/ept.h"

#include <stddef.h>

#include "arch/page_source.h"
#include "arch/regs.h"
#include "arch/vmx/vmx_state.h"
#include "kernel/base/log.h"

#define ENTRY_COUNT   512U
#define ENTRY_WB      ((uint64_t)MEMORY_WB << 3)
#define ENTRY_IPAT    (1ULL << 6) /* ignore PAT */
#define ENTRY_LARGE   (1ULL << 7)
#define ENTRY_ADDRESS 0x000ffffffffff000ULL
#define TOP_LEVEL     4U
#define LEVEL_BITS    9U
#define PAGE_BITS     12U

/* Levels count from 1 (4 KiB pages) to 4 (the root). */
static unsigned level_shift(unsigned level)
{
    return PAGE_BITS + LEVEL_BITS * (level - 1);
}

static uint64_t level_size(unsigned level)
{
    return 1ULL << level_shift(level);
}

static unsigned level_index(uint64_t gpa, unsigned level)
{
    return (unsigned)(gpa >> level_shift(level)) % ENTRY_COUNT;
}

static bool is_leaf(uint64_t entry, unsigned level)
{
    return level == 1 || (entry & ENTRY_LARGE);
}

static uint64_t *table_of(uint64_t entry)
{
    return (uint64_t *)(uintptr_t)(entry & ENTRY_ADDRESS);
}

static unsigned largest_level(void)
{
    if (vmx_machine.ept_vpid & EPT_CAP_1G) {
        return 3;
    }
    return vmx_machine.ept_vpid & EPT_CAP_2M ? 2 : 1;
}

/* The level of the largest page that begins at both addresses and fits into
 * `size`. */
static unsigned fitting_level(uint64_t gpa, uint64_t hpa, uint64_t size)
{
    unsigned level = largest_level();
    while (level > 1 && (((gpa | hpa) & (level_size(level) - 1)) ||
                         size < level_size(level))) {
        level--;
    }
    return level;
}

bool ept_init(struct ept *ept, struct page_source *pages)
{
    ept->pages = pages;
    ept->root = pages->alloc(pages);
    return ept->root != NULL;
}

/* Replaces the entry, which is empty or a large page, by a table of the
 * level below that maps the same. */
static bool make_table(struct ept *ept, uint64_t *entry, unsigned level)
{
    uint64_t *table = ept->pages->alloc(ept->pages);
    if (!table) {
        return false;
    }
    if (*entry & EPT_RWX) {
        uint64_t leaf = level - 1 == 1 ? *entry & ~ENTRY_LARGE : *entry;
        for (unsigned i = 0; i < ENTRY_COUNT; i++) {
            table[i] = leaf + i * level_size(level - 1);
        }
    }
    *entry = (uintptr_t)table | EPT_RWX;
    return true;
}

static void free_table(struct ept *ept, uint64_t *table, unsigned level)
{
    for (unsigned i = 0; i < ENTRY_COUNT && level > 1; i++) {
        if ((table[i] & EPT_RWX) && !is_leaf(table[i], level)) {
            free_table(ept, table_of(table[i]), level - 1);
        }
    }
    ept->pages->free(ept->pages, table);
}

/* Maps one page. *replaced is set if something else was mapped there: then
 * old translations have to be flushed. */
static bool map_one(struct ept *ept, uint64_t gpa, unsigned leaf_level,
                    uint64_t leaf, bool *replaced)
{
    uint64_t *table = ept->root;
    for (unsigned level = TOP_LEVEL; level > leaf_level; level--) {
        uint64_t *entry = &table[level_index(gpa, level)];
        if (!(*entry & EPT_RWX) || is_leaf(*entry, level)) {
            *replaced |= *entry & EPT_RWX;
            if (!make_table(ept, entry, level)) {
                return false;
            }
        }
        table = table_of(*entry);
    }
    uint64_t *entry = &table[level_index(gpa, leaf_level)];
    if (*entry & EPT_RWX) {
        *replaced = true;
        if (!is_leaf(*entry, leaf_level)) {
            free_table(ept, table_of(*entry), leaf_level - 1);
        }
    }
    *entry = leaf | (leaf_level > 1 ? ENTRY_LARGE : 0);
    return true;
}

bool ept_map(struct ept *ept, uint64_t gpa, uint64_t hpa, uint64_t size,
             unsigned access)
{
    bool replaced = false;
    bool mapped = true;

    while (size && mapped) {
        unsigned level = fitting_level(gpa, hpa, size);
        /* Lintel maps the same RAM write-back, too. IPAT keeps the guest's PAT
         * from making it UC or WC (SDM 3C 29.3.7.2): memory that has two types
         * at once is undefined (3A 12.12.4). */
        uint64_t leaf = hpa | ENTRY_WB | ENTRY_IPAT | (access & EPT_RWX);
        mapped = map_one(ept, gpa, level, leaf, &replaced);
        gpa += level_size(level);
        hpa += level_size(level);
        size -= level_size(level);
    }
    if (replaced) {
        vmx_flush_ept(ept_pointer(ept));
    }
    return mapped;
}

uint64_t ept_pointer(const struct ept *ept)
{
    uint64_t pointer = (uintptr_t)ept->root | MEMORY_WB | EPT_POINTER_4_LEVELS;
    if (vmx_machine.ept_vpid & EPT_CAP_ACCESSED_DIRTY) {
        pointer |= EPT_POINTER_ACCESSED_DIRTY;
    }
    return pointer;
}

void ept_destroy(struct ept *ept)
{
    if (!ept->root) {
        return;
    }
    uint64_t pointer = ept_pointer(ept);
    free_table(ept, ept->root, TOP_LEVEL);
    ept->root = NULL;
    vmx_flush_ept(pointer);
}

void ept_dump(uint64_t pointer, uint64_t gpa)
{
    uint64_t entry = pointer;
    log_error("EPT pointer %#llx, guest-physical address %#llx",
              (unsigned long long)pointer, (unsigned long long)gpa);
    for (unsigned level = TOP_LEVEL; level >= 1; level--) {
        entry = table_of(entry)[level_index(gpa, level)];
        log_error("EPT level %u: %#llx", level, (unsigned long long)entry);
        if (!(entry & EPT_RWX) || is_leaf(entry, level)) {
            return;
        }
    }
}
