/* Starts the other processors, see kernel/processors.h. */
#include "kernel/processors.h"

#include "arch/boot.h"
#include "arch/gdt.h"
#include "arch/lapic_host.h"
#include "arch/page_source.h"
#include "arch/processor.h"
#include "arch/processor_start.h"
#include "arch/vmx/vmx.h"
#include "kernel/base/log.h"
#include "kernel/base/string.h"
#include "kernel/page.h"
#include "kernel/task.h"
#include "kernel/time.h"

#include <stddef.h>
#include <stdint.h>

/* The page behind a processor's GDT: its own structure, and its start's
 * data. */
struct own_page {
    struct processor processor;
    struct processor_start start;
};

_Static_assert(sizeof(struct own_page) <= PAGE_SIZE, "the page behind its GDT");

static void run(void)
{
    task_run_here();
}

/* Starts one processor. NULL, or why it did not start. Its memory is not freed
 * if it does not start, because it may still wake up later and use that
 * memory. */
static const char *start(uint32_t apic_id, unsigned index,
                         struct page_source *pages)
{
    uint8_t *memory = page_alloc(GDT_PAGES + 1, PAGE_SIZE);
    struct own_page *own = NULL;
    const char *why = NULL;
    uint64_t stack = 0;

    if (memory == NULL || !gdt_prepare(memory)) {
        return "not enough memory for it";
    }
    stack = task_prepare(index, apic_id);
    if (stack == 0) {
        return "not enough memory for it";
    }
    own = (struct own_page *)(void *)(memory + GDT_PAGES * PAGE_SIZE);
    own->processor.index = index;
    own->processor.apic_id = apic_id;
    own->processor.next_timer = UINT64_MAX;
    own->start = (struct processor_start){
        .processor = &own->processor,
        .gdt = memory,
        .pages = pages,
        .stack = stack,
        .enable = vmx_enable,
        .main = run,
    };
    why = processor_start(&own->start, time_tsc_hz());
    if (why != NULL) {
        task_unprepare(index);
    }
    return why;
}

static const char *start_if_usable(const struct boot_processor *found,
                                   struct page_source *pages)
{
    if (!found->enabled) {
        return "the firmware has disabled it";
    }
    if (!lapic_host_reaches(found->apic_id)) {
        return "its APIC id is beyond what an xAPIC reaches";
    }
    return start(found->apic_id, processor_count(), pages);
}

void processors_start(const struct boot_info *info, struct page_source *pages)
{
    unsigned unused = 0;

    if (info->processor_count < 2) {
        return;
    }
    if (info->low_page == 0 ||
        !processor_start_prepare(info->low_page, pages)) {
        log_warn("one processor is used: no memory below 1 MiB to start others "
                 "in");
        return;
    }
    task_begin_sharing();
    /* Those that there is no room for are only counted. */
    for (size_t i = 0; i < info->processor_count; i++) {
        const struct boot_processor *found = &info->processors[i];
        const char *why = NULL;

        if (found->bsp) {
            continue;
        }
        if (processor_count() == PROCESSORS_MAX) {
            unused += found->enabled;
            continue;
        }
        why = start_if_usable(found, pages);
        if (why != NULL) {
            log_warn("the processor with APIC id %u is left out: %s",
                     found->apic_id, why);
        }
    }
    processor_start_done();
    if (unused > 0) {
        log_warn("%u more processors are left out: Lintel uses %u at most",
                 unused, PROCESSORS_MAX);
    }
    if (processor_count() == 1) {
        task_end_sharing();
    }
    log_info("%u processor%s in use", processor_count(),
             processor_count() == 1 ? "" : "s");
}

unsigned processors_count(void)
{
    return processor_count();
}
