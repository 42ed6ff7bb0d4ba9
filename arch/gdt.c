/* Segments and the task state segment; arch/gdt.h has the contract. */

#include "arch/gdt.h"

#include "arch/cpu.h"
#include "arch/paging.h"
#include "arch/processor.h"
#include "arch/processor_setup.h"
#include "arch/regs.h"
#include "kernel/base/panic.h"

#define STACK_PAGES 3U /* the lowest page of each stack is a guard page */

/* SDM 3A Figure 8-11, as words: a structure with its odd offsets would have
 * to be packed. */
struct tss {
    uint32_t words[26];
};

#define TSS_IST_WORD(ist) (9U + 2U * ((ist)-1U))
#define TSS_IO_MAP_WORD   25U

_Static_assert(sizeof(struct tss) == 104, "SDM 3A Figure 8-11");

/* The tables of one processor. The stacks come first, since they begin with
 * guard pages. */
struct gdt {
    uint8_t stacks[GDT_IST_END - 1][STACK_PAGES * PAGE_SIZE];
    uint64_t entries[5];
    struct tss tss;
};

_Static_assert(sizeof(struct gdt) <= GDT_PAGES * PAGE_SIZE, "what gdt.h says");

static _Alignas(PAGE_SIZE) struct gdt boot;

void gdt_load(const struct descriptor_table *table);

/* SDM 3A Figure 3-8: present, ring 0; code with L, or writable data. */

/* SDM 3A Figure 8-4: an available 64-bit TSS, 16 bytes. */
static void set_tss_descriptor(struct gdt *gdt)
{
    uint64_t base = (uintptr_t)&gdt->tss;
    uint64_t limit = sizeof(gdt->tss) - 1;

    gdt->entries[GDT_TSS / 8] = (limit & 0xffff) | (base & 0xffffff) << 16 |
                                (uint64_t)(RIGHTS_P | TYPE_TSS) << 40 |
                                bits(base, 31, 24) << 56;
    gdt->entries[GDT_TSS / 8 + 1] = base >> 32;
}

static void fill(struct gdt *gdt)
{
    for (unsigned ist = 1; ist < GDT_IST_END; ist++) {
        uint64_t top = (uintptr_t)gdt->stacks[ist - 1] + sizeof(gdt->stacks[0]);
        gdt->tss.words[TSS_IST_WORD(ist)] = (uint32_t)top;
        gdt->tss.words[TSS_IST_WORD(ist) + 1] = (uint32_t)(top >> 32);
    }
    /* The offset lies behind the limit: there is no I/O permission map. */
    gdt->tss.words[TSS_IO_MAP_WORD] = (uint32_t)sizeof(struct tss) << 16;

    gdt->entries[GDT_CODE / 8] = DESCRIPTOR_CODE_64;
    gdt->entries[GDT_DATA / 8] = DESCRIPTOR_DATA;
    set_tss_descriptor(gdt);
}

static bool guard_stacks(struct gdt *gdt)
{
    bool good = true;

    for (unsigned ist = 1; ist < GDT_IST_END; ist++) {
        good &= paging_guard(gdt->stacks[ist - 1]);
    }
    return good;
}

bool gdt_prepare(void *pages)
{
    struct gdt *gdt = pages;

    fill(gdt);
    return guard_stacks(gdt);
}

void gdt_load_here(void *pages, struct processor *processor)
{
    struct gdt *gdt = pages;
    struct descriptor_table table = {
        .limit = sizeof(gdt->entries) - 1,
        .base = (uintptr_t)gdt->entries,
    };

    gdt_load(&table);
    /* Loading GS with a null selector has cleared its base. */
    processor_set_here(processor);
}

void gdt_init(void)
{
    processor_setup_cet();
    fill(&boot);
    gdt_load_here(&boot, &processor_boot);
}

void gdt_guard_stacks(void)
{
    if (!guard_stacks(&boot)) {
        panic("no page table for the exception stacks' guards");
    }
}
