/* The page allocator, see kernel/page.h. Called while a task or a VM is built
 * or torn down.
 *
 * Free memory is a list of runs, sorted by address; no two runs touch. The
 * description of a run lies in its own first page, so the allocator needs no
 * other memory. The time of a walk depends on the number of runs, not on the
 * size of memory.
 *
 * A small request gets the start of the lowest run that fits, a large one
 * (guest memory) the end of the highest. So small pieces do not break up long
 * runs until memory is nearly full. */
#include "kernel/page.h"

#include "arch/page_source.h"
#include "arch/spinlock.h"
#include "kernel/base/panic.h"
#include "kernel/base/string.h"

/* In pages: requests of 2 MiB and more count as large. */
#define LARGE_PAGES 512

/* A debug build fills freed pages with this byte. A word of such bytes is
 * neither a valid pointer nor a small number. */
#define JUNK 0xd5

#define RUN_MAGIC 0x6e75722065657266ULL /* "free run" */

struct run {
    uint64_t magic;
    size_t count; /* pages */
    struct run *next;
};

static struct {
    struct spinlock lock; /* guards this structure and the runs' contents */
    struct run *first;
    size_t free; /* pages in all runs */
} heap;

static uint64_t run_base(const struct run *run)
{
    return (uint64_t)(uintptr_t)run;
}

static uint64_t run_end(const struct run *run)
{
    return run_base(run) + run->count * PAGE_SIZE;
}

static struct run *run_at(uint64_t base, size_t count, struct run *next)
{
    struct run *run = (struct run *)(uintptr_t)base;

    *run = (struct run){.magic = RUN_MAGIC, .count = count, .next = next};
    return run;
}

/* The lowest or highest address in `run` where `count` pages can start. 0:
 * there is none (page 0 is never free). */
static uint64_t place_in(const struct run *run, size_t count,
                         uint64_t alignment, bool highest)
{
    uint64_t start;

    if (count > run->count) {
        return 0;
    }
    if (highest) {
        start = (run_end(run) - count * PAGE_SIZE) & ~(alignment - 1);
        return start >= run_base(run) ? start : 0;
    }
    start = (run_base(run) + alignment - 1) & ~(alignment - 1);
    if (start < run_base(run)) {
        return 0; /* `start` has wrapped */
    }
    return start <= run_end(run) - count * PAGE_SIZE ? start : 0;
}

/* Takes [start, start + count pages) out of the run that *link points to. */
static void carve(struct run **link, uint64_t start, size_t count)
{
    struct run *run = *link;
    uint64_t end = start + count * PAGE_SIZE;
    uint64_t tail_end = run_end(run);
    struct run *next = run->next;

    if (end < tail_end) {
        next = run_at(end, (size_t)((tail_end - end) / PAGE_SIZE), next);
    }
    if (start > run_base(run)) {
        run->count = (size_t)((start - run_base(run)) / PAGE_SIZE);
        run->next = next;
    } else {
        *link = next;
    }
    heap.free -= count;
}

static void *take_pages(size_t count, uint64_t alignment)
{
    bool large = count >= LARGE_PAGES;
    struct run **found = NULL;
    uint64_t start = 0;

    for (struct run **link = &heap.first; *link != NULL;
         link = &(*link)->next) {
        uint64_t place = place_in(*link, count, alignment, large);

        CHECK((*link)->magic == RUN_MAGIC);
        if (place != 0) {
            found = link;
            start = place;
            if (!large) {
                break;
            }
        }
    }
    if (found == NULL) {
        return NULL;
    }
    carve(found, start, count);
    return (void *)(uintptr_t)start;
}

void *page_alloc_dirty(size_t count, uint64_t alignment)
{
    void *pages;

    CHECK(count > 0);
    CHECK(alignment >= PAGE_SIZE && (alignment & (alignment - 1)) == 0);
    spinlock_take(&heap.lock);
    pages = take_pages(count, alignment);
    spinlock_give(&heap.lock);
    return pages;
}

void *page_alloc(size_t count, uint64_t alignment)
{
    void *pages = page_alloc_dirty(count, alignment);

    if (pages != NULL) {
        memset(pages, 0, count * PAGE_SIZE);
    }
    return pages;
}

/* Puts a run into the list, and joins it with the runs that it touches. If it
 * overlaps a free run, it has been freed twice, and this panics. */
