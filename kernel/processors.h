/* Starts all processors of the machine, as the firmware lists them, each with a
 * run queue (kernel/task.h). Called by vmm/main.c. */
#pragma once

struct boot_info;
struct page_source;

/* Starts all other processors, with VMX on, after vmx_enable() and task_init()
 * on this one. Leaves out a processor that is disabled, does not start or
 * differs from this one; the log says why. */
void processors_start(const struct boot_info *info, struct page_source *pages);

/* How many processors run tasks. Their indices begin at 0, which is the one
 * that the machine started on. */
unsigned processors_count(void);
