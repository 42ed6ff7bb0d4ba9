/* The page allocator: contiguous runs of 4 KiB pages of host memory, identity
 * mapped. Called while a VM or a task is built, never on a hot path. Returns
 * NULL when memory is exhausted, and callers must cope with that. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/regs.h" /* PAGE_SIZE */

/* Returns `count` contiguous pages, zeroed. Their physical address is a
 * multiple of `alignment`, which is in bytes, a power of two and at least
 * PAGE_SIZE. NULL: no such run is free. */
void *page_alloc(size_t count, uint64_t alignment);

/* As page_alloc(), but does not zero the pages (for guest memory, which its
 * owner clears). */
void *page_alloc_dirty(size_t count, uint64_t alignment);

/* Frees a run exactly as page_alloc() returned it. */
void page_free(void *pages, size_t count);

/* Makes a source from which arch/ takes single pages. */
struct page_source;
void page_source_init(struct page_source *source);

/* How many pages are free, in all and in the longest contiguous run. */
size_t page_free_count(void);
size_t page_longest_run(void);

/* How many pages are free in the `runs` longest runs, at most PAGE_RUNS. Each
 * run counts only from its first to its last multiple of `unit` bytes, a power
 * of two. */
#define PAGE_RUNS 8
size_t page_free_in_runs(unsigned runs, uint64_t unit);

/* Gives the usable range [base, base + count pages) to the allocator. Called at
 * start, once for each usable range in the firmware's memory map. */
void page_add_range(uint64_t base, size_t count);

/* For tests. True: the free runs are sorted and apart, and their pages add
 * up. */
bool page_valid(void);
