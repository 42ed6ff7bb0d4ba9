/* Segments and the task state segment; arch/gdt.h has the contract. */

#include "arch/gdt.h"

#include "arch/cpu.h"
#include "arch/paging.h"
#include "arch/processor.h"
#include "kernel/panic.h"

#define PAGE        4096U
#define STACK_PAGES 3U /* the lowest is the guard */

/* SDM 3A Figure 8-11, without the packing that its odd offsets would take. */
struct tss {
    uint32_t words[26];
};

#define TSS_IST_WORD(ist) (9U + 2U * ((ist)-1U))
#define TSS_IO_MAP_WORD   25U

_Static_assert(sizeof(struct tss) == 104, "SDM 3A Figure 8-11");

static struct {
    uint64_t entries[5];
    struct tss tss;
} processor;

static _Alignas(PAGE) uint8_t stacks[GDT_IST_END - 1][STACK_PAGES * PAGE];

void gdt_load(const struct descriptor_table *table);

/* SDM 3A Figure 3-8: present, ring 0; code with L, or writable data. */
#define CODE_DESCRIPTOR 0x00209b0000000000ULL
#define DATA_DESCRIPTOR 0x0000930000000000ULL

/* SDM 3A Figure 8-4: an available 64-bit TSS, 16 bytes. */
static void set_tss_descriptor(uint64_t base, uint32_t limit)
{
    processor.entries[3] = (limit & 0xffff) | (base & 0xffffff) << 16 |
                           0x89ULL << 40 | bits(base, 31, 24) << 56;
    processor.entries[4] = base >> 32;
}

void gdt_init(void)
{
    struct descriptor_table table = {
        .limit = sizeof(processor.entries) - 1,
        .base = (uintptr_t)processor.entries,
    };

    for (unsigned ist = 1; ist < GDT_IST_END; ist++) {
        uint64_t top = (uintptr_t)stacks[ist - 1] + sizeof(stacks[0]);
        processor.tss.words[TSS_IST_WORD(ist)] = (uint32_t)top;
        processor.tss.words[TSS_IST_WORD(ist) + 1] = (uint32_t)(top >> 32);
    }
    /* Beyond the limit: there is no I/O permission map. */
    processor.tss.words[TSS_IO_MAP_WORD] = (uint32_t)sizeof(struct tss) << 16;

    processor.entries[GDT_CODE / 8] = CODE_DESCRIPTOR;
    processor.entries[GDT_DATA / 8] = DATA_DESCRIPTOR;
    set_tss_descriptor(gdt_tss_base(), sizeof(struct tss) - 1);
    gdt_load(&table);
    /* GS was loaded with a null selector, which cleared its base. */
    processor_set_here(&processor_boot);
}

uint64_t gdt_tss_base(void)
{
    return (uintptr_t)&processor.tss;
}

void gdt_guard_stacks(void)
{
    for (unsigned ist = 1; ist < GDT_IST_END; ist++) {
        if (!paging_guard(stacks[ist - 1])) {
            panic("no page table for the exception stacks' guards");
        }
    }
}
