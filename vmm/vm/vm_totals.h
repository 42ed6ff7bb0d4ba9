/* Sums over all machines, for the line of status. Each machine counts its
 * events as they happen.
 *
 * Who calls it: vmm/run.c and vmm/vm/vm_report.c count, vmm/status_line.c
 * reads. */
#pragma once

struct vm_totals {
    unsigned running; /* machines */
    unsigned broken;  /* reports of a MUST that fail the run */
    const char *last; /* the id of the last one; NULL: none yet */
};

void vm_totals_started(void);
void vm_totals_ended(void);

/* `id` lives for ever. */
void vm_totals_broken(const char *id);

struct vm_totals vm_totals_now(void);
