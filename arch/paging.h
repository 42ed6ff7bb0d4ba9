/* Lintel's own page tables: the whole machine mapped to itself, in the largest
 * pages that fit. Nothing is both writable and executable. SDM 3A chapter 4.
 *
 * Lintel's text is executable, its constants are read-only, all other RAM is
 * writable. The framebuffer is write-combining. Everything else below 4 GiB,
 * and the MMIO that the firmware names, is uncached. Page 0 is not mapped.
 * The firmware's runtime services are not executable until
 * paging_open_runtime(). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct boot_info;
struct page_source;

/* The number of pages that boot's pool needs for paging_init(), and for some
 * guards. It reads boot's memory map and framebuffer. */
size_t paging_pool_pages(const struct boot_info *boot);

/* Builds the tables from boot's pool and uses them, with CR0.WP, EFER.NXE
 * and, where the processor has them, SMEP, SMAP and UMIP. The firmware's
 * tables are free memory afterwards. Call it once, after efi_exit() and
 * before the page allocator gets anything. */
void paging_init(const struct boot_info *boot);

/* Sets the source of tables for later splits of large pages, when the pool
 * is empty. `source` must stay. */
void paging_set_source(struct page_source *source);

/* Unmap one 4 KiB page, so that an access faults; and map it again,
 * writable. Another processor may still use the old mapping until it calls
 * paging_catch_up(); then the guard does not stop it, but nothing else is
 * wrong. False: there is no page for a table, which only the first guard in
 * a 2 MiB or 1 GiB page may need. */
bool paging_guard(void *page);
bool paging_unguard(void *page);

/* Makes this processor forget mappings that other processors have guarded.
 * Call it before running on a stack that another processor may have made. */
void paging_catch_up(void);

/* Makes the page where other processors start executable while they do, and
 * writable otherwise. */
void paging_lend_code(uint64_t page, bool code);

/* True if the current page tables, Lintel's or the firmware's, map this
 * address. */
bool paging_is_mapped(uint64_t address);

/* CR3 for the other processors. */
uint64_t paging_root(void);

/* Sets the bits of control registers that paging_init() sets, on another
 * processor. */
void paging_enable_here(void);

/* Makes the firmware's runtime services callable. Their code is writable and
 * executable from then on, since firmware keeps data in the same pages. Only
 * for Lintel's last call. */
void paging_open_runtime(void);
