/* Starts the machine's other processors, one after the other, by INIT and
 * SIPI (SDM 3A 9.4). kernel/processors.c calls it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/processor.h"

struct page_source;

/* What a processor starts with. It must stay as long as the processor runs. */
struct processor_start {
    struct processor *processor; /* index and apic_id are set */
    void *gdt;                   /* GDT_PAGES pages, prepared */
    struct page_source *pages;
    uint64_t stack; /* the address behind the stack's last byte */
    /* Turns VMX on. NULL, or a sentence that says why the processor is left
     * out. */
    const char *(*enable)(struct page_source *pages);
    void (*main)(void);
};

/* Prepares the page where processors begin. `low_page` lies below 1 MiB.
 * False: there is no memory below 4 GiB for the page tables. */
bool processor_start_prepare(uint64_t low_page, struct page_source *pages);

/* Starts one processor. It gets this processor's page tables, descriptor
 * tables and controls, and calls start->enable(). NULL: it now runs
 * start->main(), which must not return. Otherwise a sentence that says why
 * it is left out: it has halted, or has never answered. */
const char *processor_start(const struct processor_start *start,
                            uint64_t tsc_hz);

/* No more processors will be started. */
void processor_start_done(void);
