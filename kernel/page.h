/* The page allocator: 4 KiB pages of host memory, identity mapped, handed out
 * in contiguous runs. Called while a VM or a task is built, never on a hot
 * path; returns NULL when memory is exhausted and callers must cope. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/regs.h" /* PAGE_SIZE */

/* `count` contiguous pages whose physical address is a multiple of
 * `alignment` bytes (a power of two, at least PAGE_SIZE), zeroed.
 * NULL: no such run is free. */
void *page_alloc(size_t count, uint64_t alignment);

/* As page_alloc, but the contents are left as they are (for guest memory,
 * which its owner clears). */
void *page_alloc_dirty(size_t count, uint64_t alignment);

/* Gives back a run exactly as page_alloc handed it out. */
void page_free(void *pages, size_t count);

/* Makes a source of single pages for arch/. */
struct page_source;
void page_source_init(struct page_source *source);

/* Pages free now, in all and in the longest contiguous run. */
size_t page_free_count(void);
size_t page_longest_run(void);

/* Pages free in the `runs` longest runs (at most PAGE_RUNS), of each so many as
 * begin and end at multiples of `unit` bytes, a power of two. */
#define PAGE_RUNS 8
size_t page_free_in_runs(unsigned runs, uint64_t unit);

/* The allocator's door: gives it the usable range [base, base + count pages).
 * Called at start, once a usable range of the firmware's map. */
void page_add_range(uint64_t base, size_t count);

/* The allocator's invariant: free runs are sorted, apart, and add up. */
bool page_valid(void);
