/* Lintel's own page tables: the whole machine mapped to itself, in the largest
 * pages that fit; nothing is both writable and executable. SDM 3A chapter 4.
 *
 * What is mapped how: Lintel's text executable, its constants read-only, all
 * other RAM writable; the framebuffer write-combining; everything else below
 * 4 GiB, and the MMIO that the firmware names, uncached. Page 0 is left out.
 * The firmware's runtime services are not executable until
 * paging_open_runtime(). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct boot_info;
struct page_source;

/* How many pages boot's pool must have for paging_init(), and some for guards;
 * boot needs its memory map and framebuffer for that. */
size_t paging_pool_pages(const struct boot_info *boot);

/* Builds the tables from boot's pool and turns to them, with CR0.WP, EFER.NXE
 * and, where the processor has them, SMEP, SMAP and UMIP. The firmware's own
 * tables are free memory afterwards. Once, after efi_exit() and before the page
 * allocator is given anything. */
void paging_init(const struct boot_info *boot);

/* Where later splits of large pages get their tables when the pool is empty;
 * must stay. */
void paging_set_source(struct page_source *source);

/* Takes one 4 KiB page out of the map, so that to touch it faults; puts it
 * back, writable. Another processor may see the page of before until it calls
 * paging_catch_up(), so a guard that it missed lets it through, and no more.
 * False: no page for a table (only the first guard in a 2 MiB or 1 GiB page may
 * need one). */
bool paging_guard(void *page);
bool paging_unguard(void *page);

/* Forgets on this processor what has been guarded on others: before it runs on
 * a stack that another one may have made. */
void paging_catch_up(void);

/* The page where other processors start, as code for as long as they do; in
 * between it is writable. */
void paging_lend_code(uint64_t page, bool code);

/* True if the page tables in use (whoever made them) map this address. */
bool paging_is_mapped(uint64_t address);

/* The other processors' CR3. */
uint64_t paging_root(void);

/* The control registers' bits that paging_init() sets, on another processor. */
void paging_enable_here(void);

/* Makes the firmware's runtime services callable: their code is writable and
 * executable from here on, since firmware keeps data in the same pages. Only
 * for the last call of all. */
void paging_open_runtime(void);
