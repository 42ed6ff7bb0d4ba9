/* All processors of the machine at work: started from what the firmware told of
 * them, each with a run queue. Called by vmm/main.c. */
#pragma once

struct boot_info;
struct page_source;

/* Starts the others, VMX on; after vmx_enable() and task_init(). One that is
 * disabled, does not start or differs is left out, and the log says why. */
void processors_start(const struct boot_info *info, struct page_source *pages);

/* How many run; their indices are below that, 0 the one that was first. */
unsigned processors_count(void);
