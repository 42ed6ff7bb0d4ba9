/* Starting the machine's other processors, one after the other, by INIT and
 * SIPI (SDM 3A 9.4). Called by kernel/processors.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/processor.h"

struct page_source;

/* What it starts with; stays as long as it runs. */
struct processor_start {
    struct processor *processor; /* index and apic_id are set */
    void *gdt;                   /* GDT_PAGES, prepared */
    struct page_source *pages;
    uint64_t stack; /* its top */
    /* VMX on: NULL, or why the processor is left out. */
    const char *(*enable)(struct page_source *pages);
    void (*main)(void);
};

/* Where they begin: `low_page` is a page below 1 MiB. False: the page tables
 * cannot be had below 4 GiB. */
bool processor_start_prepare(uint64_t low_page, struct page_source *pages);

/* Starts one, which then has this processor's page tables, descriptor tables
 * and controls, and has called start->enable(). NULL: it is in start->main(),
 * which must not return. Otherwise why it is left out: it has halted, or was
 * never seen. */
const char *processor_start(const struct processor_start *start,
                            uint64_t tsc_hz);

/* No more will be started. */
void processor_start_done(void);
