/* A source of zeroed 4 KiB pages for arch/ (EPT tables, VMCSs, page tables).
 * page_source_init() of kernel/page.h makes one, and the caller hands it in. */
#pragma once

struct page_source {
    void *(*alloc)(struct page_source *source); /* NULL: there is none left */
    void (*free)(struct page_source *source, void *page);
    unsigned long
        taken; /* pages that are taken now, for the owner's accounts */
};
