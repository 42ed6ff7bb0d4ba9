/* GDT and identity map for a guest's first instruction; see the header. */
#include "vmm/boot/boot_tables.h"

#include "arch/regs.h"
#include "vmm/memory/little_endian.h"

#define GIB          (1ULL << 30)
#define LARGE_PAGE   (2ULL << 20)
#define TABLE_LENGTH 512ULL
#define ENTRY_TABLE  (PTE_P | PTE_RW)
#define ENTRY_PAGE   (ENTRY_TABLE | PTE_PS)

/* All descriptors have base 0 and limit 4 GiB and are present and accessed;
 * code is executable and readable, data is writable (SDM 3A 3.4.5). */

bool boot_gdt_take(struct boot_space *space, struct boot_start *start)
{
    if (!boot_space_lowest(space, BOOT_GDT_SIZE, 16, MAP_BOOT_BASE, BOOT_4_GIB,
                           &start->gdt)) {
        return false;
    }
    start->gdt_limit = BOOT_GDT_SIZE - 1;
    start->code = BOOT_CODE;
    start->data = BOOT_DATA;
    return true;
}

void boot_gdt_put(const struct guest_memory *memory,
                  const struct boot_start *start)
{
    uint8_t *gdt = boot_space_bytes(memory, start->gdt, BOOT_GDT_SIZE);

    memset(gdt, 0, BOOT_GDT_SIZE);
    put64(gdt + BOOT_CODE,
          start->mode == BOOT_LONG ? DESCRIPTOR_CODE_64 : DESCRIPTOR_CODE_32);
    put64(gdt + BOOT_DATA, DESCRIPTOR_DATA);
}

static uint64_t tables_for(uint64_t count)
{
    return (count + TABLE_LENGTH - 1) / TABLE_LENGTH;
}

bool boot_paging_take(struct boot_space *space, uint64_t end, bool gib_pages,
                      struct boot_paging *paging)
{
    uint64_t gibs = align_up(end, GIB) / GIB;
    uint64_t tables = 1 + tables_for(gibs) +
                      (gib_pages ? 0 : gibs); /* one PML4, the PDPTs, the PDs */

    paging->size = tables * BOOT_PAGE;
    paging->end = gibs * GIB;
    paging->gib_pages = gib_pages;
    return boot_space_lowest(space, paging->size, BOOT_PAGE, MAP_BOOT_BASE,
                             BOOT_4_GIB, &paging->base);
}

/* The tables of one level lie one behind the other, so their entries form
 * one long row. */
void boot_paging_put(const struct guest_memory *memory,
                     const struct boot_paging *paging)
{
    uint8_t *tables = boot_space_bytes(memory, paging->base, paging->size);
    uint64_t gibs = paging->end / GIB;
    uint64_t pdpts = tables_for(gibs);
    uint8_t *pdpt = tables + BOOT_PAGE;
    uint8_t *directory = pdpt + pdpts * BOOT_PAGE;
    uint64_t at = paging->base + BOOT_PAGE;

    memset(tables, 0, paging->size);
    for (uint64_t i = 0; i < pdpts; i++) {
        put64(tables + 8 * i, (at + BOOT_PAGE * i) | ENTRY_TABLE);
    }
    at += pdpts * BOOT_PAGE;
    for (uint64_t i = 0; i < gibs; i++) {
        put64(pdpt + 8 * i, paging->gib_pages
                                ? (GIB * i) | ENTRY_PAGE
                                : (at + BOOT_PAGE * i) | ENTRY_TABLE);
    }
    for (uint64_t i = 0; !paging->gib_pages && i < gibs * TABLE_LENGTH; i++) {
        put64(directory + 8 * i, (LARGE_PAGE * i) | ENTRY_PAGE);
    }
}