static void insert(uint64_t base, size_t count)
{
    uint64_t end = base + count * PAGE_SIZE;
    struct run *before = NULL;
    struct run *after = heap.first;
    struct run *run;

    while (after != NULL && run_base(after) < base) {
        CHECK(after->magic == RUN_MAGIC);
        before = after;
        after = after->next;
    }
    CHECK(before == NULL || run_end(before) <= base);
    CHECK(after == NULL || end <= run_base(after));
    heap.free += count;
    if (after != NULL && end == run_base(after)) {
        count += after->count;
        after->magic = 0;
        after = after->next;
    }
    if (before != NULL && run_end(before) == base) {
        before->count += count;
        before->next = after;
        return;
    }
    run = run_at(base, count, after);
    if (before != NULL) {
        before->next = run;
    } else {
        heap.first = run;
    }
}

void page_free(void *pages, size_t count)
{
    uint64_t base = (uint64_t)(uintptr_t)pages;

    CHECK(base != 0 && base % PAGE_SIZE == 0);
    CHECK(count > 0 && count <= (UINT64_MAX - base) / PAGE_SIZE);
    spinlock_take(&heap.lock);
    for (const struct run *run = heap.first; run != NULL; run = run->next) {
        CHECK(base + count * PAGE_SIZE <= run_base(run) ||
              run_end(run) <= base);
    }
#ifdef LINTEL_DEBUG
    memset(pages, JUNK, count * PAGE_SIZE);
#endif
    insert(base, count);
    spinlock_give(&heap.lock);
}

void page_add_range(uint64_t base, size_t count)
{
    CHECK(base % PAGE_SIZE == 0);
    if (base == 0 && count > 0) {
        /* Page 0 is left out, because its address is NULL. */
        base += PAGE_SIZE;
        count--;
    }
    if (count > 0) {
        spinlock_take(&heap.lock);
        insert(base, count);
        spinlock_give(&heap.lock);
    }
}

static void *source_alloc(struct page_source *source)
{
    void *page = page_alloc(1, PAGE_SIZE);

    source->taken += page != NULL ? 1 : 0;
    return page;
}

static void source_free(struct page_source *source, void *page)
{
    source->taken--;
    page_free(page, 1);
}

void page_source_init(struct page_source *source)
{
    *source = (struct page_source){.alloc = source_alloc, .free = source_free};
}

size_t page_free_count(void)
{
    size_t count;

    spinlock_take(&heap.lock);
    count = heap.free;
    spinlock_give(&heap.lock);
    return count;
}

size_t page_longest_run(void)
{
    size_t longest = 0;

    spinlock_take(&heap.lock);
    for (const struct run *run = heap.first; run != NULL; run = run->next) {
        longest = run->count > longest ? run->count : longest;
    }
    spinlock_give(&heap.lock);
    return longest;
}

/* How many pages of a run lie in whole units of `unit` bytes. */
static size_t whole_pages(const struct run *run, uint64_t unit)
{
    uint64_t start = (run_base(run) + unit - 1) & ~(unit - 1);
    uint64_t end = run_end(run) & ~(unit - 1);

    return start >= run_base(run) && start < end
               ? (size_t)((end - start) / PAGE_SIZE)
               : 0;
}

size_t page_free_in_runs(unsigned runs, uint64_t unit)
{
    size_t largest[PAGE_RUNS] = {0}; /* in falling order */
    size_t total = 0;

    CHECK(runs <= PAGE_RUNS);
    spinlock_take(&heap.lock);
    for (const struct run *run = heap.first; run != NULL; run = run->next) {
        size_t count = whole_pages(run, unit);

        for (unsigned i = 0; i < runs; i++) {
            if (count > largest[i]) {
                size_t smaller = largest[i];

                largest[i] = count;
                count = smaller;
            }
        }
    }
    spinlock_give(&heap.lock);
    for (unsigned i = 0; i < runs; i++) {
        total += largest[i];
    }
    return total;
}

bool page_valid(void)
{
    uint64_t previous_end = 0;
    size_t total = 0;

    for (const struct run *run = heap.first; run != NULL; run = run->next) {
        if (run_base(run) % PAGE_SIZE != 0 || run->magic != RUN_MAGIC ||
            run->count == 0 || run_base(run) <= previous_end) {
            return false;
        }
        previous_end = run_end(run);
        total += run->count;
    }
    return total == heap.free;
}
