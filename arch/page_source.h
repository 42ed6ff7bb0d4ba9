/* Where arch/ gets zeroed 4 KiB pages from (EPT tables, VMCSs, page tables):
 * the caller hands one in, made by page_source_init() of kernel/page.h. */
#pragma once

struct page_source {
    void *(*alloc)(struct page_source *source); /* NULL: none left */
    void (*free)(struct page_source *source, void *page);
    unsigned long taken; /* pages out now, for the owner's accounts */
};
